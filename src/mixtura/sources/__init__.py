"""Rows, wherever they are: one file a kind."""

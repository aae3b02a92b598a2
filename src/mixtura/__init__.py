"""Gaussian mixture models: a library, a command line and a report."""

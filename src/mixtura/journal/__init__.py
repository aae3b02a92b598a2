"""Checkpoints: a fit that is killed at any moment, and run again, goes on and ends where it would have ended."""

from mixtura.journal.journal import Journal, kept

__all__ = ["Journal", "kept"]

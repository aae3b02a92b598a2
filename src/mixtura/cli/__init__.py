"""The command line: ``fit``, ``select``, ``predict``, ``score``, ``sample``, ``inspect``, ``plot`` and ``data``."""

from mixtura.cli.endings import main, run

__all__ = ["main", "run"]

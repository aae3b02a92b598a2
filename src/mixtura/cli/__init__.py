"""The command line: ``mixtura fit``, ``predict``, ``score``, ``sample``, ``inspect``, ``plot``, ``data``."""

from mixtura.cli.endings import main, run

__all__ = ["main", "run"]

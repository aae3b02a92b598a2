"""Measure every difference from mclust; keep the figures in docs/mclust.json and docs/mclust-differences.md.

    python -m tests.mclust [--page]

With --page the page is written from the figures as they are. R's time is measured where R and mclust are installed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.mclust.figures import measured
from tests.mclust.page import written

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES, PAGE = DOCS / "mclust.json", DOCS / "mclust-differences.md"


def main(words: list[str]) -> None:
    """Measure, unless only the page is asked for, and write."""
    if "--page" not in words:
        FIGURES.write_text(json.dumps(measured(), indent=1) + "\n")
    PAGE.write_text(written(json.loads(FIGURES.read_text())))


if __name__ == "__main__":
    main(sys.argv[1:])

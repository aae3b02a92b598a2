"""Blocks so small that passes have a middle, and a place for a checkpoint."""

from pathlib import Path

import pytest

from tests.journal.cases import BLOCK


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("mixtura.sources.source", "mixtura.sources.stream"):
        monkeypatch.setattr(f"{module}.BLOCK", BLOCK)
    monkeypatch.setattr("mixtura.kernels.rows_a_block", lambda *_: BLOCK)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fit.checkpoint"

"""Files that the tests break."""

from pathlib import Path

import numpy as np
import pytest

import mixtura as mx
from tests.files.cases import fitted, rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.mixtura"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with everything in it: noise, box, prior, names, report."""
    kept = tmp_path_factory.mktemp("whole") / "a.mixtura"
    prior = mx.NormalInverseWishart(mean=[1.0, 2.0], scale=np.eye(2))
    mx.save(fitted(rows(2), noise=True, prior=prior, means_init=rows(2)[:2]), kept, extra={"seed": 1})
    return kept

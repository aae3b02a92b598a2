"""What every test shares: how hypothesis searches, and where the golden figures are."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadlines: a shared machine stalls. In CI the same examples every time, so that a red run can be repeated.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference figures and saved models."""
    return Path(__file__).parent / "golden"

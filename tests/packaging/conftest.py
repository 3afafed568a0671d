"""The distributions, built once per session."""

from pathlib import Path

import pytest
from distributions import ROOT, Wheel, build_sdist, build_wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    """The checkout's wheel."""
    return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout's sdist."""
    return build_sdist(tmp_path_factory.mktemp("sdist"))

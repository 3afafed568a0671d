"""Both clients through one fixture."""

from collections.abc import Callable
from typing import Any

import pytest
from export_talk import ExportTalk

from pymedplum import AsyncMedplumClient, MedplumClient


@pytest.fixture(params=[MedplumClient, AsyncMedplumClient], ids=["sync", "async"])
def talk_of(request: pytest.FixtureRequest) -> Callable[..., ExportTalk]:
    """Give a maker of talks; keywords are the constructor's."""

    def make(**options: Any) -> ExportTalk:
        return ExportTalk(request.param, **options)

    return make


@pytest.fixture
def talk(talk_of: Callable[..., ExportTalk]) -> ExportTalk:
    return talk_of()

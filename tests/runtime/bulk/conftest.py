"""Both clients through one fixture."""

from collections.abc import Callable
from typing import Any

import pytest
from export_talk import TWO_LINES, ExportTalk, file_of, manifest_of

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


@pytest.fixture
def whole(talk: ExportTalk) -> ExportTalk:
    """An export of every kind of file."""
    talk.polls(
        manifest_of(
            file_of("1", count=2),
            file_of("2", count=2),
            file_of("3", "Observation", count=1),
            deleted=[file_of("4", "Bundle", count=0)],
            error=[file_of("5", "OperationOutcome")],
        )
    )
    talk.serves("1", TWO_LINES)
    talk.serves("2", TWO_LINES.upper())
    talk.serves("3", b'{"a":1}')
    talk.serves("4", b"")
    talk.serves("5", b"{}\n")
    return talk

"""Both clients through one fixture."""

from collections.abc import Callable
from typing import Any

import pytest
from flow_calls import Answer, Talk, reply

from pymedplum import AsyncMedplumClient, MedplumClient


@pytest.fixture(params=[MedplumClient, AsyncMedplumClient], ids=["sync", "async"])
def talk(request: pytest.FixtureRequest) -> Callable[..., Talk]:
    """Give a maker of talks; keywords are the constructor's."""

    def start(*answers: Answer, **options: Any) -> Talk:
        return Talk(request.param, answers or (reply(200, {}),), **options)

    return start

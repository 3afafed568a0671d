"""Both clients through one fixture, with everything they log and raise looked through."""

import logging
from collections.abc import Iterator

import pytest
from marked_calls import Marked
from marks import Records


@pytest.fixture(autouse=True)
def records() -> Iterator[Records]:
    """Listen to all loggers; whatever a test does, no mark may be heard."""
    root, handler = logging.getLogger(), Records()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)
    assert handler.leaks() == []


@pytest.fixture(params=["sync", "async"])
def marked(request: pytest.FixtureRequest) -> Iterator[Marked]:
    """Give a maker of clients that know marked secrets."""
    maker = Marked(is_async=request.param == "async")
    yield maker
    maker.close()
    assert maker.leaks == []

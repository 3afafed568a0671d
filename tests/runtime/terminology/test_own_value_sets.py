"""Value sets of a user's own answer before any service is asked."""

import asyncio
from typing import Any

import pytest

from pymedplum_runtime.terminology import AsyncLocalTerminology, LocalTerminology

CHOSEN = "http://example.org/ValueSet/chosen"
COLOURS = "http://example.org/colours"
SNOMED = "http://snomed.info/sct"
WARM = "http://example.org/ValueSet/warm"


class Service:
    """A service that knows everything, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def validate_code(self, *query: Any) -> bool | None:
        self.asked.append(query)
        return True


class AsyncService:
    """A service that knows everything, to be awaited."""

    async def validate_code(self, *query: Any) -> bool | None:
        await asyncio.sleep(0)
        return len(query) == 4


def test_own_sets_come_before_the_service() -> None:
    service = Service()
    local = LocalTerminology({f"{WARM}|2.0": {COLOURS: ["red"]}}, otherwise=service)

    assert local.validate_code(WARM, COLOURS, "red") is True
    assert local.validate_code(f"{WARM}|1.0", None, "blue") is False
    assert service.asked == []
    assert local.validate_code(CHOSEN, SNOMED, "1", "One") is True
    assert service.asked == [(CHOSEN, SNOMED, "1", "One")]


def test_own_sets_may_be_valuesets_that_name_each_other() -> None:
    inner = {
        "resourceType": "ValueSet",
        "url": WARM,
        "compose": {"include": [{"system": COLOURS}, {"system": SNOMED}]},
    }
    outer = {
        "resourceType": "ValueSet",
        "url": CHOSEN,
        "compose": {"include": [{"valueSet": [WARM]}]},
    }
    system = {
        "resourceType": "CodeSystem",
        "url": COLOURS,
        "content": "complete",
        "concept": [{"code": "red"}],
    }

    local = LocalTerminology({CHOSEN: outer, WARM: inner}, code_systems=[system])

    assert local.validate_code(CHOSEN, COLOURS, "red") is True
    assert local.validate_code(CHOSEN, COLOURS, "blue") is False
    assert local.validate_code(CHOSEN, SNOMED, "1") is None
    assert local.reason(CHOSEN, SNOMED, "1") == (
        f"the codes of {SNOMED} are not all among the definitions"
    )
    assert local.reason(CHOSEN, COLOURS, "red") is None


def test_own_sets_can_be_awaited() -> None:
    local = AsyncLocalTerminology({WARM: {COLOURS: ["red"]}}, otherwise=AsyncService())

    async def ask() -> list[bool | None]:
        return [
            await local.validate_code(WARM, COLOURS, "red"),
            await local.validate_code(WARM, COLOURS, "blue"),
            await local.validate_code(CHOSEN, SNOMED, "1"),
            await AsyncLocalTerminology({}).validate_code(CHOSEN, SNOMED, "1"),
        ]

    assert asyncio.run(ask()) == [True, False, True, None]


def test_a_text_in_place_of_a_list_of_codes_is_refused() -> None:
    with pytest.raises(TypeError, match=f"the codes of {COLOURS} in {WARM} are a list"):
        LocalTerminology({WARM: {COLOURS: "red"}})

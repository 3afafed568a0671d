"""Numbers, extensions of primitives and nulls come back as they were written."""

import json
import random
from itertools import cycle
from typing import Any

import pytest
from edits import DROP, EXTENDED, may_be_extended
from hl7_examples import exactly
from mutations import Pool, edited
from reading import read

NUMBERS = [
    "1.00", "0.10000000000000000005", "1e-7", "1E+2", "0.00000000", "-0", "-0.0", "0E-10",
    "123456789012345678901234567890.5", "1e400", "-1.0E-400", "10", "0.1", "1.5e3", "1e0",
    "12345678901234567890123",
]  # fmt: skip
MARK = "@number@"
PLACES = 400

PATIENTS = [
    '{"birthDate":"1970","_birthDate":{"extension":[{"url":"http://a","valueDateTime":"1970"}]}}',
    '{"_birthDate":{"id":"a","extension":[{"url":"http://a","valueString":"unknown"}]}}',
    '{"name":[{"given":["A",null],"_given":[null,{"extension":[{"url":"b","valueCode":"c"}]}]}]}',
    '{"name":[{"given":[null,"A"],"_given":[{"extension":[{"url":"b","valueCode":"c"}]},null]}]}',
    '{"name":[{"given":["A","B"],"_given":[{"extension":[{"url":"b","valueCode":"c"}]}]}]}',
    '{"name":[{"_given":[{"extension":[{"url":"b","valueCode":"c"}]}]}]}',
    '{"multipleBirthInteger":2,"_multipleBirthInteger":{"id":"a"}}',
    '{"_deceasedBoolean":{"extension":[{"url":"b","valueDecimal":1.00}]}}',
]


@pytest.fixture(scope="module")
def rewritten(pool: Pool) -> dict[str, bytes]:
    """Examples in which every decimal is one of NUMBERS."""
    numbers = cycle(NUMBERS)
    resources: dict[str, Any] = {}
    for place in pool.places:
        if place.slot.type == "decimal":
            resource = resources.get(place.example, pool.resources[place.example])
            value = f"{MARK}{next(numbers)}{MARK}"
            resources[place.example] = edited(resource, place.keys, {place.slot.name: value})
    return {
        name: json.dumps(r).replace(f'"{MARK}', "").replace(f'{MARK}"', "").encode()
        for name, r in resources.items()
    }


def test_examples_hold_decimals_in_every_form(rewritten: dict[str, bytes]) -> None:
    assert len(rewritten) > 100
    written = b"".join(rewritten.values()).decode()
    assert all(written.count(f": {number}") > 10 for number in NUMBERS)


def test_decimals_come_back_as_they_were_written(rewritten: dict[str, bytes]) -> None:
    outcomes = {name: read(text) for name, text in rewritten.items()}
    assert [name for name, outcome in outcomes.items() if not outcome.is_same] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_comes_back_as_it_was_written(number: str) -> None:
    text = f'{{"resourceType":"Parameters","parameter":[{{"name":"a","valueDecimal":{number}}}]}}'
    assert read(text.encode()).is_same


@pytest.mark.parametrize("members", PATIENTS)
def test_extensions_of_primitives_and_nulls_survive(members: str) -> None:
    assert read(f'{{"resourceType":"Patient",{members[1:]}'.encode()).is_same


def test_any_primitive_may_have_an_extension_beside_or_instead_of_its_value(pool: Pool) -> None:
    primitives = [place for place in pool.places if may_be_extended(place.slot)]
    for place in random.Random(0).sample(primitives, PLACES):  # noqa: S311 - the same every run
        slot, resource = place.slot, pool.resources[place.example]
        sibling = [EXTENDED, *[None] * (len(place.value) - 1)] if slot.is_list else EXTENDED
        beside = edited(resource, place.keys, {f"_{slot.name}": sibling})
        rest: object = DROP
        if slot.is_list and len(place.value) > 1:
            rest = [None, *place.value[1:]]
        alone = edited(resource, place.keys, {slot.name: rest, f"_{slot.name}": sibling})
        for changed in (beside, alone):
            outcome = read(json.dumps(changed).encode())
            assert outcome.is_same, (place.example, place.text, outcome.errors)


def test_the_comparison_sees_a_changed_number() -> None:
    assert exactly("[1.0]") != exactly("[1.00]")
    assert exactly("[1]") != exactly('["1"]')
    assert exactly('{"a": 1, "b": 2}') == exactly('{"b": 2, "a": 1}')

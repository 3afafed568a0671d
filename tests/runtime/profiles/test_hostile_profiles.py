"""Definitions from anywhere: whatever is in them, a ProfileError at worst, and soon."""

import copy
import random
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from guides import HL7, IPS, MCODE, profiles_of
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_profiles import HOME, Json, compiled, element, profile, refused, slicing

from pymedplum_runtime.errors import ProfileError
from pymedplum_runtime.profiles import compile_profile, compile_profiles, packaged

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, "", "x", "*", "a.b:c/d", [], [1], {}, {"a": 1}, [[]], [None], [{}]),
    *("http://hl7.org/fhir/StructureDefinition/Observation", "Observation", "\0", "9" * 5000),
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Give every member and item of a JSON value, as its holder and its key."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, held in list(pairs):
        yield value, key
        if isinstance(held, dict | list):
            yield from places(held)


def spoilt(definition: Json, chance: random.Random) -> Json:
    made = copy.deepcopy(definition)
    holder, key = chance.choice(list(places(made)))
    if chance.random() < 0.2:
        del holder[key]
    else:
        holder[key] = chance.choice(ODD)
    return made


@pytest.mark.parametrize("guide", [MCODE, IPS, HL7[0]])
@pytest.mark.parametrize("part", ["snapshot", "differential"])
@settings(deadline=None, max_examples=60)
@given(seed=st.integers())
def test_a_spoilt_definition_is_compiled_or_told(guide: str, part: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    whole = chance.choice(profiles_of(guide))
    left_out = {"snapshot": "differential", "differential": "snapshot"}[part]
    definition = {k: v for k, v in whole.items() if k not in {left_out, "text"}}

    with suppress(ProfileError):
        compile_profile(spoilt(definition, chance), lambda _: None, packaged())


def test_many_elements_take_linear_time() -> None:
    parts = [element("Observation.component", slicing=slicing("value:code.text"))]
    for number in range(4000):
        name = f"Observation.component:s{number}"
        parts += [element(name), element(f"{name}.code.text", fixedString=str(number))]
    without = [{k: v for k, v in part.items() if k != "id"} for part in parts]

    [table] = compile_profiles([profile(*without)], packaged())

    slices = table.get("root", {})["elements"]["component"]["slices"]
    assert slices["s3999"]["match"] == [{"path": "code.text", "fixed": "3999"}]


@pytest.mark.parametrize("last", ["t0", "t1000"])
def test_profiles_may_refer_to_each_other_in_a_long_row(last: str) -> None:
    def target(name: str) -> Json:
        types = [{"code": "Reference", "targetProfile": [HOME + name]}]
        return element("Observation.hasMember", type_=types)

    names = [*(f"t{number}" for number in range(1000)), last]

    row = [profile(target(b), name=a) for a, b in pairwise(names)]

    assert len(compiled(*row)) == 1000


def test_a_row_of_base_profiles_ends() -> None:
    rows = [
        profile(element("Patient.name", min_=1), name=f"p{n}", base=f"{HOME}p{n + 1}")
        for n in range(1000)
    ]

    told = [str(problem) for problem in refused(*rows).problems]

    assert f"{HOME}p100: more than 100 profiles are based on each other" in told

"""Snapshot and differential of a published profile compile to the same table.

They are two ways through the compiler that meet only at the end.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

import pytest
from guides import FHIR, HL7, IPS, MCODE, TOLERATED, profiles_of

from pymedplum_runtime.errors import ProfileError
from pymedplum_runtime.profiles import Definitions, compile_profile, compile_profiles, packaged

VALUE = "component/slices/{}/elements/value[x]"
# Where HL7's own two ways of saying it differ: what, and why.
DISAGREEMENTS = {
    FHIR + "bp": {
        # The snapshot has the short `valueQuantity` once as a slice, and here as the element.
        f"{VALUE.format(name)}/{member}"
        for name in ("SystolicBP", "DiastolicBP")
        for member in ("elements", "slicing", "slices")
    },
    FHIR + "ehrsrle-auditevent": {
        # The differential names what the snapshot of an older build names otherwise.
        "agent/elements/who/types",
        "source/elements/observer/types",
    },
    # The differential weakens a binding to `preferred`, the snapshot keeps the base's.
    FHIR + "provenance-relevant-history": {"agent/slices/Author/elements/type/binding"},
}


@cache
def known_with(name: str) -> Definitions:
    """Return what is known once a guide is compiled, from its snapshots."""
    tables = compile_profiles(profiles_of(name), packaged(), TOLERATED.get(name, ()))
    return packaged().extended(tables)


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            if name in one and name in other:
                yield from differences(one[name], other[name], f"{path}/{name}")
            else:
                yield f"{path}/{name}"
    elif one != other:
        yield path


def both_ways(profile: Mapping[str, Any], known: Definitions) -> set[str]:
    """Return where the table of a differential differs from that of its snapshot."""
    other = compile_profile({k: v for k, v in profile.items() if k != "snapshot"}, found, known)
    return {
        path.removeprefix("/root/elements/")
        for path in differences(known.table(profile["url"]), other)
    }


def found(_canonical: str) -> None:
    """Find nothing besides what is known."""


def has_base(profile: Mapping[str, Any], known: Definitions) -> bool:
    base: str = profile["baseDefinition"]
    return known.table(base) is not None and "/us/core/" not in base  # ours is of another version


@pytest.mark.parametrize(("name", "count"), [(MCODE, 29), (IPS, 29)])
def test_guides_compile_alike_from_snapshot_and_differential(name: str, count: int) -> None:
    known = known_with(name)
    comparable = [p for p in profiles_of(name) if has_base(p, known)]

    assert {p["url"]: ways for p in comparable if (ways := both_ways(p, known))} == {}
    assert len(comparable) == count  # mCODE's others are based on US Core 6, which is not at hand


@pytest.mark.parametrize(("name", "count"), [(HL7[0], 44), (HL7[1], 393)])
def test_hl7s_own_profiles_compile_alike_but_for_what_is_known(name: str, count: int) -> None:
    known = known_with(name)
    tolerated = {row.profile for row in TOLERATED[name]}
    profiles = profiles_of(name)
    comparable = [p for p in profiles if p["url"] not in tolerated]

    ways = {p["url"]: found for p in comparable if (found := both_ways(p, known))}

    assert ways == (DISAGREEMENTS if name == HL7[0] else {})
    assert len(profiles) == count


def test_what_is_tolerated_must_occur() -> None:
    rows = TOLERATED["extension-definitions.json"]

    with pytest.raises(ProfileError) as raised:
        compile_profiles(profiles_of(HL7[0]), packaged(), [*TOLERATED[HL7[0]], *rows])

    assert [problem.element for problem in raised.value.problems] == [row.element for row in rows]
    assert "take the row away" in str(raised.value)


def test_what_is_not_tolerated_is_told_all_at_once() -> None:
    with pytest.raises(ProfileError) as raised:
        compile_profiles(profiles_of(HL7[0]), packaged())

    told = {(problem.profile, problem.element) for problem in raised.value.problems}
    assert told == {(row.profile, row.element) for row in TOLERATED[HL7[0]]}
    assert len(str(raised.value).splitlines()) == len(told) + 1


def test_every_slice_of_a_guide_is_told_by_something() -> None:
    tables = [known_with(MCODE).table(p["url"]) for p in profiles_of(MCODE)]
    slices = [s for table in tables for s in _slices(cast("dict[str, Any]", table)["root"])]

    assert len(slices) > 100
    assert all(slice_["match"] and "conforms" not in slice_["match"][0] for slice_ in slices)


def _slices(table: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for slice_ in table.get("slices", {}).values():
        yield slice_
        yield from _slices(slice_)
    for element in table.get("elements", {}).values():
        yield from _slices(element)

"""Value sets and code systems of guides that are broken, odd, or made to do harm."""

from typing import Any

import pytest

from pymedplum_runtime.terminology import CannotExpandError
from pymedplum_runtime.terminology.expand import expand
from pymedplum_runtime.terminology.tables import value_set_tables

SYSTEM = "http://example.org/codes"
URL = "http://example.org/set"

Json = dict[str, Any]


def value_set(*include: object, **compose: object) -> Json:
    return {"url": URL, "compose": {"include": list(include), **compose}}


def code_system(*concepts: Json) -> Json:
    return {"url": SYSTEM, "content": "complete", "concept": list(concepts)}


def codes(include: object, *concepts: Json, **compose: object) -> list[str]:
    table = expand(value_set(include, **compose), {}, {SYSTEM: code_system(*concepts)})
    return table["systems"].get(SYSTEM, [])


def by_regex(pattern: str) -> Json:
    return {"system": SYSTEM, "filter": [{"property": "code", "op": "regex", "value": pattern}]}


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*", "(.*a){20}", "((a*)*)*b"])
def test_a_regular_expression_takes_no_exponential_time(pattern: str) -> None:
    long = "a" * 200 + "!"

    assert long not in codes(by_regex(pattern), {"code": "a"}, {"code": long})


def test_a_regular_expression_matches_all_of_a_code() -> None:
    concepts = [{"code": code} for code in ("a", "a1", "ba1", "a1b", "a1\n", "c")]

    assert codes(by_regex("a[0-9]|c"), *concepts) == ["a1", "c"]


@pytest.mark.parametrize("pattern", ["(", "(?=a)b|(?!c)d", r"(a)\1", "a)|(b"])
def test_a_regular_expression_that_cannot_be_used_leaves_the_set_open(pattern: str) -> None:
    with pytest.raises(CannotExpandError, match="cannot be listed"):
        codes(by_regex(pattern), {"code": "a"})


@pytest.mark.parametrize(
    "broken",
    [
        {"system": SYSTEM, "concept": [{"code": 5}]},
        {"system": SYSTEM, "concept": [{"code": ["a"]}]},
        {"system": SYSTEM, "concept": [{"code": None}]},
        {"system": 5, "concept": [{"code": "a"}]},
        {"system": SYSTEM, "concept": 5},
        5,
    ],
)
def test_a_set_that_is_not_well_formed_is_not_listed(broken: object) -> None:
    with pytest.raises(CannotExpandError, match="not well-formed"):
        codes(broken)


@pytest.mark.parametrize("code", [5, None, ["a"], {}])
def test_a_code_system_that_is_not_well_formed_is_not_listed(code: object) -> None:
    with pytest.raises(CannotExpandError, match="not well-formed"):
        codes({"system": SYSTEM}, {"code": code})


def test_a_version_that_is_no_text_is_none() -> None:
    listed = value_set({"system": SYSTEM, "concept": [{"code": "a"}]}) | {"version": 5}

    tables, reasons = value_set_tables([URL, f"{URL}|1.0.0"], {URL: listed}, {})

    assert tables == [{"url": URL, "systems": {SYSTEM: ["a"]}}]
    assert reasons == {}


@pytest.mark.parametrize("status", ["retired", "inactive"])
def test_what_is_retired_is_inactive(status: str) -> None:
    retired = {"code": "b", "property": [{"code": "status", "valueCode": status}]}

    assert codes({"system": SYSTEM}, {"code": "a"}, retired) == ["a", "b"]
    assert codes({"system": SYSTEM}, {"code": "a"}, retired, inactive=False) == ["a"]


def in_any_case(*include: Json, **compose: object) -> list[str]:
    system = code_system({"code": "Red"}, {"code": "Blue"}) | {"caseSensitive": False}
    other = {"url": f"{URL}/other", "compose": {"include": [{"system": SYSTEM, "concept": RED}]}}
    table = expand(value_set(*include, **compose), {other["url"]: other}, {SYSTEM: system})
    return table["systems"].get(SYSTEM, [])


RED = [{"code": "red"}]


def test_where_case_does_not_count_codes_are_excluded_and_shared_in_any_case() -> None:
    excluded = [{"system": SYSTEM, "concept": RED}]

    assert in_any_case({"system": SYSTEM}, exclude=excluded) == ["Blue"]
    assert in_any_case({"system": SYSTEM, "valueSet": [f"{URL}/other"]}) == ["red"]

"""Required bindings become the codes that their value sets list."""

from pathlib import Path
from typing import Any

import pytest
from tiny_specs import (
    BASE,
    Json,
    bound,
    code_system,
    codes_of,
    definition,
    elements_of,
    plan_tiny,
    problems_of,
    value_set,
)

from codegen.ir.build import Release

COLOURS = code_system(
    "colours",
    {
        "code": "red",
        "display": "Red",
        "concept": [
            {"code": "crimson", "concept": [{"code": "ruby"}]},
            {"code": "pink", "property": [{"code": "pale", "valueBoolean": True}]},
        ],
    },
    {"code": "blue", "display": "Blue", "property": [{"code": "kind", "valueCode": "cold"}]},
)
ALL = ("red", "crimson", "ruby", "pink", "blue")
SYSTEM = f"{BASE}colours"
WHOLE = {"system": SYSTEM}


def _expand(folder: Path, *include: Json, more: tuple[Json, ...] = (), **facts: Any) -> list[str]:
    chosen = value_set("Chosen", *include, **facts)
    thing = definition("Thing", bound("Thing.colour", "Chosen"))
    return list(codes_of(plan_tiny(folder, COLOURS, chosen, thing, *more), "Chosen"))


def _refusal(folder: Path, *include: Json, more: tuple[Json, ...] = ()) -> str:
    thing = definition("Thing", bound("Thing.colour", "Chosen"))
    (problem,) = problems_of(folder, COLOURS, value_set("Chosen", *include), thing, *more)
    place, _, message = problem.partition(", but ")
    expected = f"StructureDefinition/Thing.json: Thing.colour: is bound to {BASE}ValueSet/Chosen"
    assert place == f"{expected}|1.0"
    return message.partition(";")[0]


def test_a_whole_code_system_is_listed_with_its_hierarchy(tmp_path: Path) -> None:
    assert _expand(tmp_path, WHOLE) == list(ALL)


def test_listed_codes_need_no_code_system(tmp_path: Path) -> None:
    include = {"system": "elsewhere", "concept": [{"code": "b"}, {"code": "a"}]}

    assert _expand(tmp_path, include) == ["b", "a"]


def test_includes_add_up_and_repeat_nothing(tmp_path: Path) -> None:
    one = {"system": SYSTEM, "concept": [{"code": "blue"}]}

    assert _expand(tmp_path, one, WHOLE) == ["blue", "red", "crimson", "ruby", "pink"]


def test_excluded_codes_are_taken_away(tmp_path: Path) -> None:
    exclude = ({"system": SYSTEM, "concept": [{"code": "pink"}, {"code": "unknown"}]},)

    assert _expand(tmp_path, WHOLE, exclude=exclude) == ["red", "crimson", "ruby", "blue"]


def test_value_sets_nest(tmp_path: Path) -> None:
    inner = value_set("inner", {"system": "x", "concept": [{"code": "a"}]})

    assert _expand(tmp_path, {"valueSet": [f"{inner['url']}|2"]}, more=(inner,)) == ["a"]


def test_everything_that_an_include_names_must_match(tmp_path: Path) -> None:
    warm = value_set("warm", {"system": SYSTEM, "concept": [{"code": "pink"}, {"code": "red"}]})
    pale = value_set("pale", {"system": SYSTEM, "concept": [{"code": "pink"}, {"code": "blue"}]})
    include = {"system": SYSTEM, "valueSet": [warm["url"], pale["url"]]}

    assert _expand(tmp_path, include, more=(warm, pale)) == ["pink"]


@pytest.mark.parametrize(
    ("property_", "op", "value", "codes"),
    [
        ("concept", "is-a", "crimson", ["crimson", "ruby"]),
        ("concept", "descendent-of", "red", ["crimson", "ruby", "pink"]),
        ("concept", "is-not-a", "red", ["blue"]),
        ("code", "=", "blue", ["blue"]),
        ("kind", "=", "cold", ["blue"]),
        ("pale", "=", "true", ["pink"]),
        ("concept", "in", "ruby,blue", ["ruby", "blue"]),
        ("concept", "not-in", "ruby,blue", ["red", "crimson", "pink"]),
        ("code", "regex", "r..", ["red"]),
        ("display", "regex", "B.*", ["blue"]),
        ("kind", "exists", "true", ["blue"]),
        ("pale", "exists", "false", ["red", "crimson", "ruby", "blue"]),
    ],
)
def test_filters_choose_codes(
    tmp_path: Path, property_: str, op: str, value: str, codes: list[str]
) -> None:
    chosen = {"system": SYSTEM, "filter": [{"property": property_, "op": op, "value": value}]}

    assert _expand(tmp_path, chosen) == codes


def test_all_filters_must_match(tmp_path: Path) -> None:
    is_red = {"property": "concept", "op": "is-a", "value": "red"}
    is_short = {"property": "code", "op": "regex", "value": "...."}

    assert _expand(tmp_path, {"system": SYSTEM, "filter": [is_red, is_short]}) == ["ruby", "pink"]


def test_an_element_names_its_codes(tmp_path: Path) -> None:
    chosen = value_set("Chosen", WHOLE)
    elements = [
        bound("Thing.a", "Chosen"),
        bound("Thing.b", "Chosen", strength="extensible"),
        bound("Thing.c", "Chosen", "Element"),
    ]

    package = plan_tiny(tmp_path, COLOURS, chosen, definition("Thing", *elements))

    assert [e.codes for e in elements_of(package, "Thing").values()] == ["Chosen", None, None]


def test_a_value_set_that_no_element_requires_is_left_out(tmp_path: Path) -> None:
    assert plan_tiny(tmp_path, COLOURS, value_set("Chosen", WHOLE)).code_lists == ()


def test_an_open_value_set_leaves_a_code_and_is_counted(tmp_path: Path) -> None:
    url = f"{BASE}ValueSet/Open"
    release = Release(label="r4", version="4.0.1", open_value_sets={url: "no closed list"})
    thing = definition("Thing", bound("Thing.b", "Open"), bound("Thing.a", "Open"))

    package = plan_tiny(tmp_path, thing, release=release)

    assert {(e.type, e.codes) for e in elements_of(package, "Thing").values()} == {("code", None)}
    (binding,) = package.open_bindings
    assert (binding.url, binding.reason) == (url, "no closed list")
    assert binding.paths == ("Thing.a", "Thing.b")


def test_a_value_set_that_can_be_listed_is_not_open(tmp_path: Path) -> None:
    url = f"{BASE}ValueSet/Chosen"
    release = Release(label="r4", version="4.0.1", open_value_sets={url: "out of date"})
    thing = definition("Thing", bound("Thing.colour", "Chosen"))

    package = plan_tiny(tmp_path, COLOURS, value_set("Chosen", WHOLE), thing, release=release)

    assert (len(package.code_lists), package.open_bindings) == (1, ())


def test_a_missing_code_system_cannot_be_listed(tmp_path: Path) -> None:
    expected = "the code system elsewhere is not among the definitions"

    assert _refusal(tmp_path, {"system": "elsewhere"}) == expected


def test_a_fragment_of_a_code_system_cannot_be_listed(tmp_path: Path) -> None:
    part = code_system("part", {"code": "a"}, content="fragment")

    assert _refusal(tmp_path, {"system": part["url"]}, more=(part,)) == (
        f"the code system {BASE}part has content 'fragment', not 'complete'"
    )


def test_an_unknown_filter_cannot_be_listed(tmp_path: Path) -> None:
    filter_ = {"property": "concept", "op": "generalizes", "value": "red"}

    assert _refusal(tmp_path, {"system": SYSTEM, "filter": [filter_]}) == (
        f"the filter 'concept generalizes red' on {SYSTEM} cannot be listed"
    )


def test_a_value_set_that_includes_itself_cannot_be_listed(tmp_path: Path) -> None:
    url = f"{BASE}ValueSet/Chosen"

    assert _refusal(tmp_path, {"valueSet": [url]}) == f"{url} includes itself"


def test_a_value_set_without_codes_cannot_be_listed(tmp_path: Path) -> None:
    none = {"system": SYSTEM, "filter": [{"property": "code", "op": "=", "value": "green"}]}

    assert _refusal(tmp_path, none) == f"{BASE}ValueSet/Chosen has no codes"

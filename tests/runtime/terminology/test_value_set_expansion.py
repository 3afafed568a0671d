"""Value sets become the codes that their definitions list, or say why they cannot."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terms import (
    ALL,
    BASE,
    COLOURS,
    SHAPES,
    TREE,
    WHOLE,
    Json,
    by_url,
    code_system,
    codes,
    composed,
    concept,
    where,
)

from pymedplum_runtime.terminology.expand import DEPTH, CannotExpandError, Expander, expand
from pymedplum_runtime.terminology.expansion import Expansion

LANGUAGES = "urn:ietf:bcp:47"
UNITS = "http://unitsofmeasure.org"


def _expand(value_set: Json, *more: Json, systems: tuple[Json, ...] = (TREE,)) -> Mapping[str, Any]:
    return expand(value_set, by_url(value_set, *more), by_url(*systems))


def _colours(*include: Json, more: tuple[Json, ...] = (), **facts: Any) -> list[str]:
    systems = _expand(composed("chosen", *include, **facts), *more)["systems"]
    assert set(systems) <= {COLOURS}
    return systems.get(COLOURS, [])


def _refusal(value_set: Json, *more: Json, systems: tuple[Json, ...] = (TREE,)) -> str:
    with pytest.raises(CannotExpandError) as caught:
        _expand(value_set, *more, systems=systems)
    return str(caught.value)


def test_a_whole_code_system_is_listed_with_its_hierarchy() -> None:
    assert _colours(WHOLE) == ALL


def test_codes_are_told_by_their_systems() -> None:
    found = _expand(composed("chosen", codes(COLOURS, "red"), codes(SHAPES, "round", "red")))

    assert found == {
        "url": f"{BASE}ValueSet/chosen",
        "systems": {COLOURS: ["red"], SHAPES: ["round", "red"]},
    }


def test_what_is_excluded_of_one_system_stays_of_another() -> None:
    chosen = composed(
        "chosen", codes(COLOURS, "red"), codes(SHAPES, "red"), exclude=(codes(SHAPES, "red"),)
    )

    assert _expand(chosen)["systems"] == {COLOURS: ["red"]}


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (("concept", "is-a", "crimson"), ["crimson", "ruby"]),
        (("concept", "is-a", "blue"), ["blue", "mauve"]),
        (("concept", "descendent-of", "red"), ["crimson", "ruby", "pink", "mauve"]),
        (("concept", "is-not-a", "red"), ["blue", "grey"]),
        (("code", "=", "blue"), ["blue"]),
        (("kind", "=", "cold"), ["blue"]),
        (("pale", "=", "true"), ["pink", "mauve"]),
        (("code", "in", "ruby,blue,none"), ["ruby", "blue"]),
        (("code", "not-in", "ruby,blue"), ["red", "crimson", "pink", "mauve", "grey"]),
        (("code", "regex", "r.*"), ["red", "ruby"]),
        (("display", "regex", "B.*"), ["blue"]),
        (("kind", "exists", "true"), ["blue"]),
        (("pale", "exists", "false"), ["red", "crimson", "ruby", "blue", "grey"]),
        (("concept", "is-a", "no such code"), []),
    ],
)
def test_filters_choose_codes(filter_: tuple[str, str, str], expected: list[str]) -> None:
    assert _colours(where(COLOURS, filter_)) == expected


def test_all_filters_must_match() -> None:
    both = where(COLOURS, ("concept", "is-a", "red"), ("pale", "=", "true"))

    assert _colours(both) == ["pink", "mauve"]


def test_a_child_may_be_named_by_its_parent() -> None:
    system = code_system(COLOURS, concept("warm", child=["red", "pink"]), concept("red"))

    found = _expand(composed("w", where(COLOURS, ("concept", "is-a", "warm"))), systems=(system,))

    assert found["systems"] == {COLOURS: ["warm", "red"]}


def test_a_hierarchy_that_goes_round_ends() -> None:
    system = code_system(COLOURS, concept("a", parent="b"), concept("b", parent="a"))
    below = composed("w", where(COLOURS, ("concept", "descendent-of", "a")))

    assert _expand(below, systems=(system,))["systems"] == {COLOURS: ["b"]}


def test_inactive_codes_are_left_out_where_the_set_says_so() -> None:
    chosen = composed("chosen", WHOLE)
    chosen["compose"]["inactive"] = False

    assert _expand(chosen)["systems"] == {COLOURS: [code for code in ALL if code != "grey"]}


def test_everything_that_an_include_names_must_match() -> None:
    warm = composed("warm", codes(COLOURS, "pink", "red"))
    pale = composed("pale", codes(COLOURS, "pink", "blue"))

    assert _colours({"valueSet": [warm["url"], pale["url"]]}, more=(warm, pale)) == ["pink"]
    assert _colours({**WHOLE, "valueSet": [pale["url"]]}, more=(pale,)) == ["pink", "blue"]


def test_value_sets_nest_whatever_patch_release_is_asked_for() -> None:
    inner = composed("inner", codes(COLOURS, "red"), version="4.0.1")

    assert _colours({"valueSet": [f"{inner['url']}|4.0.0"]}, more=(inner,)) == ["red"]


def test_an_expansion_stands_for_what_cannot_be_composed() -> None:
    contains = [
        {"system": COLOURS, "code": "red", "contains": [{"system": COLOURS, "code": "ruby"}]},
        {"system": SHAPES, "code": "shape", "abstract": True},
    ]
    only = {"url": f"{BASE}only", "expansion": {"contains": contains}}
    filled = composed("filled", codes(f"{BASE}elsewhere"), expansion={"contains": contains})

    assert _expand(only)["systems"] == {COLOURS: ["red", "ruby"]}
    assert _expand(filled)["systems"] == {COLOURS: ["red", "ruby"]}


def test_a_page_of_an_expansion_is_not_the_set() -> None:
    page = {"total": 2, "contains": [{"system": COLOURS, "code": "red"}]}

    reason = _refusal(composed("paged", codes(f"{BASE}elsewhere"), expansion=page))

    assert reason == f"the code system {BASE}elsewhere is not among the definitions"


def test_a_system_with_a_grammar_is_named_instead_of_listed() -> None:
    listed = code_system(UNITS, concept("m"))
    simple = where(LANGUAGES, ("script", "exists", "false"), ("variant", "exists", "false"))

    found = _expand(composed("grammar", codes(UNITS), simple), systems=(listed,))

    assert found["grammars"] == {UNITS: [], LANGUAGES: ["script", "variant"]}
    assert found["systems"] == {}


def test_a_filter_may_ask_for_units_of_one_kind() -> None:
    found = _expand(composed("lengths", where(UNITS, ("canonical", "=", "m"))))

    assert found["grammars"] == {UNITS: ["canonical=m"]}
    assert found["systems"] == {}


def test_a_filter_that_no_grammar_knows_needs_the_code_system() -> None:
    lengths = composed("lengths", where(UNITS, ("property", "=", "length")))

    assert _refusal(lengths) == f"the code system {UNITS} is not among the definitions"


def test_listed_codes_meet_a_grammar() -> None:
    units = composed("units", codes(UNITS))
    common = composed("common", {**codes(UNITS, "mg", "bogus"), "valueSet": [units["url"]]})

    assert _expand(common, units) == {"url": common["url"], "systems": {UNITS: ["mg"]}}


def test_a_set_says_that_case_does_not_matter() -> None:
    loose = code_system(COLOURS, concept("Red"), caseSensitive=False)

    assert _expand(composed("c", WHOLE), systems=(loose,))["folded"] == [COLOURS]


@pytest.mark.parametrize(
    ("include", "reason"),
    [
        (codes(SHAPES), f"the code system {SHAPES} is not among the definitions"),
        (
            where(COLOURS, ("concept", "generalizes", "red")),
            f"the filter 'concept generalizes red' on {COLOURS} cannot be listed",
        ),
        (
            where(COLOURS, ("code", "regex", "(")),
            f"the filter 'code regex (' on {COLOURS} cannot be listed",
        ),
        (
            codes(COLOURS, version="2.0"),
            f"the code system {COLOURS} is there, but not in version 2.0",
        ),
        ({"valueSet": [f"{BASE}none"]}, f"{BASE}none is not among the definitions"),
        ({"valueSet": [f"{BASE}ValueSet/self"]}, f"{BASE}ValueSet/self includes itself"),
        ({}, "an include names neither system nor value set"),
    ],
)
def test_what_cannot_be_listed_says_why(include: Json, reason: str) -> None:
    tree = {**TREE, "version": "1.0.0"}

    assert _refusal(composed("self", include), systems=(tree,)) == reason


def test_another_version_of_a_value_set_is_not_it() -> None:
    inner = composed("inner", codes(COLOURS, "red"), version="4.0.1")
    url = f"{inner['url']}|4.3.0"

    reason = _refusal(composed("outer", {"valueSet": [url]}), inner)

    assert reason == f"{url} is not among the definitions, another version is"


def test_a_fragment_tells_the_codes_that_it_has() -> None:
    part = code_system(COLOURS, concept("red"), content="fragment")
    chosen = composed("chosen", WHOLE)

    with pytest.raises(CannotExpandError, match="content 'fragment', not 'complete'") as caught:
        _expand(chosen, systems=(part,))

    assert caught.value.table == {
        "url": chosen["url"],
        "systems": {COLOURS: ["red"]},
        "open": [COLOURS],
    }


def test_a_filter_on_a_fragment_tells_nothing() -> None:
    part = code_system(COLOURS, concept("red"), content="fragment")
    chosen = composed("chosen", where(COLOURS, ("concept", "is-not-a", "blue")))

    with pytest.raises(CannotExpandError) as caught:
        _expand(chosen, systems=(part,))

    assert caught.value.table is not None
    assert caught.value.table["systems"] == {}


@pytest.mark.parametrize(
    "broken",
    [
        {"compose": 1},
        {"compose": {"include": 1}},
        {"compose": {"include": ["red"]}},
        {"compose": {"include": [{"system": COLOURS, "concept": [{}]}]}},
        {"compose": {"include": [{"system": 1}]}},
        {"compose": {"include": [{"valueSet": [1]}]}},
        {"compose": {"include": [{"system": SHAPES}]}},
        {"expansion": {"contains": [{"code": []}]}},
    ],
)
def test_a_broken_definition_is_no_crash(broken: Json) -> None:
    shapes = code_system(SHAPES, {"display": "no code"})

    reason = _refusal({"url": f"{BASE}broken", **broken}, systems=(shapes,))

    assert reason == f"{BASE}broken, or a code system that it names, is not well-formed"


def test_value_sets_may_be_nested_no_deeper_than_a_hundred() -> None:
    def link(number: int) -> Json:
        return composed(str(number), {"valueSet": [f"{BASE}ValueSet/{number + 1}"]})

    chain = [link(number) for number in range(10_000)]
    last = composed("10000", codes(COLOURS, "red"))

    assert _refusal(chain[0], *chain, last).endswith(f"is more than {DEPTH} value sets deep")


def test_concepts_may_be_nested_ten_thousand_deep() -> None:
    nested = concept("c0")
    for number in range(1, 10_000):
        nested = concept(f"c{number}", nested)
    below = composed("b", where(COLOURS, ("concept", "is-a", "c5000")))

    found = _expand(below, systems=(code_system(COLOURS, nested),))

    assert len(found["systems"][COLOURS]) == 5001


def test_a_set_is_expanded_once_for_all_who_name_it() -> None:
    asked: list[str] = []

    class Counting(dict[str, Json]):
        def get(self, key: str, default: Any = None) -> Any:
            asked.append(key)
            return super().get(key, default)

    inner = composed("inner", codes(COLOURS, "red"))
    outer = composed("outer", {"valueSet": [inner["url"]]}, {"valueSet": [inner["url"]]})
    expander = Expander(Counting(by_url(inner, outer)), {})

    expander.by_canonical(outer["url"])
    expander.by_canonical(inner["url"])

    assert sorted(asked) == [inner["url"], outer["url"]]


# What a set says of a code must hold whatever the open parts of it turn out to be.

SYSTEMS = ("s", "t")
CODES = ("1", "2")
CODED = [(system, code) for system in SYSTEMS for code in CODES]


@st.composite
def _known_and_true(draw: st.DrawFn) -> tuple[Expansion, set[tuple[str, str]]]:
    """Draw a set as it is known, and one of the sets that it may truly be."""
    known = draw(st.sets(st.sampled_from(CODED)))
    open_systems = draw(st.sets(st.sampled_from([*SYSTEMS, "*"])))
    more = draw(st.sets(st.sampled_from(CODED)))
    hidden = {c for c in more if c[0] in open_systems or "*" in open_systems}
    return Expansion(dict.fromkeys(known), open=dict.fromkeys(open_systems, "?")), known | hidden


def _says(set_: Expansion, coded: tuple[str, str]) -> bool | None:
    if coded in set_.codes:
        return True
    return None if coded[0] in set_.open or "*" in set_.open else False


@given(_known_and_true(), _known_and_true(), st.sampled_from(["add", "meet", "take away"]))
def test_what_is_said_of_a_code_is_true_whatever_is_not_known(
    one: tuple[Expansion, set[tuple[str, str]]],
    two: tuple[Expansion, set[tuple[str, str]]],
    how: str,
) -> None:
    (left, true_left), (right, true_right) = one, two
    if how == "add":
        left.add(right)
        found, true = left, true_left | true_right
    elif how == "meet":
        found, true = left.within(right), true_left & true_right
    else:
        left.without(right)
        found, true = left, true_left - true_right

    assert all(_says(found, coded) in (None, coded in true) for coded in CODED)

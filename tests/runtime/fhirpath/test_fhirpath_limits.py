"""Hostile expressions, hostile resources, and how often a part is evaluated."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from fhirpath_cases import environment, values
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.fhirpath import Environment, Node, compile_expression
from pymedplum_runtime.profiles.definitions import packaged

MANY = 10_000
MANY_TIMES = "$this.combine(%resource.name.given).exists({})"
DOM_3 = (
    "contained.where((('#'+id in (%resource.descendants().reference"
    " | %resource.descendants().as(canonical) | %resource.descendants().as(uri)"
    " | %resource.descendants().as(url))) or descendants().where(reference = '#').exists()"
    " or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()"
)


def _traces(expression: str, resource: dict[str, Any], names: list[str]) -> Environment:
    """Return an environment that writes down the names of what was traced, after evaluating."""
    node = Node(resource)
    around = Environment(resource=node, trace=lambda name, _: names.append(name))
    compile_expression(expression).evaluate(node, around)
    return around


def test_what_depends_on_the_resource_alone_is_evaluated_once_for_all_expressions() -> None:
    names: list[str] = []
    patient = {"resourceType": "Patient", "id": "p", "name": [{"use": "a"}] * 50}
    part = "%resource.name.trace('kept').use"
    around = _traces(f"name.where(use in ({part}))", patient, names)
    compile_expression(f"name.select(use.subsetOf({part}))").evaluate(Node(patient), around)

    assert names == ["kept"]


def test_what_depends_on_the_context_is_evaluated_once_for_each_evaluation() -> None:
    names: list[str] = []
    patient = {"resourceType": "Patient", "name": [{"use": "a"}] * 50}
    expression = "name.where(%context.name.trace('kept').exists())"
    around = _traces(expression, patient, names)
    compile_expression(expression).evaluate(Node(patient), around)

    assert names == ["kept", "kept"]


def test_what_depends_on_the_item_is_evaluated_for_each() -> None:
    names: list[str] = []
    _traces("name.where(use.trace('each').exists())", {"name": [{"use": "a"}] * 5}, names)
    _traces("(1 | 2).aggregate($total.trace('total') + $this, 0)", {}, names)
    _traces("name.defineVariable('u', use).select(%u.trace('own'))", {"name": [{}] * 3}, names)

    assert names == ["each"] * 5 + ["total"] * 2 + ["own"] * 3


def test_conditions_end_as_soon_as_they_are_decided() -> None:
    names: list[str] = []
    _traces("name.exists(use.trace('first').exists())", {"name": [{"use": "a"}] * 5}, names)
    _traces("true or 1.trace('never').exists()", {}, names)
    _traces("false and 1.trace('never').exists()", {}, names)
    _traces("iif(true, 1, 1.trace('never'))", {}, names)

    assert names == ["first"]


def test_many_contained_resources_are_no_burden() -> None:
    contained = [{"resourceType": "Organization", "id": f"o{i}"} for i in range(MANY)]
    link = [{"other": {"reference": f"#o{i}"}, "type": "refer"} for i in range(MANY)]
    node, around = environment({"resourceType": "Patient", "contained": contained, "link": link})

    assert compile_expression(DOM_3).holds(node, around) is True
    assert compile_expression("descendants().id.isDistinct()").holds(node, around) is True
    assert (
        compile_expression("contained.id.intersect(contained.id).count()")
        .evaluate(node, around)[0]
        .value
        == MANY
    )


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "(a|aa)+$", "(.*)*x", "^(a?){50}a{50}$", "([a-zA-Z]+)*$", "(x+x+)+y"]
)
def test_no_pattern_takes_exponential_time(pattern: str) -> None:
    text = "a" * 100_000 + "!"

    assert values(f"%text.matches('{pattern}')", text=text) in ([True], [False])
    with pytest.raises(FHIRPathError, match="replaceMatches"):
        values(f"%text.replaceMatches('{pattern}', '')", text=text)


@pytest.mark.parametrize(
    "pattern", ["(a", "[", "a{9999999}", "(?<=a)b", "(a)\\\\1", "\\\\p{Nosuch}", "a" * 20_000]
)
def test_a_pattern_that_cannot_be_had_is_an_error(pattern: str) -> None:
    with pytest.raises(FHIRPathError, match="regular expression"):
        values(f"'b'.matches('{pattern}')")


@pytest.mark.parametrize(
    "pattern", ["(a", "[", "(a)\\\\1", "(a+)*", "(a|b)+", "((a*)b)+", "a{1,9}{2}"]
)
def test_a_pattern_without_a_bound_replaces_nothing(pattern: str) -> None:
    with pytest.raises(FHIRPathError, match=r"regular expression|replaceMatches"):
        values(f"'b'.replaceMatches('{pattern}', 'x')")


@pytest.mark.parametrize(
    "expression",
    [
        "1.repeat($this + 1)",
        "name.given.aggregate($total & $total, 'ab')",
        "name.given.aggregate($total.combine($total), 1)",
        "'a'.replace('', %text).replace('', %text).replace('', %text)",
        "1.repeatAll($this)",
        "name.repeatAll($this | $this)",
        "'a'.repeat($this & 'a')",
        "'a'.repeatAll($this & %text)",
        "name.given.select($this & %long).select($this & $this).select($this & $this)",
        "name.given.aggregate($total.combine(%long & $index.toString()), {})",
        "name.given.select(%resource.name.given).select(%resource.name.given)",
        MANY_TIMES.format(MANY_TIMES.format(MANY_TIMES.format("$this = 'y'"))),
        "%text.replace('b', %text).substring(0, 600000).toChars()",
    ],
)
def test_what_would_fill_the_memory_is_refused(expression: str) -> None:
    patient = {"resourceType": "Patient", "name": [{"given": ["x"] * 1000}]}

    with pytest.raises(FHIRPathError, match="more than"):
        values(expression, patient, text="b" * 5000, long="b" * 1_000_000)


@pytest.mark.parametrize(
    "expression",
    [
        "descendants().where(family.exists()).count()",
        "repeat(children()).where(family.exists()).count()",
        "repeatAll(children()).where(family.exists()).count()",
        "children().select(family).count()",
        "name.where(given.where($this != 'y').exists() and family != 'y').count()",
    ],
)
def test_what_is_asked_of_a_large_resource_is_answered(expression: str) -> None:
    names = [{"family": f"f{n}", "given": [f"g{n}", f"h{n}"]} for n in range(20_000)]

    assert values(expression, {"resourceType": "Patient", "name": names}) == [20_000]


@pytest.mark.parametrize(
    "expression",
    [
        "9.power(999999999)",
        "999999999.exp()",
        "name.given.aggregate($total * $total, 3)",
        "name.given.aggregate($total * $total, 3.3)",
        "%huge + 1",
        "%large.toString()",
    ],
)
def test_numbers_do_not_grow_without_bound(expression: str) -> None:
    patient = {"resourceType": "Patient", "name": [{"given": ["x"] * 100}]}
    found = values(expression, patient, huge=10**1200, large=Decimal("1e300"))

    assert len(str(found)) < 1000


@pytest.mark.parametrize("expression", ["descendants().isDistinct()", "repeat(extension)"])
def test_a_resource_that_nests_too_deeply_is_refused(expression: str) -> None:
    extension: dict[str, Any] = {"url": "x"}
    for _ in range(MANY):
        extension = {"url": "x", "extension": [extension]}
    resource = {"resourceType": "Patient", "extension": [extension]}

    with pytest.raises(FHIRPathError, match="levels"):
        values(expression, resource)
    assert values("descendants().count()", resource) == [2 * MANY + 2]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                (
                    *("name", "_name", "given", "_given", "value", "valueString", "birthDate"),
                    *("resourceType", "contact", "id", "url", "reference", "system", "code"),
                    *("extension", "contained", "valueQuantity", "multipleBirthInteger", "unit"),
                )
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
EXPRESSIONS = [
    "descendants().isDistinct()",
    "name.given | birthDate | value | multipleBirth",
    "name = contact.name",
    "descendants() ~ children()",
    "children().where($this = $this)",
    "value + 1",
    "birthDate > today()",
    "descendants().resolve()",
    "extension('u').value.toString()",
    "descendants().getReferenceKey()",
    "value.lowBoundary()",
    "name.given.matches('a')",
    "value.convertsToQuantity()",
    DOM_3,
]


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=3) | JSON, st.sampled_from(EXPRESSIONS))
def test_whatever_the_json_holds_there_is_a_result_or_a_fhirpath_error(
    value: object, expression: str
) -> None:
    compiled = compile_expression(expression)
    for type_name in ("", "Patient", "Observation", "date", "Quantity"):
        node = Node(value, type_name)
        for model in (None, packaged()):
            with suppress(FHIRPathError):
                compiled.evaluate(node, Environment(resource=node, model=model))


def test_nodes_and_expressions_show_no_values() -> None:
    assert repr(Node("secret", "string")) == "<Node of type 'string'>"
    assert repr(compile_expression("name.given")) == "<Expression 'name.given'>"

"""What is refused in the definition of a view: everything that is wrong, each with its place."""

from typing import Any

import pytest
from view_parts import definition, problems

from pymedplum_runtime.errors import ViewError
from pymedplum_runtime.tables.views.definition import Column, Constant, Select
from pymedplum_runtime.tables.views.view import View

PATHS = [
    ("nme", "Patient", "Patient has no element 'nme'; did you mean 'name'?"),
    ("name.famly", "Patient", "at character 6: HumanName has no element 'famly'"),
    ("name.where(usee = 'x')", "Patient", "HumanName has no element 'usee'; did you mean 'use'?"),
    ("contact.nam.text", "Patient", "Patient.contact has no element 'nam'"),
    ("value.ofType(Quantity).unt", "Observation", "Quantity has no element 'unt'"),
    ("value.nonsense", "Observation", "no type of 'value[x]' has an element 'nonsense'"),
    ("value.ofType(Quantiti)", "Observation", "no type 'Quantiti'; did you mean 'Quantity'?"),
    ("effective.ofType(date)", "Observation", "'effective[x]' is never date"),
    ("name.ofType(Address)", "Patient", "HumanName is never Address"),
    ("text.div", "Patient", "a name is expected, not 'div'; as a name it is `div`"),
    ("deceasedBoolean", "Patient", "'deceasedBoolean'; write deceased.ofType(boolean)"),
    ("extension('u').valueString", "Patient", "'valueString'; write value.ofType(string)"),
    ("contained.where(resourceType = 'List')", "Patient", "told apart by ofType(), as and is"),
    ("Observation.id", "Patient", "the path is one of Observation, and its item is Patient"),
    ("name.frist()", "Patient", "there is no function 'frist()'; did you mean 'first'?"),
    ("name.where()", "Patient", "where() takes one argument"),
    ("name.where(", "Patient", "is expected, not the end"),
    ("name.family.where(a.b.c)", "Patient", "string has no element 'a'"),
    ("%nme", "Patient", "there is no constant 'nme'"),
    ("getReferenceKey()", "Patient", "getReferenceKey() is for a Reference, not Patient"),
    ("link.other.getReferenceKey(Patent)", "Patient", "did you mean 'Patient'?"),
    ("name.getResourceKey()", "Patient", "write %resource.getResourceKey()"),
    ("name[gender]", "Patient", "an index is a whole number"),
    ("name.join()", "Patient", "join() takes texts, not HumanName"),
    ("gender.memberOf('http://example.org/v')", "Patient", "views ask none"),
    ("extension('x')", "Bundle", "Bundle has no extensions"),
    ("birthDate < '1970'", "Patient", "date and string have no order; a date is written as @"),
    ("name.family >= 1", "Patient", "string and integer have no order"),
    ("active > false", "Patient", "boolean and boolean have no order"),
    ("name < name", "Patient", "HumanName and HumanName have no order"),
    ("value.ofType(Quantity) > 'x'", "Observation", "Quantity and string have no order"),
    ("today() - birthDate", "Patient", "at character 9: '-' takes no date and date"),
    ("name.count() + 'x'", "Patient", "'+' takes no integer and string"),
    ("@@", "Patient", "a date or a time is expected"),
]


@pytest.mark.parametrize(("path", "resource", "said"), PATHS)
def test_a_path_that_cannot_be_is_refused_with_its_place(
    path: str, resource: str, said: str
) -> None:
    found = problems(definition("id", path, resource=resource))
    assert list(found) == ["select[0].column[1]"]
    assert said in found["select[0].column[1]"]
    assert f"in '{path}'" in found["select[0].column[1]"]


def _column(**members: Any) -> dict[str, Any]:
    return {"resource": "Patient", "select": [{"column": [{"name": "a", **members}]}]}


def _select(**members: Any) -> dict[str, Any]:
    return {"resource": "Patient", "select": [{"column": [{"name": "a", "path": "id"}]}, members]}


def _constant(**members: Any) -> dict[str, Any]:
    return definition("id", constant=[members])


STRUCTURE: list[tuple[dict[str, Any], str, str]] = [
    ({}, "", "it has no 'resource'"),
    (definition("id", resource="Patinet"), "resource", "did you mean 'Patient'?"),
    (definition("id", resource="HumanName"), "resource", "no type of resource 'HumanName'"),
    (definition("id", resourceType="Patient"), "resourceType", "this is no ViewDefinition"),
    (definition("id", fhirVersion=["5.0.0"]), "fhirVersion", "other versions of FHIR than R4"),
    (definition("id", fhirVersion="4.0.1"), "fhirVersion", "a list is expected, not a text"),
    (definition("id", name="my-view"), "name", "letters, digits and underscores"),
    (definition("id", wher=[]), "", "there is no member 'wher' here; did you mean 'where'?"),
    (definition("id", where=[{}]), "where[0]", "it has no 'path'"),
    (definition("id", where=[{"path": "name.family"}]), "where[0]", "gives string"),
    (definition("id", where=[{"path": "deceased"}]), "where[0]", "may be of several types"),
    (definition("id", where=["active"]), "where[0]", "an object is expected, not a text"),
    ({"resource": "Patient", "select": []}, "", "it has no 'select'"),
    ({"resource": "Patient", "select": {}}, "select", "a list is expected, not an object"),
    ({"resource": "Patient", "select": [{}]}, "select", "the view has no columns"),
    (_column(), "select[0].column[0]", "it has no 'path'"),
    (_column(path=1), "select[0].column[0].path", "a text is expected, not a number"),
    (_column(path="id", name="1a"), "select[0].column[0].name", "a letter first"),
    (_column(path="id", name=None), "select[0].column[0]", "it has no 'name'"),
    (_column(path="id", collection=1), "select[0].column[0].collection", "true or false"),
    (_column(path="id", typ="id"), "select[0].column[0]", "did you mean 'type'?"),
    (_column(path="id", type="strin"), "select[0].column[0].type", "did you mean 'string'?"),
    (_column(path="active", type="string"), "select[0].column[0]", "declared string"),
    (_column(path="name.family", type="date"), "select[0].column[0]", "declared date"),
    (_column(path="name", type="string"), "select[0].column[0]", "gives HumanName"),
    (_column(path="name"), "select[0].column[0]", "no single value"),
    (_column(path="contact"), "select[0].column[0]", "the type BackboneElement to have it"),
    (_column(path="deceased"), "select[0].column[0]", "deceased.ofType(boolean)"),
    (_column(path="id", tag=[{"name": "x"}]), "select[0].column[0].tag[0]", "it has no 'value'"),
    (_select(forEach="nme"), "select[1].forEach", "did you mean 'name'?"),
    (_select(forEachOrNull=1), "select[1].forEachOrNull", "a text is expected, not a number"),
    (_select(forEach=""), "select[1].forEach", "it names no path"),
    (_select(repeat=[]), "select[1].repeat", "it names no path"),
    (_select(repeat=["item", ""]), "select[1].repeat", "it names no path"),
    (_select(repeat="item"), "select[1].repeat", "a list is expected, not a text"),
    (_select(repeat=["a.."]), "select[1].repeat[0]", "is expected"),
    (_select(forEeach="name"), "select[1]", "did you mean 'forEach'?"),
    (_select(forEach="name", repeat=["x"]), "select[1]", "only one of forEach and repeat"),
    (_select(column=[{"name": "a", "path": "id"}]), "select[1].column[0]", "'a' already, at"),
    (_constant(name="x"), "constant[0]", "no value: exactly one is needed"),
    (_constant(name="x", valueCode="a", valueId="a"), "constant[0]", "2 values"),
    (_constant(name="x", valueInteger="1"), "constant[0].valueInteger", "no integer"),
    (_constant(name="x", valueBoolean="true"), "constant[0].valueBoolean", "no boolean"),
    (_constant(name="x", valueDate="2024-13-01"), "constant[0].valueDate", "no date"),
    (_constant(name="x", valueDate="2024-01-01T10:00:00Z"), "constant[0].valueDate", "no date"),
    (_constant(name="x", valueInstant="2024-01-01"), "constant[0].valueInstant", "no instant"),
    (_constant(name="x", valueTime="25:00:00"), "constant[0].valueTime", "no time"),
    (_constant(name="x", valuePositiveInt=0), "constant[0].valuePositiveInt", "no positiveInt"),
    (_constant(name="x", valueInteger=2**31), "constant[0].valueInteger", "no integer"),
    (_constant(name="x", valueQuantity={}), "constant[0]", "there is no member 'valueQuantity'"),
    (_constant(name="resource", valueCode="a"), "constant[0].name", "something else already"),
]


@pytest.mark.parametrize(("wrong", "place", "said"), STRUCTURE)
def test_a_structure_that_cannot_be_is_refused_with_its_place(
    wrong: dict[str, Any], place: str, said: str
) -> None:
    found = problems(wrong)
    assert place in found
    assert said in found[place]


def _union(*branches: dict[str, Any]) -> dict[str, Any]:
    return {"resource": "Patient", "select": [{"unionAll": list(branches)}]}


def _branch(**paths: str) -> dict[str, Any]:
    return {"column": [{"name": name, "path": path} for name, path in paths.items()]}


def test_alternatives_of_a_union_are_held_against_all_before_them() -> None:
    found = problems(_union(_branch(a="{}"), _branch(a="1"), _branch(a="active")))
    assert list(found) == ["select[0].unionAll[2].column[0]"]
    (said,) = found.values()
    assert "'a' is boolean here, and integer at select[0].unionAll[1].column[0]" in said


def test_a_union_at_fault_within_a_union_is_told() -> None:
    inner = {"unionAll": [_branch(a="id"), _branch(a="id", b="id")]}
    found = problems(_union(inner, _branch(a="id")))
    assert list(found) == ["select[0].unionAll[0].unionAll[1]"]


def test_alternatives_of_a_union_have_the_same_columns_in_the_same_order() -> None:
    found = problems(_union(_branch(a="id", b="id"), _branch(b="id", a="id"), _branch(a="id")))
    assert "it has the columns b, a, and" in found["select[0].unionAll[1]"]
    assert "it has the columns a, and" in found["select[0].unionAll[2]"]
    assert "same names in the same order" in found["select[0].unionAll[2]"]


def test_alternatives_of_a_union_have_columns_of_the_same_types() -> None:
    found = problems(_union(_branch(a="id"), _branch(a="active")))
    assert "is boolean here, and id at" in found["select[0].unionAll[1].column[0]"]
    many = {"column": [{"name": "a", "path": "name.family", "collection": True}]}
    found = problems(_union(_branch(a="id"), many))
    assert "is a collection either here or at" in found["select[0].unionAll[1].column[0]"]


def test_sorts_of_text_are_one_type_in_a_union() -> None:
    assert problems(_union(_branch(a="id"), _branch(a="gender"), _branch(a="birthDate"))) == {}


def test_a_column_may_not_have_a_name_that_a_time_needs_for_its_own() -> None:
    columns = [{"name": "birth", "path": "birthDate"}, {"name": "birth_utc", "path": "id"}]
    found = problems({"resource": "Patient", "select": [{"column": columns}]})
    assert "choose another name" in found["select[0].column[1]"]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = definition("nme", "id", "active.", where=[{"path": "id"}], name="1")
    with pytest.raises(ViewError) as caught:
        View.from_definition(wrong)
    error = caught.value
    places = ["name", "where[0]", "select[0].column[0]", "select[0].column[2]"]
    assert [each.place for each in error.problems] == places
    assert "where[0]" not in str(error.problems[0])
    assert error.view == "1"
    assert error.problems[2].expression == "nme"
    for place in places:
        assert place in str(error)


def test_a_long_list_of_problems_is_cut_off_in_the_message_and_whole_in_the_error() -> None:
    with pytest.raises(ViewError, match="and 20 more") as caught:
        View.from_definition(definition(*["wrong"] * 26, where=[{"path": "a"}] * 4))
    assert len(caught.value.problems) == 30


def test_a_fault_of_a_path_is_not_told_again_for_what_is_below_it() -> None:
    select = {"forEach": "nme", "column": [{"name": "a", "path": "family"}]}
    assert list(problems({"resource": "Patient", "select": [select]})) == ["select[0].forEach"]
    assert list(problems(definition("%x", constant=[{"name": "x"}]))) == ["constant[0]"]


def test_selects_without_end_are_refused() -> None:
    inner: dict[str, Any] = {"column": [{"name": "a", "path": "id"}]}
    for _ in range(5000):
        inner = {"select": [inner]}
    found = problems({"resource": "Patient", "select": [inner]})
    assert found == {"select[0]": "view Patient, select[0]: it nests selects more than 100 deep"}


def test_selects_up_to_the_limit_work() -> None:
    inner: dict[str, Any] = {"column": [{"name": "a", "path": "id"}]}
    for _ in range(98):
        inner = {"select": [inner]}
    view = View.from_definition({"resource": "Patient", "select": [inner]})
    assert list(view.rows([{"resourceType": "Patient", "id": "p"}])) == [{"a": "p"}]


@pytest.mark.parametrize(
    "path",
    [
        "name" + ".tail()" * 199,
        "name" + "[0]" * 199,
        "active" + " implies active" * 199,
        "name.exists(" * 99 + "true" + ")" * 99,
        "(" * 5000 + "1" + ")" * 5000,
        "1" + "+1" * 5000,
        "id" + ".id" * 5000,
    ],
)
def test_a_path_that_nests_without_end_is_refused(path: str) -> None:
    assert "nests more than" in problems(definition(path))["select[0].column[0]"]


def test_a_long_path_is_not_shown_whole() -> None:
    said = problems(definition("name" + ".tail()" * 199))["select[0].column[0]"]
    assert len(said) < 350


@pytest.mark.parametrize("broken", ["{", "[]", "1", b"\xff\xfe{", '{"a": NaN', "[" * 100_000])
def test_what_is_no_json_object_is_no_definition(broken: str | bytes) -> None:
    text = broken if isinstance(broken, bytes) else broken.encode()
    with pytest.raises(ViewError, match="no JSON object"):
        View.from_definition(text)


def test_a_source_that_holds_no_definition_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="not from list"):
        View.from_definition([definition("id")])


def test_the_builder_refuses_parts_of_another_kind() -> None:
    column: Any = Column("a", "id")
    with pytest.raises(TypeError, match="select takes a list of Select, not of Column"):
        View("Patient", select=[column])
    with pytest.raises(TypeError, match="column takes a list of Column, not Column"):
        Select(column=column)
    with pytest.raises(TypeError, match="repeat takes a list of str, not str"):
        Select([column], repeat="item")
    with pytest.raises(TypeError, match="where takes a list of str, not str"):
        View("Patient", select=[Select([column])], where="active")


def test_the_builder_refuses_what_a_definition_may_not_say() -> None:
    with pytest.raises(ViewError, match="only one of forEach and forEachOrNull"):
        View("Patient", [Select([Column("a", "family")], for_each="name", for_each_or_null="name")])
    with pytest.raises(ViewError, match="the value is no date"):
        View("Patient", [Select([Column("a", "id")])], constants={"d": Constant(1, "date")})
    nothing: Any = []
    with pytest.raises(TypeError, match=r"the constant 'd' must be a str, .* not list"):
        View("Patient", [Select([Column("a", "id")])], constants={"d": nothing})

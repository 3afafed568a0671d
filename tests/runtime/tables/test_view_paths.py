"""What the paths of a view become: values of a plan with types, or the engine's."""

import pytest
from view_parts import planned, value

from pymedplum_runtime.tables.plan import (
    Compare,
    Count,
    Exists,
    Filter,
    Focus,
    Item,
    Join,
    Literal,
    Logic,
    Member,
    Not,
    Opaque,
    ReferenceKey,
    Resource,
    ResourceKey,
    RowIndex,
)
from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

PATIENT = Focus("Patient")
NAMES = Member(PATIENT, "name", "HumanName", repeats=True, many=True)
FAMILIES = Member(NAMES, "family", "string", repeats=False, many=True)
ACTIVE = Member(PATIENT, "active", "boolean", repeats=False, many=False)
GENDER = Member(PATIENT, "gender", "code", repeats=False, many=False)
OFFICIAL = Compare(
    "=",
    Member(Focus("HumanName"), "use", "code", repeats=False, many=False),
    Literal("official", "string"),
    "text",
)


def test_an_element_is_a_member_with_its_type() -> None:
    assert value("gender") == GENDER
    assert value("name.family") == FAMILIES


def test_a_path_may_begin_with_the_type_of_the_resource() -> None:
    assert value("Patient.name.family") == FAMILIES


def test_this_is_the_focus_and_says_nothing_after_a_path() -> None:
    assert value("$this.gender") == GENDER
    assert value("name.$this.family") == FAMILIES


def test_a_choice_is_the_member_of_the_type_that_is_meant() -> None:
    deceased = Member(PATIENT, "deceasedBoolean", "boolean", repeats=False, many=False)
    for path in ("deceased.ofType(boolean)", "(deceased as boolean)", "deceased.as(boolean)"):
        assert value(path) == deceased


def test_capitalised_names_of_primitives_mean_those_of_fhir() -> None:
    time = Member(Focus("Observation"), "valueTime", "time", repeats=False, many=False)
    assert value("value.ofType(Time)", "Observation") == time
    assert value("(value as FHIR.time)", "Observation") == time


def test_the_type_that_an_element_has_anyway_changes_nothing() -> None:
    assert value("name.ofType(HumanName).family") == FAMILIES


def test_a_type_of_which_several_options_are_is_left_to_the_engine() -> None:
    path = "extension('http://example.org/e').value.ofType(Quantity).code"
    found = value(path)  # Age, Count and others are quantities too
    assert isinstance(found, Opaque)
    assert (found.type, found.many) == ("code", True)


@pytest.mark.parametrize(
    ("path", "position"), [("first()", 0), ("last()", -1), ("[0]", 0), ("[2]", 2)]
)
def test_one_item_of_many_is_an_item_by_its_position(path: str, position: int) -> None:
    written = f"name.family{path}" if path.startswith("[") else f"name.family.{path}"
    assert value(written) == Item(FAMILIES, position, "string")


def test_the_first_of_at_most_one_item_is_the_item() -> None:
    assert value("gender.first()") == GENDER
    assert value("gender.single()") == GENDER


def test_an_index_may_be_a_constant_and_not_the_index_of_the_row() -> None:
    constant = [{"name": "n", "valueInteger": 1}]
    assert value("name.family[%n]", constant=constant) == Item(FAMILIES, 1, "string")
    assert isinstance(value("name.family[%rowIndex]"), Opaque)


def test_where_is_a_filter_whose_focus_is_the_item() -> None:
    official = Filter(NAMES, OFFICIAL, "HumanName", many=True)
    assert value("name.where(use = 'official').family") == Member(
        official, "family", "string", repeats=False, many=True
    )
    assert value("name.exists(use = 'official')") == Exists(official)


def test_a_condition_that_looks_out_of_its_item_is_left_to_the_engine() -> None:
    found = value("name.where($index = 1).family")
    assert isinstance(found, Opaque)
    assert (found.focus, found.type, found.many) == ("Patient", "string", True)


def test_a_condition_that_the_plan_cannot_say_is_opaque_inside_the_filter() -> None:
    found = value("name.where(family.startsWith('A')).count()")
    assert isinstance(found, Count)
    assert isinstance(found.base, Filter)
    assert isinstance(found.base.condition, Opaque)
    assert found.base.condition.focus == "HumanName"


def test_existence_of_a_choice_is_that_of_any_of_its_types() -> None:
    options = [("deceasedBoolean", "boolean"), ("deceasedDateTime", "dateTime")]
    members = [Member(PATIENT, *each, repeats=False, many=False) for each in options]
    one, other = map(Exists, members)
    assert value("deceased.exists()") == Logic("or", one, other)
    none, neither = (Exists(member, negated=True) for member in members)
    assert value("deceased.empty()") == Logic("and", none, neither)


def test_conditions_are_joined_and_negated() -> None:
    assert value("active and active.not()") == Logic("and", ACTIVE, Not(ACTIVE))
    assert value("name.empty() xor active") == Logic("xor", Exists(NAMES, negated=True), ACTIVE)


def test_one_of_several_written_values_is_said_with_or() -> None:
    male, female = (Compare("=", GENDER, Literal(g, "string"), "text") for g in ("m", "f"))
    assert value("gender in ('m' | 'f')") == Logic("or", male, female)
    assert isinstance(value("name.family in ('m' | 'f')"), Opaque)


def test_a_row_of_one_operator_is_nested_no_deeper_than_it_must_be() -> None:
    found = value("active and active and active and active")
    pair = Logic("and", ACTIVE, ACTIVE)
    assert found == Logic("and", pair, pair)
    codes = " | ".join(f"'{number}'" for number in range(150))
    view = View("Patient", [Select([Column("a", f"gender in ({codes})")])])
    assert [row["a"] for row in view.rows([{"resourceType": "Patient", "gender": "149"}])] == [True]


def test_numbers_and_booleans_and_texts_are_compared() -> None:
    quantity = Member(Focus("Observation"), "valueQuantity", "Quantity", repeats=False, many=False)
    number = Member(quantity, "value", "decimal", repeats=False, many=False)
    assert value("value.ofType(Quantity).value >= -5", "Observation") == Compare(
        ">=", number, Literal(-5, "integer"), "number"
    )
    true = Literal(True, "boolean")  # noqa: FBT003 - a value
    assert value("active != true") == Compare("!=", ACTIVE, true, "boolean")


def test_many_items_stand_on_the_left_of_a_comparison() -> None:
    others = Member(
        Member(PATIENT, "link", "Patient.link", repeats=True, many=True),
        "other",
        "Reference",
        repeats=False,
        many=True,
    )
    keys = ReferenceKey(others, None, many=True)
    assert value("getResourceKey() = link.other.getReferenceKey()") == Compare(
        "=", keys, ResourceKey(), "text"
    )


@pytest.mark.parametrize(
    "path",
    ["birthDate < today()", "birthDate = @1970-01-01", "name.family = name.given", "gender < 'm'"],
)
def test_comparisons_with_rules_of_their_own_are_left_to_the_engine(path: str) -> None:
    found = planned(path)
    assert isinstance(found.value, Opaque)
    assert found.type == "boolean"


def test_a_date_is_compared_with_a_text_as_it_is_written() -> None:
    birth = Member(PATIENT, "birthDate", "date", repeats=False, many=False)
    assert value("birthDate = '1970-01-01'") == Compare(
        "=", birth, Literal("1970-01-01", "string"), "text"
    )


def test_texts_are_joined_with_a_written_separator() -> None:
    assert value("name.family.join(', ')") == Join(FAMILIES, ", ")
    assert value("name.family.join()") == Join(FAMILIES, "")
    assert isinstance(value("name.family.join(gender)"), Opaque)


def test_a_selected_path_goes_on_from_what_it_is_selected_on() -> None:
    assert value("name.select(family)") == FAMILIES
    given = value("name.select(given.first())")
    assert isinstance(given, Opaque)
    assert (given.type, given.many) == ("string", True)


def test_an_extension_is_found_by_its_url() -> None:
    found = value("extension('http://example.org/e').value.ofType(code)")
    extensions = Member(PATIENT, "extension", "Extension", repeats=True, many=True)
    url = Member(Focus("Extension"), "url", "uri", repeats=False, many=False)
    is_it = Compare("=", url, Literal("http://example.org/e", "string"), "text")
    assert found == Member(
        Filter(extensions, is_it, "Extension", many=True),
        "valueCode",
        "code",
        repeats=False,
        many=True,
    )


def test_what_a_primitive_has_beside_its_value_is_left_to_the_engine() -> None:
    assert isinstance(value("birthDate.extension('http://example.org/e').exists()"), Opaque)
    assert isinstance(value("birthDate.id"), Opaque)


def test_keys_are_ids_and_what_references_end_with() -> None:
    assert value("getResourceKey()") == value("%resource.getResourceKey()") == ResourceKey()
    organization = Member(PATIENT, "managingOrganization", "Reference", repeats=False, many=False)
    assert value("managingOrganization.getReferenceKey(Organization)") == ReferenceKey(
        organization, "Organization", many=False
    )


def test_variables_of_views_are_values_of_plans() -> None:
    assert value("%rowIndex") == RowIndex()
    gender = Member(Resource("Patient"), "gender", "code", repeats=False, many=False)
    assert value("%resource.gender") == gender
    assert value("%loinc") == Literal("http://loinc.org", "string")


@pytest.mark.parametrize(
    ("path", "type_name"),
    [
        ("1 + 1", "integer"),
        ("multipleBirth.ofType(integer) * 1.5", "decimal"),
        ("4 / 2", "decimal"),
        ("5 div 2", "integer"),
        ("'a' + 'b'", "string"),
        ("'a' & gender", "string"),
        ("gender.length()", "integer"),
        ("name.family.first().upper()", "string"),
        ("name.count() > 1", "boolean"),
        ("name.all(family.exists())", "boolean"),
        ("birthDate.lowBoundary()", "date"),
        ("birthDate + 1 year", "date"),
        ("birthDate > today() - 18 years", "boolean"),
        ("multipleBirth.ofType(integer) > 1.5", "boolean"),
        ("name.period.start.first() > @2024", "boolean"),
        ("iif(active, 'yes', 'no')", "string"),
        ("iif(active, name.count(), {})", "integer"),
        ("name.family.distinct().first()", "string"),
        ("(gender | 'x').first()", "string"),
        ("name.repeat(period).start.first()", "dateTime"),
        ("contained.ofType(Organization).active.first()", "boolean"),
        ("now()", "dateTime"),
        ("gender.toInteger()", "integer"),
        ("defineVariable('n', name).select(%n.family.first()).first()", "string"),
    ],
)
def test_what_the_engine_evaluates_has_a_type_all_the_same(path: str, type_name: str) -> None:
    assert planned(path).type == type_name

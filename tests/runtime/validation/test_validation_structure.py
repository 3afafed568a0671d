import copy
from types import MappingProxyType
from typing import Any

import pytest
from made_resources import ADA, ada, errors, found, known, only

from pymedplum.fhir import HumanName, Patient
from pymedplum_runtime.validation import validate


def paths(resource: Any) -> list[str]:
    return [path for path, _ in errors(resource)]


def test_a_valid_resource_has_no_issues() -> None:
    report = validate(ADA)

    assert (report.issues, report.ok, report.resource_type) == ((), True, "Patient")


def test_models_are_walked_as_what_they_dump() -> None:
    patient = Patient.model_construct(birth_date="tomorrow", name=[HumanName(family="X")])

    assert paths(patient) == ["Patient.birthDate"]


def test_every_issue_is_found_and_not_only_the_first_layer() -> None:
    broken = ada(
        birthDate="1990-02-30",
        active="yes",
        famly="x",
        contact=[{"name": {"given": [7]}, "telecom": [{"rank": 0}]}],
    )
    assert paths(broken) == [
        "Patient.birthDate",
        "Patient.active",
        "Patient.famly",
        "Patient.contact[0].name.given[0]",
        "Patient.contact[0].telecom[0].rank",
    ]


def test_an_issue_names_the_definition_and_the_element_that_decide() -> None:
    issue = only(validate(ada(name=[{"family": 1}]), level="structure"))

    assert issue.definition == "http://hl7.org/fhir/StructureDefinition/HumanName"
    assert (issue.element, issue.profile, issue.key) == ("HumanName.family", None, None)


def test_the_input_is_not_changed() -> None:
    broken = ada(name=[{"given": [None, "x"], "_given": [{"id": "a"}]}], extra={})
    before = copy.deepcopy(broken)

    validate(broken)

    assert broken == before


@pytest.mark.parametrize("text", ["{}", b"{}", bytearray(b"{}")])
def test_json_text_is_refused_with_what_to_pass(text: Any) -> None:
    with pytest.raises(TypeError, match=r"pass json\.loads\(text\)"):
        validate(text)


@pytest.mark.parametrize("thing", [object(), {1, 2}, Patient])
def test_what_is_no_json_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="takes a model or a dict"):
        validate(thing)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "expected a resource, got an array"),
        (None, "expected a resource, got null"),
        (7, "expected a resource, got a whole number"),
        ({}, "resourceType is missing, so nothing can be checked"),
        ({"resourceType": 7}, "resourceType is the name of a type, got a whole number"),
        ({"resourceType": "Patience"}, "names no type of resource; did you mean 'Patient'?"),
        ({"resourceType": "HumanName"}, "resourceType names no type of resource"),
        ({"resourceType": "DomainResource"}, "DomainResource is abstract"),
        ({"resourceType": "Patient|4"}, "resourceType names no type of resource"),
    ],
)
def test_what_is_no_resource_is_a_fatal_issue(value: Any, message: str) -> None:
    issue = only(validate(value))

    assert (issue.severity, issue.code) == ("fatal", "structure")
    assert message in issue.message
    assert not validate(value).ok


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="structure, base, profile"):
        validate(ADA, level="strict")  # type: ignore[arg-type]  # what is refused


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("brithDate", "; did you mean 'birthDate'?"),
        ("_name", "; only primitives have such a sibling"),
        ("deceased", "; its name says its type, as in 'deceasedBoolean'"),
        ("_id", "; only primitives have such a sibling"),
        ("fhir_comments", ""),
        ("deceasedString", ""),
    ],
)
def test_an_unknown_member_is_an_error_with_a_hint(name: str, hint: str) -> None:
    ((path, message),) = errors(ada(**{name: "x"}))

    assert (path, message[: len(name) + 2]) == (f"Patient.{name}", f"'{name}'")
    if hint:
        assert message.endswith(hint)


def test_a_member_that_fhirpath_cannot_name_is_reported_at_its_object() -> None:
    assert [path for path, _ in errors(ada(**{"a b": 1, "\n": 2}))] == ["Patient", "Patient"]


def test_a_resource_type_belongs_to_resources_alone() -> None:
    assert paths(ada(name=[{"resourceType": "HumanName"}])) == ["Patient.name[0].resourceType"]


@pytest.mark.parametrize(
    ("members", "path", "message"),
    [
        ({"name": {"family": "x"}}, "Patient.name", "name is an array, got an object"),
        ({"name": []}, "Patient.name", "name is an empty array: FHIR has none; leave it out"),
        ({"name": [[]]}, "Patient.name[0]", "expected an object, got an array"),
        ({"name": [None]}, "Patient.name[0]", "expected an object, got null"),
        ({"name": ["x"]}, "Patient.name[0]", "expected an object, got text"),
        ({"name": [{}]}, "Patient.name[0]", "is an empty object: FHIR has none; leave it out"),
        ({"maritalStatus": [{}]}, "Patient.maritalStatus", "expected an object, got an array"),
        ({"gender": None}, "Patient.gender", "single spaces, got null"),
        ({"gender": ["male"]}, "Patient.gender", "got an array: one value belongs here"),
        ({"gender": ""}, "Patient.gender", "expected a code"),
    ],
)
def test_lists_and_objects_belong_where_fhir_has_them(
    members: dict[str, Any], path: str, message: str
) -> None:
    ((at, said),) = errors(ada(**members))

    assert at == path
    assert message.removesuffix("single spaces, got null") in said


def test_a_required_element_is_missed_where_it_belongs() -> None:
    report = validate({"resourceType": "Observation", "code": {"text": "x"}}, level="structure")
    issue = only(report)

    assert (issue.expression, issue.code) == ("Observation.status", "required")
    assert issue.element == "Observation.status"


@pytest.mark.parametrize("why", [{"extension": [{"url": "x", "valueCode": "y"}]}])
def test_an_extension_may_stand_for_a_required_primitive(why: dict[str, Any]) -> None:
    observation = {"resourceType": "Observation", "code": {"text": "x"}}

    assert paths({**observation, "_status": why}) == []
    assert paths({**observation, "_status": {"id": "a"}}) == ["Observation.status"]


def test_a_required_choice_is_missed_under_its_own_name() -> None:
    dosage = {"resourceType": "DetectedIssue", "status": "final"}
    request = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/1"},
    }
    ((path, message),) = errors(request)

    assert path == "MedicationRequest.medication"
    assert "as one of medicationCodeableConcept, medicationReference" in message
    assert paths(dosage) == []


def test_one_choice_has_one_value() -> None:
    ((path, message),) = errors(ada(deceasedBoolean=True, deceasedDateTime="2020"))

    assert path == "Patient.deceased"
    assert "deceasedBoolean and deceasedDateTime" in message


def test_a_value_and_what_stands_beside_it_are_one_choice() -> None:
    beside = {"extension": [{"url": "x", "valueCode": "y"}]}

    assert paths(ada(deceasedDateTime="2020", _deceasedDateTime=beside)) == []
    assert paths(ada(deceasedBoolean=True, _deceasedDateTime=beside)) == ["Patient.deceased"]


BESIDE = {"extension": [{"url": "x", "valueCode": "y"}]}


def test_nulls_stand_in_lists_of_primitives_where_the_sibling_says_why() -> None:
    assert paths(ada(name=[{"given": ["a", None], "_given": [None, BESIDE]}])) == []
    assert paths(ada(name=[{"given": ["a"], "_given": [None, BESIDE]}])) == []
    assert paths(ada(name=[{"_given": [BESIDE]}])) == []


@pytest.mark.parametrize(
    "name",
    [
        {"given": ["a", None]},
        {"given": ["a", None], "_given": [None, None]},
        {"given": ["a", None], "_given": [None, {"id": "x"}]},
        {"given": ["a"], "_given": [None, {"id": "x"}]},
        {"given": ["a"], "_given": [None, None]},
    ],
)
def test_a_null_that_stands_for_nothing_is_an_error(name: dict[str, Any]) -> None:
    assert paths(ada(name=[name])) == ["Patient.name[0].given[1]"]


@pytest.mark.parametrize("beside", [None, [], "x", {"extension": []}, {"id": 1}, {"url": "x"}, {}])
def test_what_stands_beside_a_primitive_is_an_element(beside: Any) -> None:
    assert len(paths(ada(_birthDate=beside))) == 1


def test_extensions_of_primitives_are_walked_too() -> None:
    beside = {"extension": [{"url": "x", "valueDate": "1990-02-30"}]}

    assert paths(ada(_birthDate=beside)) == ["Patient.birthDate.extension[0].value"]


def test_contained_resources_and_entries_are_walked_as_their_own_types() -> None:
    organization = {"resourceType": "Organization", "id": "o", "nme": "x"}
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": ada(contained=[organization])}, {"resource": {"id": "x"}}],
    }
    assert paths(bundle) == [
        "Bundle.entry[0].resource.contained[0].nme",
        "Bundle.entry[1].resource",
    ]


def test_resources_in_parameters_are_walked_too() -> None:
    inner = {"name": "x", "part": [{"name": "y", "resource": ada(gender=1)}]}

    assert paths({"resourceType": "Parameters", "parameter": [inner]}) == [
        "Parameters.parameter[0].part[0].resource.gender"
    ]


def test_content_references_lead_back_into_the_type() -> None:
    item = {"linkId": "1", "type": "group", "item": [{"linkId": "2", "item": [{"linkId": "3"}]}]}
    questionnaire = {"resourceType": "Questionnaire", "status": "draft", "item": [item]}

    assert paths(questionnaire) == [
        "Questionnaire.item[0].item[0].item[0].type",
        "Questionnaire.item[0].item[0].type",
    ]


def test_models_and_other_containers_inside_dicts_are_walked() -> None:
    name = HumanName.model_construct(family=7)
    contact = MappingProxyType({"gender": 7, "telecom": ({"rank": "x"},)})

    assert paths(ada(name=[name], contact=(contact,))) == [
        "Patient.name[0].family",
        "Patient.contact[0].gender",
        "Patient.contact[0].telecom[0].rank",
    ]
    assert paths(MappingProxyType(ada(gender=7))) == ["Patient.gender"]


def test_a_list_has_at_most_as_many_values_as_its_type_allows() -> None:
    definitions = known(
        {
            "url": "http://hl7.org/fhir/StructureDefinition/Pair",
            "type": "Pair",
            "kind": "resource",
            "base": "http://hl7.org/fhir/StructureDefinition/Resource",
            "root": {"elements": {"side": {"min": 2, "max": 2, "types": [{"code": "string"}]}}},
        }
    )

    def sides(*side: str) -> list[tuple[str, str]]:
        return errors({"resourceType": "Pair", "side": list(side)}, definitions=definitions)

    assert sides("a", "b") == []
    assert sides("a", "b", "c") == [("Pair.side", "has 3 values, at most 2")]
    assert sides("a") == [("Pair.side", "has 1 values, at least 2")]


def test_an_element_of_an_unknown_type_is_not_passed_over_in_silence() -> None:
    definitions = known(
        {
            "url": "http://hl7.org/fhir/StructureDefinition/Odd",
            "type": "Odd",
            "kind": "resource",
            "base": "http://hl7.org/fhir/StructureDefinition/Resource",
            "root": {"elements": {"part": {"types": [{"code": "Oddity"}]}}},
        }
    )
    report = validate({"resourceType": "Odd", "part": {}}, definitions=definitions)

    assert found(report) == [("Odd.part", "Odd.part")]
    assert only(report).severity == "warning"


def test_types_of_medplum_are_known() -> None:
    assert paths({"resourceType": "Bot", "nme": "x"}) == ["Bot.nme"]

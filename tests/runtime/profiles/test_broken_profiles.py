"""What is wrong with a profile is told when it is compiled: where, and what to do."""

import pickle
from decimal import Decimal
from typing import Any

import pytest
from tiny_profiles import FHIR, HOME, Json, compiled, element, profile, refused, slicing

from pymedplum_runtime.errors import MedplumError, ProfileError
from pymedplum_runtime.profiles import Tolerated, compile_profile, compile_profiles, packaged


def said(*elements: Json, **members: Any) -> str:
    return str(refused(profile(*elements, **members)))


def test_an_element_that_the_base_has_not_is_told_with_a_suggestion() -> None:
    assert "no such element in the base; did you mean 'birthDate'?" in said(
        element("Patient.birthdate", min_=1)
    )
    assert "did you mean 'valueQuantity'?" in said(element("Observation.valueQuantiti", min_=1))
    assert "no such element" in said(element("Observation.code.nowhere", min_=1))


def test_elements_of_another_type_are_told() -> None:
    assert "the elements are those of Patient, not of Observation" in said(
        element("Patient.active", min_=1), type="Observation"
    )


def test_an_unknown_type_is_told() -> None:
    assert "the type Patiend is unknown" in said(element("Patiend.active"), type="Patiend")


@pytest.mark.parametrize("member", ["url", "type", "baseDefinition"])
def test_a_profile_without_its_head_is_told(member: str) -> None:
    made = profile(element("Patient.active", min_=1))
    del made[member]

    assert f"it has no {member}" in str(refused(made))


@pytest.mark.parametrize("version", ["5.0.0", "4.6.0", "4.2.0", "3.0.2"])
def test_a_profile_for_another_fhir_is_told(version: str) -> None:
    assert f"it is for FHIR {version}, and this package checks FHIR R4" in said(
        element("Patient.active", min_=1), fhirVersion=version
    )


@pytest.mark.parametrize("version", ["4.0.1", "4.0", "4.3.0"])
def test_a_profile_for_r4_and_r4b_is_taken(version: str) -> None:
    assert compiled(profile(element("Patient.active", min_=1), fhirVersion=version))


def test_a_definition_that_is_no_profile_is_told() -> None:
    made = profile(element("Patient.active")) | {"derivation": "specialization"}

    with pytest.raises(ProfileError, match="so it is no profile"):
        compile_profile(made, lambda _: None, packaged())


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"min_": 2}, "min 2 is above max 1"),
        ({"max_": "2"}, "max 2 is above 1 of the base"),
        ({"max_": "*"}, r"max \* is above 1 of the base"),
        ({"max_": "0"}, "min 1 is above max 0"),
        ({"min_": 0}, "min 0 is below 1 of the base"),
        ({"type_": [{"code": "strng"}]}, "the type strng is none of the base's: code"),
        ({"type_": [{"code": "string"}]}, "the type string is none of the base's: code"),
        ({"fixedString": "final"}, "fixedString is given to an element of the type code"),
        ({"fixedCode": 1}, "the value of fixedCode is no code"),
        ({"patternCode": " final"}, "the value of patternCode is no code"),
        ({"fixedCode": "a", "fixedString": "a"}, r"has several of fixed\[x\]"),
        (
            {"binding": {"strength": "extensible", "valueSet": "http://example.org/v"}},
            "the binding is extensible, that of the base is required",
        ),
        ({"binding": {"strength": "strong"}}, "none of FHIR's"),
        ({"contentReference": "#Observation.nowhere"}, "leads nowhere"),
        ({"contentReference": "#Nothing.at.all"}, "leads nowhere"),
        ({"slicing": {"rules": "ajar"}}, "none of FHIR's"),
        ({"slicing": slicing("colour:code")}, "none of FHIR's"),
    ],
)
def test_an_element_cannot_contradict_its_type(members: Json, message: str) -> None:
    with pytest.raises(ProfileError, match=message) as raised:
        compiled(profile(element("Observation.status", **members)))

    assert (raised.value.profile, raised.value.element) == (HOME + "tiny", "Observation.status")


@pytest.mark.parametrize(
    ("path", "member", "value"),
    [
        ("Patient.active", "fixedBoolean", 1),
        ("Patient.active", "fixedBoolean", "true"),
        ("Patient.multipleBirth[x]", "fixedInteger", True),
        ("Patient.multipleBirth[x]", "minValueInteger", "1"),
        ("Patient.birthDate", "fixedDate", "01/15/1990"),
        ("Patient.birthDate", "maxValueDate", 1990),
        ("Patient.name", "patternHumanName", "Smith"),
        ("Patient.name", "patternHumanName", {"familly": "Smith"}),
        ("Patient.name", "patternHumanName", {"given": [1]}),
        ("Patient.name", "patternHumanName", {"period": {"start": "yesterday"}}),
        ("Observation.value[x]", "fixedQuantity", {"value": "1"}),
    ],
)
def test_a_value_of_another_type_is_told_and_not_quoted(path: str, member: str, value: Any) -> None:
    message = said(element(path, **{member: value}))

    assert f"the value of {member} " in message
    assert "yesterday" not in message
    assert "01/15" not in message


def test_a_misspelt_member_of_a_value_is_told_with_a_suggestion() -> None:
    message = said(element("Patient.name", patternHumanName={"familly": "x"}))

    assert "has 'familly', which no HumanName has; did you mean 'family'?" in message


def test_decimals_may_be_exact() -> None:
    fixed = {"value": Decimal("1.50")}

    assert compiled(profile(element("Observation.value[x]", fixedQuantity=fixed)))


def test_a_value_that_is_nested_without_end_is_told() -> None:
    nested: Json = {"url": "http://example.org/e", "valueString": "x"}
    for _ in range(200):
        nested = {"url": "http://example.org/e", "extension": [nested]}

    assert "nested too deep" in said(element("Patient.extension", patternExtension=nested))


def test_a_target_of_another_type_is_told() -> None:
    to = [{"code": "Reference", "targetProfile": [FHIR + "Medication"]}]

    assert f"{FHIR}Medication is a Medication; the base refers to Device, Group" in said(
        element("Observation.subject", type_=to)
    )


def test_a_target_profile_is_as_good_as_its_type() -> None:
    medication = profile(element("Medication.code", min_=1), name="medication")
    patient = profile(element("Patient.active", min_=1), name="patient")

    def referring(name: str) -> Json:
        to = [{"code": "Reference", "targetProfile": [HOME + name]}]
        return profile(element("Observation.subject", type_=to))

    assert compiled(referring("patient"), patient)
    assert compiled(referring("unknown"))
    assert "is a Medication" in str(refused(referring("medication"), medication))


def test_a_profile_of_another_type_is_told() -> None:
    simple = [{"code": "Range", "profile": [FHIR + "SimpleQuantity"]}]

    assert "is a profile of Quantity, not of Range" in said(
        element("Observation.value[x]", type_=simple)
    )


def test_a_constraint_that_is_no_fhirpath_is_told_with_its_expression() -> None:
    broken = {"key": "own-1", "severity": "error", "human": "x", "expression": "code.exists("}

    error = refused(profile(element("Observation", constraint=[broken])))

    assert error.expression == "code.exists("
    assert error.element == "Observation"
    assert "the constraint own-1 is no FHIRPath" in str(error)


def test_a_function_that_fhirpath_has_not_is_told() -> None:
    broken = {"key": "own-1", "severity": "error", "human": "x", "expression": "code.exist()"}

    assert "own-1" in said(element("Observation", constraint=[broken]))


def test_all_that_is_wrong_is_told_at_once() -> None:
    error = refused(
        profile(
            element("Observation.status", min_=0),
            element("Observation.nowhere", min_=1),
            element("Observation.subject", max_="2"),
        )
    )

    assert [problem.element for problem in error.problems] == [
        "Observation.status",
        "Observation.nowhere",
        "Observation.subject",
    ]
    assert all(str(problem) in str(error) for problem in error.problems)
    assert isinstance(error, MedplumError)
    assert isinstance(error, ValueError)


def test_a_long_list_of_problems_is_cut() -> None:
    wrong = [element(f"Observation.nowhere{number}") for number in range(50)]

    error = refused(profile(*wrong))

    assert len(error.problems) == 50
    assert str(error).endswith("and 30 more")


def test_a_profile_that_is_there_twice_is_told() -> None:
    made = profile(element("Observation.code", min_=1))

    assert "it is there twice" in str(refused(made, made))


def test_a_tolerated_problem_takes_its_rule_out_and_no_other() -> None:
    wrong = profile(element("Observation.status", min_=0, mustSupport=True))
    row = Tolerated(HOME + "tiny", "Observation.status", "published so")

    [table] = compile_profiles([wrong], packaged(), [row])

    assert table.get("root") == {"elements": {"status": {"must_support": True}}}


def test_a_profile_that_cannot_be_compiled_is_left_out_by_a_tolerated_row() -> None:
    logical = profile(element("Model.part"), name="logical", type="http://example.org/Model")
    good = profile(element("Patient.active", min_=1))
    row = Tolerated(HOME + "logical", "", "a profile of a logical model")

    assert [t["url"] for t in compile_profiles([logical, good], packaged(), [row])] == [
        HOME + "tiny"
    ]


def test_a_definition_may_not_be_deep_without_end() -> None:
    def deep(levels: int) -> Json:
        return profile(element(".".join(["Questionnaire", *["item"] * levels]), min_=1))

    assert compiled(deep(100))
    assert "an element is more than 100 levels deep" in str(refused(deep(5000)))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"min_": "1"}, "min is not a whole number"),
        ({"min_": True}, "min is not a whole number"),
        ({"max_": 1}, "max is not a text"),
        ({"mustSupport": "yes"}, "mustSupport is not true or false"),
        ({"type_": {"code": "string"}}, "type is not a list"),
        ({"type_": [{"code": 1}]}, "an item of type.code is not a text"),
        ({"constraint": ["ele-1"]}, "an item of constraint is not an object"),
        ({"binding": {"strength": None}}, "binding.strength is not a text"),
    ],
)
def test_what_has_not_fhirs_shape_is_told(members: Json, message: str) -> None:
    error = refused(profile(element("Patient.active", **members)))

    assert (error.element, str(error).partition(": ")[2]) == ("Patient.active", message)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"snapshot": []}, "snapshot is not an object"),
        ({"differential": {"element": {}}}, "differential.element is not a list"),
        ({"differential": {"element": [1]}}, "an item of differential.element is not an object"),
        ({"context": [{"type": "element", "expression": 1}]}, "an item of context.expression"),
        ({"version": 5}, "version is not a text"),
    ],
)
def test_a_definition_that_has_not_fhirs_shape_is_told(members: Json, message: str) -> None:
    assert message in said(element("Patient.active"), **members)


def test_an_empty_snapshot_is_none() -> None:
    made = profile(element("Patient.active", min_=1), snapshot={"element": []})

    assert compiled(made)["tiny"]["root"] == {"elements": {"active": {"min": 1}}}


def test_an_error_that_lists_itself_can_be_pickled() -> None:
    error = refused(profile(element("Patient.birthdate", min_=1)))

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - written one call earlier

    assert (str(again), again.element) == (str(error), error.element)
    assert again.problems[0] is again

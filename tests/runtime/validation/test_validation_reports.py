import pytest
from made_resources import ADA, ada

from pymedplum.fhir import OperationOutcome
from pymedplum_runtime.errors import InvalidResourceError, MedplumError
from pymedplum_runtime.validation import (
    Issue,
    MustSupport,
    Unchecked,
    ValidationReport,
    validate,
)

ERROR = Issue("error", "value", "Patient.birthDate", "expected a date", element="Patient.birthDate")
BROKEN = Issue(
    "warning",
    "invariant",
    "Patient.contact[0]",
    "pat-1: contact's details",
    key="pat-1",
    profile="http://example.org/StructureDefinition/adult",
    definition="http://hl7.org/fhir/StructureDefinition/Patient",
    element="Patient.contact",
)
OPEN = Unchecked("Patient.maritalStatus", "http://example.org/ValueSet/states", "no list")
REPORT = ValidationReport(
    "Patient",
    (ERROR, BROKEN),
    must_support_missing=(MustSupport("http://example.org/p", "Patient.name"),),
    unchecked=(OPEN,),
)


def test_errors_make_a_resource_invalid_and_warnings_do_not() -> None:
    assert (REPORT.ok, REPORT.errors, REPORT.warnings) == (False, (ERROR,), (BROKEN,))
    assert ValidationReport("Patient", (BROKEN,), unchecked=(OPEN,)).ok


def test_a_fatal_issue_is_an_error() -> None:
    fatal = Issue("fatal", "structure", "Resource", "expected a resource")

    assert ValidationReport(None, (fatal,)).errors == (fatal,)


def test_the_rule_is_the_key_or_the_element_with_the_profile() -> None:
    assert (ERROR.rule, BROKEN.rule) == ("Patient.birthDate", "pat-1 (adult)")


def test_a_report_prints_as_a_table() -> None:
    assert str(REPORT).splitlines() == [
        "Patient is invalid (1 error, 1 warning, 1 unchecked)",
        "severity   path                   message                   rule",
        "error      Patient.birthDate      expected a date           Patient.birthDate",
        "warning    Patient.contact[0]     pat-1: contact's details  pat-1 (adult)",
        "unchecked  Patient.maritalStatus  no list                   states",
    ]


def test_long_messages_are_wrapped_in_their_column() -> None:
    long = Issue("error", "value", "Patient", "word " * 40, element="Patient")
    lines = str(ValidationReport("Patient", (long,))).splitlines()

    assert len({line.index("word") for line in lines[2:]}) == 1
    assert max(len(line) for line in lines) < 110


def test_a_report_without_issues_prints_one_line() -> None:
    assert str(validate(ADA)) == "Patient is valid (0 errors, 0 warnings)"


def test_an_issue_prints_as_one_line() -> None:
    assert str(ERROR) == "error: Patient.birthDate: expected a date"


def test_raise_for_errors_names_the_first_errors_and_carries_the_report() -> None:
    report = ValidationReport("Patient", (ERROR,) * 5)

    with pytest.raises(InvalidResourceError) as raised:
        report.raise_for_errors()
    assert isinstance(raised.value, MedplumError)
    assert isinstance(raised.value, ValueError)
    assert raised.value.report is report
    assert str(raised.value) == (
        "Patient is invalid (5 errors, 0 warnings): "
        + "Patient.birthDate: expected a date; " * 3
        + "and 2 more"
    )


def test_raise_for_errors_lets_a_valid_resource_pass() -> None:
    validate(ADA).raise_for_errors()


def test_a_report_is_an_operation_outcome_of_fhir() -> None:
    outcome = REPORT.to_operation_outcome()

    assert OperationOutcome.model_validate(outcome).model_dump() == outcome
    assert validate(outcome).ok
    assert outcome["issue"][1] == {
        "severity": "warning",
        "code": "invariant",
        "details": {"text": "pat-1: contact's details"},
        "diagnostics": "Rule: http://hl7.org/fhir/StructureDefinition/Patient Patient.contact"
        " pat-1 http://example.org/StructureDefinition/adult",
        "expression": ["Patient.contact[0]"],
    }
    assert [(i["severity"], i["code"]) for i in outcome["issue"]] == [
        ("error", "value"),
        ("warning", "invariant"),
        ("information", "incomplete"),
    ]


def test_an_outcome_without_issues_says_so() -> None:
    outcome = validate(ADA).to_operation_outcome()

    assert [i["severity"] for i in outcome["issue"]] == ["information"]
    assert validate(outcome).ok


def test_every_code_of_an_issue_is_one_of_fhir() -> None:
    hostile = [
        {"resourceType": "Patience"},
        ada(birthDate="x", famly=1, gender="f", contact=[{"gender": "male"}]),
        ada(modifierExtension=[{"url": "x", "valueCode": "y"}], meta={"profile": ["http://x/y"]}),
        {"resourceType": "Observation", "subject": {"reference": "Practitioner/1"}},
    ]
    for resource in hostile:
        report = validate(resource)
        assert report.issues
        assert validate(report.to_operation_outcome()).errors == ()


def test_neither_reports_nor_errors_show_values() -> None:
    secret = "Ramanujan"
    patient = ada(
        id=f"{secret}!",
        birthDate=secret,
        gender=secret,
        name=[{"family": [secret]}],
        link=[{"other": {"reference": f"#{secret}"}, "type": secret}],
        maritalStatus={"coding": [{"system": secret, "code": secret}]},
        text={"status": secret, "div": secret},
    )
    report = validate(patient)

    assert len(report.errors) > 6
    shown = [str(report), repr(report), str(report.to_operation_outcome())]
    with pytest.raises(InvalidResourceError) as raised:
        report.raise_for_errors()
    assert not any(secret in text for text in [*shown, str(raised.value), repr(raised.value)])

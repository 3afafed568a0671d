"""The examples that the documents give for the helpers and the properties of models."""

import copy

import pytest

from pymedplum import (
    build_reference,
    coding_parts,
    extract_account_references,
    extract_identifier,
    get_code_by_system,
    get_code_display,
    get_patient_display_name,
    get_resource_accounts,
    parse_reference,
    resolve_id,
    resource_has_account,
    to_fhir_json,
)
from pymedplum.fhir import CodeableConcept, HumanName, Patient

ICD, SNOMED = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct"
TWO = {"coding": [{"system": SNOMED, "code": "44054006"}, {"system": ICD, "code": "E11.9"}]}
ONE = {"coding": [{"code": "E11.9", "system": ICD, "display": "Type 2 diabetes"}], "text": "DM2"}
META = {
    "account": {"reference": "Organization/org-1"},
    "accounts": [{"reference": "Organization/org-2"}, {"reference": "Organization/org-1"}],
}
ACCOUNTS = ["Organization/org-1", "Organization/org-2"]
MRN = "http://hospital.org/mrn"
SMITH = {
    "resourceType": "Patient",
    "id": "123",
    "identifier": [{"system": MRN, "value": "123456"}],
    "meta": META,
}
EXAMPLES = [
    (parse_reference, ("Patient/abc-123",), ("Patient", "abc-123")),
    (build_reference, ("Patient", "123"), "Patient/123"),
    (resolve_id, ("Patient/123",), "123"),
    (resolve_id, ("123",), "123"),
    (resolve_id, ({"reference": "Patient/abc"},), "abc"),
    (resolve_id, (SMITH,), "123"),
    (resolve_id, (None,), None),
    (resolve_id, ("",), None),
    (resolve_id, ({},), None),
    (resolve_id, ("Patient/",), None),
    (get_patient_display_name, ({"name": [{"given": ["John"], "family": "Doe"}]},), "John Doe"),
    (get_patient_display_name, ({"name": [{"text": "J. Doe", "family": "X"}]},), "J. Doe"),
    (get_patient_display_name, ({"resourceType": "Patient"},), "Unknown"),
    (extract_identifier, (SMITH, MRN), "123456"),
    (extract_identifier, (SMITH, "http://other.org"), None),
    (get_code_display, ({"text": "Type 2 diabetes"},), "Type 2 diabetes"),
    (get_code_display, ({"coding": [{"display": "Hypertension"}]},), "Hypertension"),
    (get_code_display, ({"coding": [{"code": "E11.9"}]},), None),
    (get_code_by_system, (TWO, ICD), "E11.9"),
    (get_code_by_system, (TWO, "http://loinc.org"), None),
    (get_code_by_system, (None, ICD), None),
    (coding_parts, (ONE,), ("E11.9", ICD, "Type 2 diabetes", "DM2")),
    (coding_parts, ({"text": "free text only"},), (None, None, None, "free text only")),
    (coding_parts, ({"coding": [{"code": ""}], "text": ""},), (None, None, None, None)),
    (coding_parts, (None,), (None, None, None, None)),
    (extract_account_references, (META,), ACCOUNTS),
    (extract_account_references, (None,), []),
    (extract_account_references, ({},), []),
    (get_resource_accounts, (SMITH,), ACCOUNTS),
    (get_resource_accounts, ({"meta": {"accounts": ["x", {"display": "y"}]}},), []),
    (resource_has_account, (SMITH, "Organization/org-1"), True),
    (resource_has_account, (SMITH, "Organization/org-9"), False),
]


@pytest.mark.parametrize(
    ("function", "arguments", "result"),
    EXAMPLES,
    ids=[f"{function.__name__}-{i}" for i, (function, _, _) in enumerate(EXAMPLES)],
)
def test_an_example_of_the_documents_holds(
    function: object, arguments: tuple[object, ...], result: object
) -> None:
    given = copy.deepcopy(arguments)
    assert function(*given) == result
    assert given == arguments


@pytest.mark.parametrize("reference", ["", "Patient"])
def test_a_reference_without_a_slash_is_a_value_error(reference: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_reference(reference)


def test_helpers_read_models_as_well() -> None:
    patient = Patient.model_validate({**SMITH, "name": [{"given": ["John"], "family": "Doe"}]})
    assert resolve_id(patient) == "123"
    assert get_patient_display_name(patient) == "John Doe"
    assert extract_identifier(patient, MRN) == "123456"
    assert get_resource_accounts(patient) == ACCOUNTS
    assert coding_parts(CodeableConcept.model_validate(ONE)) == (
        "E11.9",
        ICD,
        "Type 2 diabetes",
        "DM2",
    )


def test_to_fhir_json_gives_fhirs_names_and_the_same_dict() -> None:
    named = Patient(name=[HumanName(given=["John"], family="Doe")])
    wanted = {"resourceType": "Patient", "name": [{"given": ["John"], "family": "Doe"}]}
    assert to_fhir_json(named) == wanted
    assert to_fhir_json(Patient(birth_date="1990-01-01")) == {
        "resourceType": "Patient",
        "birthDate": "1990-01-01",
    }
    assert to_fhir_json(wanted) is wanted


def test_models_have_medplums_properties() -> None:
    meta = {
        **META,
        "author": {"reference": "Practitioner/np-7"},
        "project": "8a3e",
        "compartment": [{"reference": "Patient/123"}],
    }
    patient = Patient.model_validate({"resourceType": "Patient", "meta": meta})
    assert patient.medplum_account == "Organization/org-1"
    assert patient.medplum_accounts == ACCOUNTS
    assert patient.medplum_author == "Practitioner/np-7"
    assert patient.medplum_project == "8a3e"
    assert len(patient.medplum_compartment) == 1


def test_medplums_properties_of_a_plain_model_are_empty() -> None:
    patient = Patient(active=True)
    assert patient.medplum_accounts == []
    nothing = (patient.medplum_account, patient.medplum_author, patient.medplum_project)
    assert nothing == (None, None, None)
    assert patient.medplum_compartment is None


@pytest.mark.parametrize("name", ["account", "accounts", "author", "project", "compartment"])
def test_medplums_properties_are_read_only(name: str) -> None:
    with pytest.raises((AttributeError, ValueError)):
        setattr(Patient(), f"medplum_{name}", "x")

"""Prefetched data: models when asked for, and no values in what is shown."""

from types import SimpleNamespace
from typing import Any

import pytest

from pymedplum.cds_models import CDSRequest
from pymedplum.fhir import Bundle, MedicationRequest, Observation, Patient
from pymedplum_runtime.cds.messages.prefetch import (
    MissingPrefetchError,
    Prefetch,
    PrefetchError,
    prefetched_resource,
    prefetched_resources,
)
from pymedplum_runtime.errors import CDSHooksError

PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Sekret"}]}
TEMPLATES = {"visit": "Encounter/{{context.encounterId}}"}


def asking(**values: Any) -> Any:
    return SimpleNamespace(prefetch=Prefetch(values, TEMPLATES))


def outcome(severity: str) -> dict[str, Any]:
    issue = {"severity": severity, "code": "exception"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def test_values_are_models_of_their_types() -> None:
    prefetch = Prefetch({"patient": PATIENT, "none": None, "found": bundle(PATIENT)})

    assert isinstance(prefetch["patient"], Patient)
    assert prefetch["patient"] is prefetch["patient"]
    assert prefetch["none"] is None
    assert isinstance(prefetch["found"], Bundle)
    assert list(prefetch) == ["patient", "none", "found"]
    assert len(prefetch) == 3
    assert "patient" in prefetch


def test_models_may_be_given() -> None:
    patient = Patient(id="p1")

    assert Prefetch({"patient": patient})["patient"] is patient


def test_a_missing_key_is_named_with_its_template_and_the_keys_that_there_are() -> None:
    prefetch = Prefetch({"patient": PATIENT}, TEMPLATES)

    with pytest.raises(KeyError) as caught:
        prefetch["visit"]
    assert str(caught.value) == (
        "prefetch 'visit', whose template is Encounter/{{context.encounterId}}, is not there; "
        "keys: patient, visit"
    )
    assert isinstance(caught.value, MissingPrefetchError)
    assert caught.value.key == "visit"
    assert prefetch.get("visit") is None
    assert prefetch.templates == TEMPLATES


def test_nothing_shows_values() -> None:
    prefetch = Prefetch({"patient": PATIENT, "none": None, "odd": {"resourceType": "Se kret"}})

    assert repr(prefetch) == "Prefetch(patient: Patient, none: null, odd: resource)"
    assert str(prefetch) == repr(prefetch)


@pytest.mark.parametrize("value", [3, "Patient", [], {}, {"resourceType": 3}, [PATIENT]])
def test_what_is_no_resource_is_refused(value: Any) -> None:
    with pytest.raises(CDSHooksError, match="neither a resource nor null"):
        Prefetch({"patient": value})


def test_what_breaks_the_rules_of_fhir_is_read_as_far_as_it_can_be() -> None:
    broken = {**PATIENT, "birthDate": "1.4.1980", "gender": "f", "unknown": 1}
    prefetch = Prefetch({"patient": broken, "other": PATIENT})

    patient = prefetch["patient"]
    assert isinstance(patient, Patient)
    assert [each.family for each in patient.name or ()] == ["Sekret"]
    assert isinstance(prefetch["other"], Patient)


def test_what_has_not_the_shape_of_fhir_is_told_by_its_place() -> None:
    prefetch = Prefetch({"patient": {"resourceType": "Patient", "name": [{"family": ["Sekret"]}]}})

    with pytest.raises(
        PrefetchError, match=r"'patient' cannot be read at 'name.0.family'"
    ) as caught:
        prefetch["patient"]
    assert "Sekret" not in str(caught.value)


def test_values_can_be_had_as_they_came() -> None:
    prefetch = Prefetch({"patient": PATIENT, "failed": outcome("error")})

    assert prefetch.raw("patient") is PATIENT
    assert prefetch.raw("failed")["resourceType"] == "OperationOutcome"


def test_what_the_ehr_says_instead_of_data_is_an_error() -> None:
    with pytest.raises(PrefetchError, match="'patient' is an OperationOutcome"):
        Prefetch({"patient": outcome("error")})["patient"]


def test_a_service_can_add_what_it_fetched_itself() -> None:
    prefetch = Prefetch({"patient": PATIENT})
    assert prefetch["patient"].id == "p1"

    prefetch.add({"patient": {**PATIENT, "id": "p2"}, "none": None})

    assert prefetch["patient"].id == "p2"
    assert prefetch["none"] is None


def test_a_resource_of_the_wrong_type_is_refused() -> None:
    request = asking(patient=PATIENT, none=None)

    assert prefetched_resource(request, "patient", Patient).id == "p1"
    with pytest.raises(PrefetchError, match="'patient' is Patient, where Observation is needed"):
        prefetched_resource(request, "patient", Observation)
    with pytest.raises(PrefetchError, match="'none' is null, where Patient is needed"):
        prefetched_resource(request, "none", Patient)
    with pytest.raises(MissingPrefetchError):
        prefetched_resource(request, "visit", Patient)


def test_the_resources_of_a_bundle_are_those_of_the_type() -> None:
    weight = {"resourceType": "Observation", "status": "final", "code": {"text": "weight"}}
    request = asking(
        found=bundle(weight, PATIENT, weight, outcome("information")),
        none=None,
        alone=weight,
        empty={"resourceType": "Bundle", "type": "searchset"},
    )

    assert len(prefetched_resources(request, "found", Observation)) == 2
    assert len(prefetched_resources(request, "found", Patient)) == 1
    assert prefetched_resources(request, "found", MedicationRequest) == []
    assert prefetched_resources(request, "none", Observation) == []
    assert prefetched_resources(request, "empty", Observation) == []
    assert len(prefetched_resources(request, "alone", Observation)) == 1


@pytest.mark.parametrize("severity", ["error", "fatal"])
def test_a_bundle_with_an_error_inside_is_not_taken_for_complete(severity: str) -> None:
    request = asking(found=bundle(PATIENT, outcome(severity)))

    with pytest.raises(PrefetchError, match="an error of the EHR's"):
        prefetched_resources(request, "found", Patient)


def test_another_resource_is_no_bundle() -> None:
    with pytest.raises(PrefetchError, match="is Patient, where Bundle or Observation"):
        prefetched_resources(asking(found=PATIENT), "found", Observation)


def test_a_request_keeps_its_prefetch() -> None:
    prefetch = Prefetch({"patient": PATIENT})
    body = {
        "hook": "org.example.own",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {},
        "prefetch": prefetch,
    }

    request = CDSRequest.model_validate(body)

    assert request.prefetch is prefetch
    assert '"prefetch":{"patient":{"resourceType":"Patient"' in request.model_dump_json()


def test_a_request_that_a_client_made_is_asked_in_the_same_way() -> None:
    values = {"patient": Patient(id="p1")}
    request = CDSRequest(
        hook="org.example.own",
        hook_instance="d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        context={},
        prefetch=values,
    )

    assert prefetched_resource(request, "patient", Patient).id == "p1"

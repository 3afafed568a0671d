from collections.abc import Callable
from typing import Any

import pytest
from flow_calls import PATIENT, Talk, reply, responses

from pymedplum import BundleEntryError
from pymedplum.fhir import Patient, Reference

Start = Callable[..., Talk]


def read(*entries: dict[str, Any]) -> object:
    return reply(200, {"resourceType": "Bundle", "type": "batch-response", "entry": list(entries)})


FOUND = {"resource": PATIENT, "response": {"status": "200"}}


@pytest.mark.parametrize("status", ["404", "410"])
def test_what_does_not_exist_is_none(talk: Start, status: str) -> None:
    client = talk(read(FOUND, {"response": {"status": status}}))
    found = client("resolve_references", ["Patient/1", "Patient/2"])
    assert found == {"Patient/1": PATIENT, "Patient/2": None}


@pytest.mark.parametrize("status", ["401", "403", "500", "200"])
def test_any_other_failure_is_raised_and_named(talk: Start, status: str) -> None:
    client = talk(read(FOUND, {"response": {"status": status}}))
    with pytest.raises(BundleEntryError) as caught:
        client("resolve_references", ["Patient/1", "Patient/2", "Patient/1"])
    [failed] = caught.value.entries
    assert (failed.index, failed.resource_id, failed.ok) == (1, "2", False)
    assert failed.status_code == int(status)


def test_an_entry_that_stays_throttled_is_a_failure(talk: Start) -> None:
    with pytest.raises(BundleEntryError):
        talk(read({"response": {"status": "429"}}))("resolve_references", ["Patient/1"])


def test_an_entry_that_was_not_answered_is_a_failure(talk: Start) -> None:
    client = talk(read(FOUND))
    with pytest.raises(BundleEntryError) as caught:
        client("resolve_references", ["Patient/1", "Patient/2"])
    assert [each.resource_id for each in caught.value.entries] == ["2"]


def test_an_outcome_in_the_place_of_a_resource_is_a_failure(talk: Start) -> None:
    refused = {"resource": {"resourceType": "OperationOutcome"}, "response": {"status": "403"}}
    with pytest.raises(BundleEntryError):
        talk(read(refused))("resolve_references", ["Patient/1"])


@pytest.mark.parametrize(
    "reference",
    [
        PATIENT,
        Patient.model_validate(PATIENT),
        Reference(reference="Patient/1"),
        {"reference": "Patient/1"},
        "Patient/1",
    ],
)
def test_references_and_resources_lead_to_the_resource(talk: Start, reference: object) -> None:
    client = talk(read(FOUND))
    assert client("resolve_references", [reference]) == {"Patient/1": PATIENT}
    alone = talk(reply(200, PATIENT))
    assert alone("read_reference", reference) == PATIENT


@pytest.mark.parametrize("bad", [{}, {"reference": 5}, None, {"resourceType": "Patient"}])
def test_what_leads_nowhere_is_a_value_error(talk: Start, bad: object) -> None:
    client = talk(responses())
    with pytest.raises(ValueError, match="reference"):
        client("resolve_references", [bad])
    assert client.requests == []

"""Writes that are validated first, against the embedded server."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from live_calls import LiveClient, MakeClient, Requests, bundle_of, entry_of, statuses

from pymedplum import InvalidResourceError, Validate, ValidationError
from pymedplum.fhir import Patient

PATIENT = {"resourceType": "Patient", "name": [{"family": "Ro"}]}
# The server takes a code that FHIR does not have; a double choice it refuses too.
WRONG_CODE = {**PATIENT, "gender": "f"}
WRONG_TYPE = {**PATIENT, "birthDate": "1990-2-30"}
URN = "urn:uuid:0b1c6d5e-6f3c-4c1b-8a1d-2d5a3b1f9e77"


def _observation(**elements: object) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "weight"},
        **elements,
    }


def _writes(targets: list[str]) -> list[str]:
    return [each for each in targets if not each.endswith("$validate")]


def test_local_validation_stops_what_the_server_would_store(
    client: LiveClient, requests: Requests
) -> None:
    assert client("create_resource", WRONG_CODE)["gender"] == "f"
    before = requests.targets()
    with pytest.raises(InvalidResourceError) as caught:
        client("create_resource", WRONG_CODE, validate="local")
    assert [each.expression for each in caught.value.report.errors] == ["Patient.gender"]
    assert requests.targets() == before


class Write(NamedTuple):
    """A write of a resource, and where that stands in what is validated."""

    method: str
    args: Callable[[dict[str, Any]], tuple[object, ...]]
    place: str = "Patient"


WRITES = [
    Write("create_resource", lambda r: (r,)),
    Write("create_resource_if_none_exist", lambda r: (r, "identifier=a|1")),
    Write("upsert_resource", lambda r: (r, {"identifier": "a|1"})),
    Write(
        "execute_batch",
        lambda r: (bundle_of("batch", entry_of("POST", "Patient", r)),),
        "Bundle.entry[0].resource",
    ),
    Write(
        "execute_transaction",
        lambda r: (bundle_of("transaction", entry_of("POST", "Patient", r)),),
        "Bundle.entry[0].resource",
    ),
    Write(
        "conditional_create_batch",
        lambda r: ([(PATIENT, "identifier=a|2"), (r, "identifier=a|1")],),
        "Bundle.entry[1].resource",
    ),
]


@pytest.mark.parametrize("write", WRITES, ids=[each.method for each in WRITES])
@pytest.mark.parametrize("where", ["local", "server", "both"])
def test_what_is_invalid_is_not_written(
    client_of: MakeClient, requests: Requests, write: Write, where: Validate
) -> None:
    client = client_of(validate=where)
    with pytest.raises(InvalidResourceError) as caught:
        client(write.method, *write.args(WRONG_TYPE))
    places = [each.expression for each in caught.value.report.errors]
    assert places == [f"{write.place}.birthDate"]
    assert "1990-2-30" not in str(caught.value) + repr(caught.value)
    assert _writes(requests.targets()) == []
    assert (caught.value.outcome is not None) == (where == "server")
    client(write.method, *write.args({**PATIENT, "birthDate": "1990-02-28"}))
    assert len(_writes(requests.targets())) == 1


@pytest.mark.parametrize("where", ["local", "server", "both"])
def test_updates_are_validated(client: LiveClient, requests: Requests, where: Validate) -> None:
    patient = client.create()
    before = requests.targets()
    with pytest.raises(InvalidResourceError):
        client("update_resource", {**patient, "birthDate": "1990-2-30"}, validate=where)
    with pytest.raises(InvalidResourceError):
        client(
            "update_with_retry",
            "Patient",
            patient["id"],
            lambda stored: {**stored, "birthDate": "1990-2-30"},
            validate=where,
        )
    assert {each.partition(" ")[0] for each in _writes(requests.targets()[len(before) :])} <= {
        "GET"
    }
    assert client("read_resource", "Patient", patient["id"]) == patient


STORED: list[tuple[str, dict[str, Any]]] = [
    ("Patient", {}),
    ("Observation", {"valueQuantity": {"value": 82.500, "unit": "kg"}}),
    ("Bot", {}),
    ("Agent", {}),
    ("Questionnaire", {"status": "active", "item": [{"linkId": "1", "type": "display"}]}),
]


@pytest.mark.parametrize(("kind", "elements"), STORED, ids=[each[0] for each in STORED])
def test_what_the_server_stored_can_be_written_back(
    client_of: MakeClient, kind: str, elements: dict[str, Any]
) -> None:
    client = client_of(validate="both")
    stored = client.create(kind, **elements)
    assert "author" in stored["meta"]  # Medplum's own, which FHIR does not have
    assert client("update_resource", {**stored, "language": "de"})["language"] == "de"

    def in_english(found: dict[str, Any]) -> dict[str, Any]:
        return {**found, "language": "en"}

    assert client("update_with_retry", kind, stored["id"], in_english).wrote


def test_models_are_validated_and_written(client_of: MakeClient) -> None:
    client = client_of(validate="both")
    made = client("create_resource", Patient.model_validate(PATIENT), as_fhir=Patient)
    made.active = True
    assert client("update_resource", made, as_fhir=Patient).active is True


def test_references_within_a_bundle_are_known(client_of: MakeClient) -> None:
    client = client_of(validate="both")
    subject = {"reference": URN}
    batch = bundle_of(
        "batch",
        {**entry_of("POST", "Patient", PATIENT), "fullUrl": URN},
        entry_of("POST", "Observation", _observation(subject=subject)),
        entry_of("GET", "Patient?family=Ro"),
    )
    assert statuses(client("execute_batch", batch)) == ["201", "201", "200"]
    wrong = entry_of("POST", "Observation", _observation(encounter=subject))
    with pytest.raises(InvalidResourceError) as caught:
        client("execute_batch", {**batch, "entry": [batch["entry"][0], wrong]})
    [error] = caught.value.report.errors
    assert error.expression.startswith("Bundle.entry[1].resource.encounter")


def test_the_server_knows_profiles_that_this_package_does_not(client_of: MakeClient) -> None:
    client = client_of()
    url = "https://profiles.example/named"
    client("create_resource", _profile(url))
    nameless = {"resourceType": "Patient", "meta": {"profile": [url]}, "active": True}
    with pytest.raises(InvalidResourceError) as caught:
        client("create_resource", nameless, validate="server")
    assert [each.expression for each in caught.value.report.errors] == ["Patient.name"]
    with pytest.raises(ValidationError):  # as it would on the write itself
        client("create_resource", nameless, validate="local")
    assert client("create_resource", {**nameless, **PATIENT}, validate="both")["id"]


def _profile(url: str) -> dict[str, Any]:
    """Give a profile of Patient that wants a name, as far as the server reads it."""

    def element(path: str, least: int, most: str, *types: str) -> dict[str, Any]:
        base = {"path": path, "min": 0, "max": most}
        codes = {"type": [{"code": code} for code in types]} if types else {}
        return {**base, "id": path, "min": least, "definition": "A", "base": base, **codes}

    elements = [
        element("Patient", 0, "*"),
        element("Patient.id", 0, "1", "id"),
        element("Patient.meta", 0, "1", "Meta"),
        element("Patient.active", 0, "1", "boolean"),
        element("Patient.name", 1, "*", "HumanName"),
    ]
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "name": "Named",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation": "constraint",
        "snapshot": {"element": elements},
    }

"""Creating, changing and deleting as the server does it."""

from typing import Any

import pytest
from live_calls import LiveClient, MakeClient, Requests
from pydantic import ValidationError as ModelError

from pymedplum import (
    ConflictError,
    GoneError,
    NotFoundError,
    PreconditionFailedError,
    ServerError,
    ValidationError,
)
from pymedplum.fhir import Patient
from tests.medplum_server.process import MedplumServer

UNKNOWN_ID = "99999999-9999-4999-8999-999999999999"
MRN = {"system": "http://mrn.example", "value": "1"}
BY_MRN = "identifier=http://mrn.example|1"
MINIMAL = {"Prefer": "return=minimal"}


def test_a_create_returns_what_is_stored_under_an_id_of_the_servers(client: LiveClient) -> None:
    stored = client.create(id=UNKNOWN_ID)
    assert stored["id"] != UNKNOWN_ID
    assert client("read_resource", "Patient", stored["id"]) == stored
    typed = client("create_resource", Patient(active=True), as_fhir=Patient)
    assert isinstance(typed, Patient)
    assert typed.meta is not None
    assert typed.meta.version_id


def test_a_write_that_changes_nothing_keeps_the_version(client: LiveClient) -> None:
    stored = client.create(active=True)
    assert client("update_resource", stored)["meta"] == stored["meta"]
    same = [{"op": "replace", "path": "/active", "value": True}]
    assert client("patch_resource", "Patient", stored["id"], same)["meta"] == stored["meta"]


def test_a_delete_answered_with_200_returns_none(client: LiveClient) -> None:
    patient = client.create()
    assert client("delete_resource", "Patient", patient["id"]) is None
    assert client("delete_resource", "Patient", patient["id"]) is None
    with pytest.raises(GoneError) as caught:
        client("read_resource", "Patient", patient["id"])
    assert isinstance(caught.value, NotFoundError)


def test_an_update_brings_a_deleted_resource_back(client: LiveClient) -> None:
    patient = client.create()
    client("delete_resource", "Patient", patient["id"])
    del patient["meta"]
    assert client("update_resource", patient)["name"] == patient["name"]
    assert client("read_resource", "Patient", patient["id"])["id"] == patient["id"]


def test_an_update_of_an_unknown_id_is_not_found(client: LiveClient) -> None:
    with pytest.raises(NotFoundError):
        client("update_resource", {"resourceType": "Patient", "id": UNKNOWN_ID})


def test_a_read_ignores_elements_and_summary(client: LiveClient) -> None:
    patient = client.create()
    path = f"fhir/R4/Patient/{patient['id']}"
    assert client("get", path, params={"_elements": "id", "_summary": "true"}) == patient


def test_if_none_exist_gives_the_existing_resource(client: LiveClient) -> None:
    patient = {"resourceType": "Patient", "identifier": [MRN]}
    first = client("create_resource_if_none_exist", patient, BY_MRN)
    assert client("create_resource_if_none_exist", patient, BY_MRN) == first
    assert client("search_resources", "Patient", BY_MRN + "&_total=accurate")["total"] == 1


def test_an_upsert_creates_and_then_updates(client: LiveClient) -> None:
    patient: dict[str, Any] = {"resourceType": "Patient", "identifier": [MRN]}
    first = client("upsert_resource", patient, BY_MRN)
    second = client("upsert_resource", {**patient, "active": True}, BY_MRN)
    assert (second["id"], second["active"]) == (first["id"], True)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("upsert_resource", [{"resourceType": "Patient"}, BY_MRN]),
        ("create_resource_if_none_exist", [{"resourceType": "Patient"}, BY_MRN]),
        ("delete_resources_matching", ["Patient", BY_MRN]),
    ],
)
def test_a_condition_that_several_match_is_a_failed_precondition(
    client: LiveClient, method: str, arguments: list[object]
) -> None:
    client.create(identifier=[MRN])
    client.create(identifier=[MRN])
    with pytest.raises(PreconditionFailedError) as caught:
        client(method, *arguments)
    assert caught.value.status_code == 412


def test_the_one_match_is_deleted(client: LiveClient) -> None:
    client.create(identifier=[MRN])
    assert client("delete_resources_matching", "Patient", BY_MRN) is None
    assert client("search_one", "Patient", BY_MRN) is None


@pytest.mark.parametrize("conflicts", [1, 2])
def test_a_409_with_40001_is_retried(
    client: LiveClient, server: MedplumServer, requests: Requests, conflicts: int
) -> None:
    patient = client.create()
    server.control("config", {"conflicts": conflicts})
    patch = [{"op": "add", "path": "/active", "value": True}]
    assert client("patch_resource", "Patient", patient["id"], patch)["active"] is True
    assert [each["status"] for each in requests.fhir()[1:]] == [*[409] * conflicts, 200]
    assert len(client.clock.sleeps) == conflicts


def test_a_409_that_does_not_go_away_is_a_conflict_error(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("config", {"conflicts": 99})
    client("upsert_resource", {"resourceType": "Patient", "identifier": [MRN]}, BY_MRN)  # a create
    with pytest.raises(ConflictError):
        client("upsert_resource", {"resourceType": "Patient", "active": True}, BY_MRN)
    assert len(client.clock.sleeps) == 2


def test_another_409_is_not_retried(client: LiveClient, server: MedplumServer) -> None:
    server.control("script", {"status": 409, "json": {}, "path": "^fhir/"})
    with pytest.raises(ConflictError):
        client.create()
    assert client.clock.sleeps == []


def test_return_minimal_is_survived(client: LiveClient) -> None:
    patient = {"resourceType": "Patient", "active": True}
    created = client("create_resource", patient, headers=MINIMAL)
    assert created["active"] is True
    typed = client("create_resource", patient, headers=MINIMAL, as_fhir=Patient)
    assert isinstance(typed, Patient)
    assert client("update_resource", {**created, "active": False}, headers=MINIMAL) is None
    assert client("read_resource", "Patient", created["id"])["active"] is False


def test_return_minimal_empties_errors_and_searches_too(client: LiveClient) -> None:
    client.create()
    with pytest.raises(NotFoundError) as caught:
        client("read_resource", "Patient", UNKNOWN_ID, headers=MINIMAL)
    assert caught.value.response_data is None
    assert client("get", "fhir/R4/Patient", headers=MINIMAL) is None


def test_a_patch_is_a_json_patch_and_nothing_else(client: LiveClient, requests: Requests) -> None:
    patient = client.create()
    parameters = {"resourceType": "Parameters"}
    with pytest.raises(TypeError):
        client("patch_resource", "Patient", patient["id"], parameters)
    client("patch_resource", "Patient", patient["id"], [])
    sent = requests.fhir()[-1]["headers"]
    assert sent["content-type"] == "application/json-patch+json"


def test_codes_that_the_server_accepts_are_caught_by_the_models(client: LiveClient) -> None:
    stored = client.create(gender="bogus")
    assert client("read_resource", "Patient", stored["id"])["gender"] == "bogus"
    with pytest.raises(ModelError, match=f"Patient/{stored['id']}") as caught:
        client("read_resource", "Patient", stored["id"], Patient)
    assert "bogus" not in str(caught.value)
    with pytest.raises(ModelError):
        Patient(gender="bogus")  # type: ignore[arg-type]


def test_two_values_of_a_choice_that_the_server_accepts_are_caught_by_the_models(
    client: LiveClient,
) -> None:
    stored = client.create(deceasedBoolean=True, deceasedDateTime="2020-01-01")
    with pytest.raises(ModelError):
        client("read_resource", "Patient", stored["id"], Patient)


def test_null_in_a_dict_is_refused_by_the_server(client: LiveClient) -> None:
    with pytest.raises(ValidationError):
        client.create(active=None)


def test_an_update_without_meta_drops_tags_and_keeps_accounts(client: LiveClient) -> None:
    organization = f"Organization/{client.create('Organization', name='Clinic')['id']}"
    tagged = {"tag": [{"code": "vip"}]}
    patient = client(
        "create_resource", {"resourceType": "Patient", "meta": tagged}, accounts=organization
    )
    assert patient["meta"]["tag"] == tagged["tag"]
    written = client(
        "update_resource", {"resourceType": "Patient", "id": patient["id"], "active": True}
    )
    assert "tag" not in written["meta"]
    assert written["meta"]["accounts"] == [{"reference": organization}]


def test_a_bare_create_is_not_repeated_after_a_lost_answer(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("faults", {"kinds": ["502-after"], "times": 1})
    with pytest.raises(ServerError) as caught:
        client.create()
    assert caught.value.possibly_committed
    assert client("search_resources", "Patient", "_total=accurate")["total"] == 1


def test_a_conditional_create_is_repeated_after_a_lost_answer(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("faults", {"kinds": ["502-after", "drop-after"], "times": 2})
    patient = {"resourceType": "Patient", "identifier": [MRN]}
    client("create_resource_if_none_exist", patient, BY_MRN)
    assert client("search_resources", "Patient", "_total=accurate")["total"] == 1


def test_extended_mode_shows_metadata_and_plain_mode_hides_it(
    client: LiveClient, client_of: MakeClient, server: MedplumServer
) -> None:
    patient = client.create()
    assert patient["meta"]["author"]["reference"] == f"ClientApplication/{server.client_id}"
    assert patient["meta"]["project"] == server.project_id
    plain = client_of(extended=False)("read_resource", "Patient", patient["id"])
    assert plain["meta"].keys().isdisjoint({"author", "project", "compartment"})

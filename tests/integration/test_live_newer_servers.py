"""What a newer server sends, and what has no method of its own: nothing of it is lost."""

from decimal import Decimal
from typing import Any

import pytest
from live_calls import LiveClient, MakeClient, Requests
from pydantic import ValidationError as ModelError

from pymedplum import MedplumError
from pymedplum.fhir import Observation, Patient
from tests.medplum_server.process import MedplumServer

PATIENT_ID = "70000000-0000-4000-8000-000000000001"
NEWER: dict[str, Any] = {
    "resourceType": "Patient",
    "id": PATIENT_ID,
    "meta": {"versionId": "1", "newInMeta": {"a": [1, None]}},
    "newElement": "kept",
    "name": [{"family": "Ro", "newPart": True}],
}
PAGE = {
    "resourceType": "Bundle",
    "type": "searchset",
    "newLevel": 1,
    "entry": [{"resource": NEWER}],
}
EXACT = '{"resourceType":"Observation","id":"1","status":"final","code":{"text":"c"},%s}'
QUANTITY = '"valueQuantity":{"value":1.00}'


def test_a_typed_read_keeps_unknown_properties_at_every_level(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("script", {"json": NEWER, "method": "GET", "path": "^fhir/", "times": 3})
    for read in (
        client("read_resource", "Patient", PATIENT_ID, Patient),
        client("read_reference", f"Patient/{PATIENT_ID}", Patient),
        client("read_resource_if_modified", "Patient", PATIENT_ID, Patient, version_id="0"),
    ):
        assert read.model_dump(exclude_none=False) == NEWER


def test_a_typed_search_keeps_unknown_properties(client: LiveClient, server: MedplumServer) -> None:
    server.control("script", {"json": PAGE, "path": "^fhir/R4/Patient", "times": 3})
    (in_pages,) = client("search_resource_pages", "Patient", as_fhir=Patient)
    one = client("search_one", "Patient", as_fhir=Patient)
    (in_bundle,) = client("search_resources", "Patient", return_bundle=True, as_fhir=Patient)
    assert [each.model_dump(exclude_none=False) for each in (in_pages, one, in_bundle)] == [
        NEWER
    ] * 3


def test_what_was_read_is_written_back_whole(client_of: MakeClient, server: MedplumServer) -> None:
    bodies: list[Any] = []

    def keep(request: Any) -> None:
        bodies.append(request.json_body)

    client = client_of(before_request=keep)
    server.control("script", {"json": NEWER, "path": "^fhir/", "times": 2})
    read = client("read_resource", "Patient", PATIENT_ID, Patient)
    written = client("update_resource", read, as_fhir=Patient)
    assert bodies[-1] == NEWER
    assert written == read


def test_an_unknown_code_raises_with_type_id_and_path_alone(
    client: LiveClient, server: MedplumServer
) -> None:
    newer = {**NEWER, "gender": "newer-code"}
    server.control("script", {"json": newer, "path": "^fhir/"})
    with pytest.raises(ModelError, match=f"Patient/{PATIENT_ID}") as caught:
        client("read_resource", "Patient", PATIENT_ID, Patient)
    assert "gender" in str(caught.value)
    assert "newer-code" not in str(caught.value)


def test_an_answer_of_another_type_is_refused(client: LiveClient, server: MedplumServer) -> None:
    server.control("script", {"json": NEWER, "path": "^fhir/"})
    with pytest.raises(MedplumError, match="Patient, not Observation"):
        client("read_resource", "Observation", PATIENT_ID, Observation)


def test_decimals_keep_their_text_in_models(client: LiveClient, server: MedplumServer) -> None:
    step = {"text": EXACT % QUANTITY, "type": "application/fhir+json", "path": "^fhir/"}
    server.control("script", step)
    read = client("read_resource", "Observation", "1", Observation)
    assert str(read.value_quantity.value) == "1.00"
    assert '"value":1.00' in read.model_dump_json()


def test_decimals_keep_their_text_in_dicts_where_that_is_asked(
    client_of: MakeClient, server: MedplumServer
) -> None:
    client, plain = client_of(exact_decimals=True), client_of()
    step = {"text": EXACT % QUANTITY, "type": "application/fhir+json", "path": "^fhir/"}
    server.control("script", {**step, "times": 2})
    value = client("read_resource", "Observation", "1")["valueQuantity"]["value"]
    assert isinstance(value, Decimal)
    assert str(value) == "1.00"
    value = plain("read_resource", "Observation", "1")["valueQuantity"]["value"]
    assert isinstance(value, float)


def test_not_a_number_is_never_sent(client: LiveClient, requests: Requests) -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="NaN"):
            client.create("Observation", valueQuantity={"value": value})
    assert requests.fhir() == []


def test_any_path_is_reached_by_its_verb(client: LiveClient, server: MedplumServer) -> None:
    patient = client("post", "fhir/R4/Patient", json={"resourceType": "Patient"})
    path = f"/fhir/R4/Patient/{patient['id']}"
    assert client("get", path) == client("get", f"{server.base_url}{path[1:]}") == patient
    changed = client("put", path, json={**patient, "active": True})
    assert changed["active"] is True
    assert client("get", "fhir/R4/Patient", params={"active": True})["entry"]
    assert client("delete", path)["resourceType"] == "OperationOutcome"
    text = {"Content-Type": "text/plain"}
    assert client("put", "keyvalue/v1/key", content="text", headers=text) is None
    assert client("delete", "keyvalue/v1/key") is None


def test_a_closed_client_refuses_calls(client_of: MakeClient, requests: Requests) -> None:
    client = client_of()
    client.close()
    with pytest.raises(MedplumError, match="closed") as caught:
        client("read_resource", "Patient", PATIENT_ID)
    assert isinstance(caught.value, RuntimeError)
    assert requests.all() == []

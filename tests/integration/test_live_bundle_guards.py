"""Entries of bundles that are guarded by versions, before the embedded server."""

import base64
import json
from typing import Any

import pytest
from live_calls import LiveClient, Requests

from pymedplum import FHIRBundle, MissingVersionIdError
from pymedplum.fhir import Patient


def entry(method: str, resource: Any, path: str, **request: str) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": method, "url": path, **request}}


def batch(*entries: dict[str, Any], kind: str = "batch") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def statuses(answer: dict[str, Any]) -> list[int | None]:
    return [each.status_code for each in FHIRBundle(answer).entry_results()]


def put(resource: Any, **request: str) -> dict[str, Any]:
    resource_id = resource["id"] if isinstance(resource, dict) else resource.id
    return entry("PUT", resource, f"Patient/{resource_id}", **request)


def test_a_stale_update_in_a_batch_fails_where_it_is_guarded(client: LiveClient) -> None:
    stale = client.create()
    client("update_resource", {**stale, "active": True})
    fresh = client.create()
    answer = client("execute_batch", batch(put(stale), put(fresh)), if_match=True)
    assert statuses(answer) == [412, 200]
    assert statuses(client("execute_batch", batch(put(stale)))) == [200]


def test_a_model_in_an_entry_is_guarded_too(client: LiveClient) -> None:
    stale = client.create()
    client("update_resource", {**stale, "active": True})
    model = Patient.model_validate(stale)
    assert statuses(client("execute_batch", batch(put(model)), if_match="required")) == [412]


def test_a_transaction_takes_guards(client: LiveClient, requests: Requests) -> None:
    fresh = client.create()
    client("execute_transaction", batch(put(fresh), kind="transaction"), if_match=True)
    assert requests.fhir()[-1]["method"] == "POST"


def test_a_guard_of_the_callers_stays(client: LiveClient) -> None:
    fresh = client.create()
    answer = client("execute_batch", batch(put(fresh, ifMatch='W/"other"')), if_match=True)
    assert statuses(answer) == [412]


def test_a_guard_that_the_server_would_ignore_is_refused(
    client: LiveClient, requests: Requests
) -> None:
    with pytest.raises(ValueError, match="ifMatch of entry 1"):
        client(
            "execute_batch",
            batch(
                put({"resourceType": "Patient", "id": "1"}),
                put({"resourceType": "Patient", "id": "2"}, ifMatch="5"),
            ),
        )
    assert requests.fhir() == []


def test_required_refuses_a_resource_without_a_version(
    client: LiveClient, requests: Requests
) -> None:
    unread = {"resourceType": "Patient", "id": "1"}
    with pytest.raises(MissingVersionIdError, match="Patient"):
        client("execute_batch", batch(put(unread)), if_match="required")
    assert requests.fhir() == []


@pytest.mark.parametrize("wrong", ['W/"5"', "yes", None])
def test_a_guard_for_all_entries_is_no_tag(client: LiveClient, wrong: Any) -> None:
    with pytest.raises(ValueError, match="if_match"):
        client("execute_batch", batch(put({"resourceType": "Patient", "id": "1"})), if_match=wrong)


def patch_of(resource: dict[str, Any], tag: str) -> dict[str, Any]:
    operations = json.dumps([{"op": "add", "path": "/active", "value": True}]).encode()
    binary = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": base64.b64encode(operations).decode(),
    }
    return entry("PATCH", binary, f"Patient/{resource['id']}", ifMatch=tag)


def test_a_guard_of_a_patch_becomes_its_first_test(client: LiveClient) -> None:
    stale = client.create()
    current = client("update_resource", {**stale, "gender": "female"})
    tags = [f'W/"{each["meta"]["versionId"]}"' for each in (stale, current)]
    assert statuses(client("execute_batch", batch(patch_of(stale, tags[0])))) != [200]
    assert "active" not in client("read_resource", "Patient", stale["id"])
    assert statuses(client("execute_batch", batch(patch_of(stale, tags[1])))) == [200]


def test_a_guarded_patch_that_is_none_is_refused(client: LiveClient, requests: Requests) -> None:
    broken = entry("PATCH", {"resourceType": "Binary", "data": "?"}, "Patient/1", ifMatch='W/"5"')
    with pytest.raises(ValueError, match="entry 0: a patch is a Binary"):
        client("execute_batch", batch(broken))
    assert requests.fhir() == []

"""Writes and reads that depend on a version, against the server's own way with them."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from live_calls import LiveClient, MakeClient, Requests

from pymedplum import (
    MissingVersionIdError,
    NetworkError,
    PreconditionFailedError,
    PreparedRequest,
    ValidationError,
)
from tests.medplum_server.process import MedplumServer

STALE = 'W/"00000000-0000-4000-8000-000000000000"'


def _tag(resource: dict[str, Any]) -> str:
    return f'W/"{resource["meta"]["versionId"]}"'


def test_an_update_sends_its_version_and_a_stale_one_fails(
    client: LiveClient, requests: Requests
) -> None:
    read = client.create(active=True)
    written = client("update_resource", {**read, "active": False})
    assert requests.fhir()[-1]["headers"]["if-match"] == _tag(read)
    with pytest.raises(PreconditionFailedError) as caught:
        client("update_resource", {**read, "gender": "other"})
    assert caught.value.status_code == 412
    assert client("read_resource", "Patient", read["id"]) == written


def test_an_unguarded_update_is_asked_for_by_name(client: LiveClient, requests: Requests) -> None:
    read = client.create(active=True)
    client("update_resource", {**read, "active": False})
    client("update_resource", {**read, "gender": "other"}, if_match=False)
    assert "if-match" not in requests.fhir()[-1]["headers"]


def test_a_required_guard_needs_a_version(client: LiveClient, requests: Requests) -> None:
    read = client.create()
    with pytest.raises(MissingVersionIdError):
        client(
            "update_resource", {"resourceType": "Patient", "id": read["id"]}, if_match="required"
        )
    assert len(requests.fhir()) == 1


@pytest.mark.parametrize("unquoted", ["1", "W/1", "*"])
def test_an_unquoted_if_match_never_reaches_the_server(
    client: LiveClient, requests: Requests, unquoted: str
) -> None:
    read = client.create()
    with pytest.raises(ValueError, match="entity tag"):
        client("update_resource", read, if_match=unquoted)
    with pytest.raises(ValueError, match="entity tag"):
        client("update_resource", read, headers={"if-match": unquoted})
    with pytest.raises(ValueError, match="entity tag"):
        client("patch_resource", "Patient", read["id"], [], if_match=unquoted)
    with pytest.raises(ValueError, match="entity tag"):
        client("delete_resource", "Patient", read["id"], if_match=unquoted)
    assert len(requests.fhir()) == 1


def test_if_match_on_a_patch_becomes_a_leading_test(client_of: MakeClient) -> None:
    bodies: list[Any] = []

    def keep(request: PreparedRequest) -> None:
        bodies.append(request.json_body)

    client = client_of(before_request=keep)
    read = client.create(active=True)
    patch = [{"op": "replace", "path": "/active", "value": False}]
    client("patch_resource", "Patient", read["id"], patch, if_match=_tag(read))
    test = {"op": "test", "path": "/meta/versionId", "value": read["meta"]["versionId"]}
    assert bodies[-1] == [test, *patch]


@pytest.mark.parametrize("as_header", [True, False])
def test_a_stale_patch_fails_and_writes_nothing(
    client: LiveClient,
    as_header: bool,  # noqa: FBT001 - a table of cases
) -> None:
    read = client.create(active=True)
    patch = [{"op": "replace", "path": "/active", "value": False}]
    guard: dict[str, Any] = {"headers": {"If-Match": STALE}} if as_header else {"if_match": STALE}
    with pytest.raises(PreconditionFailedError):
        client("patch_resource", "Patient", read["id"], patch, **guard)
    assert client("read_resource", "Patient", read["id"]) == read


def test_a_test_of_the_callers_own_that_fails_is_no_precondition(client: LiveClient) -> None:
    read = client.create(active=True)
    patch = [{"op": "test", "path": "/active", "value": False}]
    with pytest.raises(ValidationError):
        client("patch_resource", "Patient", read["id"], patch)


def test_a_stale_delete_fails(client: LiveClient) -> None:
    read = client.create()
    with pytest.raises(PreconditionFailedError):
        client("delete_resource", "Patient", read["id"], if_match=STALE)
    client("delete_resource", "Patient", read["id"], if_match=_tag(read))


def test_a_304_is_none_and_no_error(client: LiveClient, requests: Requests) -> None:
    read = client.create()
    version = read["meta"]["versionId"]
    again = "read_resource_if_modified"
    assert client(again, "Patient", read["id"], version_id=version) is None
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    assert client(again, "Patient", read["id"], since=later) is None
    assert [each["status"] for each in requests.fhir()] == [201, 304, 304]
    earlier = later - timedelta(days=1)
    assert client(again, "Patient", read["id"], since=earlier) == read
    changed = client("update_resource", {**read, "active": True})
    assert client(again, "Patient", read["id"], version_id=version) == changed


def test_update_with_retry_carries_a_change_over_somebody_elses(
    client: LiveClient, server: MedplumServer
) -> None:
    patient = client.create()
    server.control("script", {"status": 412, "json": {}, "method": "PUT"})
    result = client("update_with_retry", "Patient", patient["id"], lambda p: {**p, "active": True})
    assert (result.wrote, result.resource["active"]) == (True, True)
    assert result.version_id == result.resource["meta"]["versionId"]
    nothing = client("update_with_retry", "Patient", patient["id"], lambda _: None)
    assert (nothing.wrote, nothing.version_id) == (False, result.version_id)


def test_update_with_retry_gives_up_when_told(client: LiveClient, server: MedplumServer) -> None:
    patient = client.create()
    server.control("script", {"status": 412, "json": {}, "method": "PUT", "times": 9})
    with pytest.raises(PreconditionFailedError):
        client("update_with_retry", "Patient", patient["id"], lambda p: {**p, "active": True})


def test_a_guarded_write_whose_answer_was_lost_says_that_it_may_have_happened(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    read = client.create()
    server.control("faults", {"kinds": ["502-after"], "method": "PUT", "times": 1})
    with pytest.raises(PreconditionFailedError) as caught:
        client("update_resource", {**read, "active": True})
    assert caught.value.possibly_committed
    assert [each["method"] for each in requests.fhir()] == ["POST", "PUT", "PUT"]


def test_a_write_without_any_answer_says_that_it_may_have_happened(
    client: LiveClient, server: MedplumServer
) -> None:
    patch = [{"op": "add", "path": "/active", "value": True}]
    patient = client.create()
    server.control("faults", {"kinds": ["drop-after"]})
    with pytest.raises(NetworkError) as caught:
        client("patch_resource", "Patient", patient["id"], patch)
    assert caught.value.possibly_committed
    server.control("faults", method="DELETE")
    assert client("read_resource", "Patient", patient["id"])["active"] is True

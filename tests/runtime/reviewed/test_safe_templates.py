import pickle

import httpx
import pytest
from mock_clients import Clock, Seen, answer, sync_client

from pymedplum import (
    FHIRBundle,
    MedplumError,
    NetworkError,
    OperationOutcomeError,
    RateLimitError,
    RequestEvent,
)
from pymedplum.fhir import Patient

ISSUE = {"severity": "error", "code": "John Smith 1980"}


@pytest.mark.parametrize(
    "path",
    [
        "fhir/R4/patient/123-45-6789",
        "scim/v2/Users/123-45-6789",
        "fhircast/STU3/123-45-6789",
        "storage/123-45-6789/1",
        "fhir/R5/Patient/123-45-6789",
        "keyvalue/v1/123-45-6789",
        "admin/projects/123-45-6789/members/123-45-6789",
    ],
)
def test_no_path_that_we_do_not_know_shows_its_ids(path: str) -> None:
    events: list[RequestEvent] = []
    client = sync_client(lambda _: answer(400, {}), on_request_complete=events.append)
    with pytest.raises(MedplumError) as caught:
        client.get(path)
    assert "6789" not in str(caught.value)
    assert "6789" not in str(events[0].to_non_phi_dict())
    assert "{id}" in events[0].path_template


def test_known_routes_keep_their_words() -> None:
    events: list[RequestEvent] = []
    client = sync_client(lambda _: answer(), on_request_complete=events.append)
    client.get("admin/projects/123/members/456")
    client.get("auth/me")
    templates = [event.path_template for event in events]
    assert templates == ["/admin/projects/{id}/members/{id}", "/auth/me"]


def test_a_code_that_is_no_code_is_not_shown() -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [ISSUE]}
    client = sync_client(lambda _: answer(422, outcome))
    with pytest.raises(MedplumError) as caught:
        client.read_resource("Patient", "1")
    assert "Smith" not in f"{caught.value} {caught.value.sanitize_for_logging()}"
    assert caught.value.outcome == outcome


def test_every_error_gives_the_outcome_and_its_words() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "forbidden", "details": {"text": "No"}}],
    }
    client = sync_client(lambda _: answer(403, outcome))
    with pytest.raises(MedplumError) as caught:
        client.read_resource("Patient", "1")
    assert (caught.value.outcome, caught.value.detail) == (outcome, "No")


def test_retry_after_of_a_date_is_seconds_from_now() -> None:
    headers = {"Retry-After": "Wed, 15 Nov 2023 00:00:00 GMT"}
    client = sync_client(lambda _: answer(429, {}, **headers), clock=Clock(1_700_006_395.0))
    with pytest.raises(RateLimitError) as caught:
        client.read_resource("Patient", "1")
    assert caught.value.retry_after == 5.0
    assert caught.value.sanitize_for_logging()["retry_after"] == 5.0


def test_a_posted_search_leaves_its_parameters_in_the_event() -> None:
    events: list[RequestEvent] = []
    bundle = {"resourceType": "Bundle", "type": "searchset"}
    client = sync_client(lambda _: answer(body=bundle), on_request_complete=events.append)
    client.search_resources("Patient", {"_id": ",".join(f"id-{n}" for n in range(1000))})
    assert events[0].action == "search"
    assert (events[0].query_params or {})["_id"][0].startswith("id-0,id-1")
    assert events[0].path_template == "/fhir/R4/Patient/_search"


def test_an_invitation_whose_message_failed_is_an_error() -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}
    client = sync_client(lambda _: answer(200, outcome))
    with pytest.raises(OperationOutcomeError) as caught:
        client.invite_user("p", "Practitioner", "A", "B", "a@example.com")
    assert caught.value.possibly_committed


def test_a_bundle_can_be_pickled() -> None:
    text = b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"1"}}]}'
    for bundle in (FHIRBundle.from_json(text, Patient), FHIRBundle({"resourceType": "Bundle"})):
        again = pickle.loads(pickle.dumps(bundle))  # noqa: S301 - ours
        assert list(again) == list(bundle)


def test_a_hook_that_raises_lets_no_token_request_out_either() -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("not today")

    seen = Seen()
    client = sync_client(seen, client_id="a", client_secret="b", before_request=refuse)
    with pytest.raises(RuntimeError, match="not today"):
        client.read_resource("Patient", "1")
    assert seen.requests == []


def test_a_network_error_names_the_call() -> None:
    def drop(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut", request=request)

    client = sync_client(drop, clock=Clock())
    with pytest.raises(NetworkError, match=r"^GET /fhir/R4/Patient/\{id\}: no answer"):
        client.read_resource("Patient", "secret-id")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "/gender"},
        {"op": "move", "path": "/gender"},
        {"op": "remove", "path": "gender"},
        {"op": "frob", "path": "/a"},
    ],
)
def test_an_operation_that_is_no_json_patch_is_refused(operation: dict[str, str]) -> None:
    seen = Seen()
    with pytest.raises(ValueError, match="operation 0 of the patch"):
        sync_client(seen).patch_resource("Patient", "1", [operation])
    assert seen.requests == []


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("resolve_references", (None,)),
        ("resolve_references", ("Patient/1",)),
        ("set_accounts", ("Patient/1", 5)),
        ("set_accounts", (5, "Organization/1")),
        ("set_accounts", ("Patient/1", {"reference": "Organization/1"})),
    ],
)
def test_a_wrong_type_is_named(method: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(TypeError, match=r"must be a"):
        getattr(sync_client(Seen()), method)(*arguments)

from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from mock_clients import BASE, PATIENT, Clock, Seen, answer, sync_client

from pymedplum import MedplumClient, PreconditionFailedError, make_project_membership_access


@pytest.mark.parametrize(
    "value",
    [b"x", {"a"}, datetime(2024, 1, 1), object()],  # noqa: DTZ001 - without a zone on purpose
)
def test_a_value_that_json_has_not_is_a_type_error(value: object) -> None:
    seen = Seen()
    with pytest.raises(TypeError, match="not a JSON value"):
        sync_client(seen).create_resource({"resourceType": "Basic", "x": [value]})
    assert seen.requests == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), "\ud800"])
def test_a_value_that_json_cannot_write_is_a_value_error(value: object) -> None:
    seen = Seen()
    with pytest.raises(ValueError, match=r"NaN|Unicode"):
        sync_client(seen).create_resource({"resourceType": "Basic", "x": [value]})
    assert seen.requests == []


def test_mappings_and_exact_decimals_inside_are_sent() -> None:
    seen = Seen()
    inner = MappingProxyType({"value": Decimal("1.00")})
    sync_client(seen).create_resource({"resourceType": "Basic", "x": inner})
    assert b'"value":1.00' in seen.requests[0].content


@pytest.mark.parametrize("query", [{}, {"_sort": "x"}, {"identifier": ""}, {"_count": 1}])
def test_criteria_that_select_nothing_are_refused(query: dict[str, Any]) -> None:
    seen = Seen()
    client = sync_client(seen)
    with pytest.raises(ValueError, match="select"):
        client.delete_resources_matching("Patient", query)
    with pytest.raises(ValueError, match="select"):
        client.upsert_resource(PATIENT, query)
    assert seen.requests == []


def test_a_conditional_create_that_selects_nothing_is_refused() -> None:
    seen = Seen()
    with pytest.raises(ValueError, match="if_none_exist"):
        sync_client(seen).create_resource_if_none_exist(PATIENT, "_sort=name")
    assert seen.requests == []


@pytest.mark.parametrize("headers", [{"If-Match": "5"}, {"If-Match": ""}])
def test_an_if_match_header_that_the_server_would_ignore_is_refused(
    headers: dict[str, str],
) -> None:
    seen = Seen()
    client = sync_client(seen)
    with pytest.raises(ValueError, match="entity tag"):
        client.delete_resource("Patient", "1", headers=headers)
    with pytest.raises(ValueError, match="entity tag"):
        client.update_resource(PATIENT, headers=headers)
    assert seen.requests == []


def test_a_generator_of_entries_keeps_them() -> None:
    entry = make_project_membership_access("p", {"organization": "Organization/1"})
    stored = {"resourceType": "ProjectMembership", "id": "m", "meta": {"versionId": "1"}}
    seen = Seen(answer(body=stored), answer(body={**stored, "access": [entry]}))
    entries: Any = (each for each in [entry])
    result = sync_client(seen).merge_project_membership_access(
        "m", managed_access=entries, managed_policy_ids={"p"}
    )
    assert result.managed_count == 1
    assert b"Organization/1" in seen.requests[1].content


@pytest.mark.parametrize("bad", ["%2e%2e%2fPatient%2f1", "a;b@c", "\u00e9", "a" * 65])
def test_a_membership_id_that_is_none_never_reaches_a_url(bad: str) -> None:
    seen = Seen()
    with pytest.raises(ValueError, match=r"\S"):
        sync_client(seen).merge_project_membership_access(
            bad, managed_access=[], managed_policy_ids={"p"}, allow_unrestricted_fallback=True
        )
    assert seen.requests == []


def test_an_equal_write_of_another_is_not_taken_for_ours() -> None:
    claimed = {**PATIENT, "active": True, "meta": {"versionId": "2"}}
    seen = Seen(answer(503, {}), answer(412, {}), answer(body=claimed))
    with pytest.raises(PreconditionFailedError) as caught:
        sync_client(seen, clock=Clock()).update_resource({**PATIENT, "active": True})
    assert caught.value.possibly_committed


def test_a_foreign_next_link_does_not_take_the_items_before_it() -> None:
    page = {
        "resourceType": "Bundle",
        "entry": [{"resource": PATIENT}],
        "link": [{"relation": "next", "url": "https://evil.test/fhir/R4/Patient?_offset=1"}],
    }
    items = []
    with pytest.raises(Exception, match=r"evil\.test"):  # noqa: PT012 - all of it is the call
        for each in sync_client(lambda _: answer(body=page)).search_resource_pages("Patient"):
            items.append(each)  # noqa: PERF402 - kept although the next page fails
    assert items == [PATIENT]


def test_a_subclass_of_the_http_client_builds_its_own_requests() -> None:
    class Signing(httpx.Client):
        def build_request(self, *args: Any, **kwargs: Any) -> httpx.Request:
            request = super().build_request(*args, **kwargs)
            request.headers["X-Signed"] = "yes"
            return request

    seen = Seen()
    with Signing(transport=httpx.MockTransport(seen)) as http:
        MedplumClient(BASE, access_token="t", http_client=http).get("x")
    assert seen.requests[0].headers["X-Signed"] == "yes"

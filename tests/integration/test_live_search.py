"""Searching and paging as the server does it."""

import pytest
from live_calls import LiveClient, Requests, bundle_of, entry_of, ids_of

from pymedplum import MedplumError, UnsafeRedirectError, ValidationError
from pymedplum.fhir import Observation, Patient
from tests.medplum_server.process import MedplumServer


def _seed(server: MedplumServer, count: int) -> list[str]:
    ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(count)]
    resources = [{"resourceType": "Patient", "id": each, "active": True} for each in ids]
    server.control("seed", {"resources": resources})
    return ids


def test_a_search_without_a_match_is_empty_and_not_an_error(client: LiveClient) -> None:
    found = client("search_resources", "Patient", return_bundle=True)
    assert "entry" not in found.raw
    assert (len(found), list(found), found.is_empty(), found.total) == (0, [], True, None)
    assert client("search_one", "Patient") is None
    assert client("search_resource_pages", "Patient") == []


def test_a_total_comes_when_it_is_asked_for(client: LiveClient) -> None:
    client.create()
    found = client("search_with_options", "Patient", total="accurate", return_bundle=True)
    assert found.total == 1


def test_a_page_has_twenty_resources_unless_told(client: LiveClient, server: MedplumServer) -> None:
    _seed(server, 25)
    assert len(client("search_resources", "Patient", return_bundle=True)) == 20
    assert len(client("search_with_options", "Patient", count=5)["entry"]) == 5


def test_a_count_above_a_thousand_is_clamped_and_paging_gets_all(
    client: LiveClient, server: MedplumServer
) -> None:
    ids = _seed(server, 1005)
    assert len(client("search_with_options", "Patient", count=5000)["entry"]) == 1000
    pages = client("search_resource_pages", "Patient", page_size=5000)
    assert sorted(each["id"] for each in pages) == ids


def test_an_offset_above_ten_thousand_is_refused(client: LiveClient) -> None:
    with pytest.raises(ValidationError):
        client("search_with_options", "Patient", offset=10_001)


def test_pages_sorted_by_last_updated_go_by_cursor(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    ids = _seed(server, 45)
    query = {"_sort": "_lastUpdated"}
    found = [each["id"] for each in client("search_resource_pages", "Patient", query)]
    assert sorted(found) == ids
    following = requests.targets()[1:]
    assert len(following) == 2
    assert all("_cursor=" in each and "_offset=" not in each for each in following)


@pytest.mark.parametrize("query", [{"_sort": "-_lastUpdated"}, {}])
def test_other_pages_go_by_offset(
    client: LiveClient, server: MedplumServer, requests: Requests, query: dict[str, str]
) -> None:
    ids = _seed(server, 45)
    found = [each["id"] for each in client("search_resource_pages", "Patient", query)]
    assert sorted(found) == ids
    assert all("_offset=" in each for each in requests.targets()[1:])


@pytest.mark.parametrize("links", ["absolute", "path", "relative"])
def test_a_relative_next_link_is_followed(
    client: LiveClient, server: MedplumServer, links: str
) -> None:
    ids = _seed(server, 7)
    server.control("config", {"links": links})
    pages = client("search_resource_pages", "Patient", page_size=3)
    assert [each["id"] for each in pages] == ids


def test_a_next_link_of_another_server_is_refused(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    _seed(server, 5)
    server.control("config", {"links": "foreign"})
    with pytest.raises(UnsafeRedirectError):
        client("search_resource_pages", "Patient", page_size=3)
    assert len(requests.fhir()) == 1


def test_a_next_link_that_points_to_itself_ends_with_an_error(
    client: LiveClient, server: MedplumServer
) -> None:
    link = [{"relation": "next", "url": f"{server.base_url}fhir/R4/Patient"}]
    page = {"resourceType": "Bundle", "type": "searchset", "link": link}
    server.control("script", {"json": page, "path": "^fhir/R4/Patient", "times": 5})
    with pytest.raises(MedplumError, match="leads back"):
        client("search_resource_pages", "Patient")


def test_paging_stops_where_the_caller_wants(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    ids = _seed(server, 20)
    pages = client("search_resource_pages", "Patient", page_size=4, max_resources=6)
    assert [each["id"] for each in pages] == ids[:6]
    assert len(requests.fhir()) == 2


@pytest.mark.parametrize("query", ["nonsense=1", "_at=2020-01-01"])
def test_an_unknown_parameter_is_refused(client: LiveClient, query: str) -> None:
    with pytest.raises(ValidationError):
        client("search_resources", "Patient", query)


def test_at_is_refused_by_the_server(client: LiveClient) -> None:
    with pytest.raises(ValidationError):
        client("search_with_options", "Patient", at="2020-01-01")


@pytest.mark.parametrize("query", ["name:nonsense=x", "_include=Patient:nonsense"])
def test_an_unknown_modifier_or_include_is_let_through(client: LiveClient, query: str) -> None:
    assert client("search_resources", "Patient", query)["type"] == "searchset"


def test_binaries_cannot_be_searched(client: LiveClient) -> None:
    with pytest.raises(ValidationError):
        client("search_resources", "Binary")


def test_history_has_no_links_and_shows_a_deletion_without_resource(client: LiveClient) -> None:
    patient = client.create()
    client("update_resource", {**patient, "active": True})
    client("delete_resource", "Patient", patient["id"])
    history = client("resource_history", "Patient", patient["id"])
    assert (history["type"], history.get("link"), history.get("total")) == ("history", None, None)
    assert [each["response"]["status"] for each in history["entry"]] == ["410", "200", "200"]
    assert "resource" not in history["entry"][0]
    shorter = client("resource_history", "Patient", patient["id"], count=1, offset=1)
    assert len(shorter["entry"]) == 1
    first = history["entry"][-1]["resource"]
    version = client("vread_resource", "Patient", patient["id"], first["meta"]["versionId"])
    assert version == first


def test_accounts_are_searched_by_compartment(client: LiveClient) -> None:
    account = f"Organization/{client.create('Organization', name='Clinic')['id']}"
    wanted = client("create_resource", {"resourceType": "Patient"}, accounts=account)
    client.create()
    found = client("search_resources", "Patient", {"_compartment": account})
    assert ids_of(found) == [wanted["id"]]
    with pytest.raises(ValidationError):
        client("search_resources", "Patient", {"_account": account})


def test_a_long_search_is_posted_and_finds_the_same(client: LiveClient, requests: Requests) -> None:
    patient = client.create(active=True)
    ids = [patient["id"], *(f"00000000-0000-4000-8000-{n:012}" for n in range(150))]
    found = client("search_resources", "Patient", {"_id": tuple(ids)})
    assert ids_of(found) == [patient["id"]]
    assert requests.targets()[-1] == "POST Patient/_search"


def test_values_with_special_characters_are_found_as_written(client: LiveClient) -> None:
    odd = {"system": "http://mrn.example/a&b", "value": "1 + 1 = 100%, #"}
    patient = client.create(identifier=[odd])
    client.create(identifier=[{**odd, "value": "1"}])
    query = {"identifier": f"{odd['system']}|1 + 1 = 100%\\, #"}
    assert ids_of(client("search_resources", "Patient", query)) == [patient["id"]]


def test_includes_come_beside_the_matches(client: LiveClient) -> None:
    patient = client.create()
    subject = {"reference": f"Patient/{patient['id']}"}
    observation = client.create("Observation", subject=subject)
    bundle = client(
        "search_with_options",
        "Observation",
        include="Observation:patient",
        return_bundle=True,
        as_fhir=Observation,
    )
    assert [each.id for each in bundle] == [observation["id"]]
    assert [each["id"] for each in bundle.included("Patient")] == [patient["id"]]
    pages = client(
        "search_resource_pages", "Observation", "_include=Observation:patient", included=True
    )
    assert [each["resourceType"] for each in pages] == ["Observation", "Patient"]


def test_parts_of_resources_stay_dicts(client: LiveClient) -> None:
    client.create(active=True)
    options = {"elements": ["active"], "return_bundle": True, "as_fhir": Patient}
    (part,) = client("search_with_options", "Patient", **options)
    assert part["active"] is True
    assert "name" not in part


def test_one_bad_record_does_not_strand_the_rest(client: LiveClient) -> None:
    bad, good = client.create(gender="bogus"), client.create()
    failed: list[str] = []
    pages = client(
        "search_resource_pages",
        "Patient",
        as_fhir=Patient,
        on_error=lambda _, record: failed.append(record["id"]),
    )
    assert [type(each) for each in pages] == [Patient]
    assert ([pages[0].id], failed) == ([good["id"]], [bad["id"]])


def test_many_references_are_read_in_one_batch(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    patient = client.create()
    reference = f"Patient/{patient['id']}"
    absolute = f"{server.base_url}fhir/R4/{reference}"  # in a batch, a 404 if sent like this
    missing = "Patient/99999999-9999-4999-8999-999999999999"
    found = client("resolve_references", [reference, absolute, missing])
    assert found == {reference: patient, absolute: patient, missing: None}
    assert len(requests.fhir()) == 2
    assert client("read_reference", {"reference": reference}) == patient


def test_an_absolute_url_in_a_batch_is_not_found(client: LiveClient, server: MedplumServer) -> None:
    patient = client.create()
    url = f"{server.base_url}fhir/R4/Patient/{patient['id']}"
    answer = client("execute_batch", bundle_of("batch", entry_of("GET", url)))
    assert answer["entry"][0]["response"]["status"] == "404"

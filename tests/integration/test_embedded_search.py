"""Searches on the embedded server behave as Medplum's."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from embedded_requests import PATIENT, create

from tests.medplum_server.process import MedplumServer


@pytest.fixture
def many(server: MedplumServer, http: httpx.Client) -> httpx.Client:
    resources = [
        {
            **PATIENT,
            "id": f"00000000-0000-4000-8000-{n:012}",
            "birthDate": f"19{n % 100:02}-01-01",
            "identifier": [{"system": "s", "value": str(n)}],
        }
        for n in range(1, 46)
    ]
    server.control("seed", {"resources": resources})
    return http


def pages_of(http: httpx.Client, url: str) -> Iterator[dict[str, Any]]:
    following: str | None = url
    while following:
        page = http.get(following).json()
        yield page
        following = next((ln["url"] for ln in page["link"] if ln["relation"] == "next"), None)


def test_a_search_without_matches_has_no_entry_and_no_total(http: httpx.Client) -> None:
    bundle = http.get("fhir/R4/Patient").json()
    assert "entry" not in bundle
    assert "total" not in bundle
    assert http.get("fhir/R4/Patient?_total=accurate").json()["total"] == 0


def test_pages_have_twenty_entries_and_absolute_links(many: httpx.Client) -> None:
    pages = list(pages_of(many, "fhir/R4/Patient?_sort=birthdate"))
    assert [len(page["entry"]) for page in pages] == [20, 20, 5]
    ids = [entry["resource"]["id"] for page in pages for entry in page["entry"]]
    assert ids == sorted(set(ids))
    following = next(link for link in pages[0]["link"] if link["relation"] == "next")["url"]
    assert following.startswith(str(many.base_url))
    assert "_offset=20" in following


def test_only_an_ascending_sort_by_last_updated_has_cursors(many: httpx.Client) -> None:
    pages = list(pages_of(many, "fhir/R4/Patient?_sort=_lastUpdated&_count=20"))
    assert "_cursor=" in json.dumps(pages[0]["link"])
    assert len({entry["resource"]["id"] for page in pages for entry in page["entry"]}) == 45
    assert "_cursor=" not in many.get("fhir/R4/Patient?_sort=_lastUpdated&_count=5").text
    assert "_cursor=" not in many.get("fhir/R4/Patient?_sort=-_lastUpdated").text


def test_next_links_can_be_relative(server: MedplumServer, many: httpx.Client) -> None:
    for style, start in (("relative", "Patient?"), ("path", "/fhir/R4/Patient?")):
        server.control("config", {"links": style})
        link = many.get("fhir/R4/Patient").json()["link"]
        assert next(ln["url"] for ln in link if ln["relation"] == "next").startswith(start)


def test_count_is_clamped_and_offset_limited(many: httpx.Client) -> None:
    assert len(many.get("fhir/R4/Patient?_count=5000").json()["entry"]) == 45
    assert many.get("fhir/R4/Patient?_offset=10001").status_code == 400
    assert "entry" not in many.get("fhir/R4/Patient?_summary=count").json()


@pytest.mark.parametrize("query", ["bogus=1", "_at=2020", "_account=x", "_sort=bogus"])
def test_unknown_parameters_are_a_400(many: httpx.Client, query: str) -> None:
    assert many.get(f"fhir/R4/Patient?{query}").status_code == 400


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("_id=00000000-0000-4000-8000-000000000007", 1),
        ("identifier=s|7", 1),
        ("identifier=7,8", 2),
        ("name=ada ro", 45),
        ("family:exact=ro", 0),
        ("birthdate=ge1944", 2),
        ("birthdate:missing=true", 0),
        ("_filter=identifier eq 7 or identifier eq 9", 2),
        ("name:bogus=ada", 45),
        ("_include=Patient:bogus", 45),
    ],
)
def test_searches_find(many: httpx.Client, query: str, count: int) -> None:
    bundle = many.get(f"fhir/R4/Patient?_count=50&{query}").json()
    assert len(bundle.get("entry", [])) == count


def test_chains_includes_and_quantities(http: httpx.Client) -> None:
    patient = create(http)
    own = {"reference": f"Patient/{patient['id']}"}
    weight = {"valueQuantity": {"value": 70.5, "unit": "kg"}}
    create(
        http,
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
            "subject": own,
            **weight,
        },
    )

    def found(query: str) -> list[str]:
        entries = http.get(f"fhir/R4/{query}").json().get("entry", [])
        return [entry["resource"]["resourceType"] for entry in entries]

    assert found("Observation?subject:Patient.name=ro") == ["Observation"]
    assert found("Observation?subject:Patient.name=nobody") == []
    assert found("Patient?_has:Observation:subject:code=29463-7") == ["Patient"]
    assert found("Observation?value-quantity=gt70") == ["Observation"]
    assert found("Observation?value-quantity=lt70") == []
    assert found("Observation?_include=Observation:subject") == ["Observation", "Patient"]
    assert found("Patient?_revinclude=Observation:subject") == ["Patient", "Observation"]
    assert found(f"Observation?patient={own['reference']}") == ["Observation"]
    form = {"code": "http://loinc.org|29463-7"}
    posted = http.post("fhir/R4/Observation/_search", data=form)
    assert len(posted.json()["entry"]) == 1


def test_a_deleted_resource_is_not_found_by_identifier(http: httpx.Client) -> None:
    patient = create(http, identifier=[{"system": "s", "value": "gone"}])
    http.delete(f"fhir/R4/Patient/{patient['id']}")
    assert "entry" not in http.get("fhir/R4/Patient?identifier=s|gone").json()


def test_binaries_cannot_be_searched(http: httpx.Client) -> None:
    assert http.get("fhir/R4/Binary").status_code == 400


def test_a_search_among_thousands_by_identifier_looks_at_one(
    server: MedplumServer, http: httpx.Client
) -> None:
    resources = [
        {
            **PATIENT,
            "id": f"00000000-0000-4000-8000-{n:012}",
            "identifier": [{"system": "s", "value": str(n)}],
        }
        for n in range(5000)
    ]
    server.control("seed", {"resources": resources})
    before = server.control("counters")["examined"]
    for n in range(20):
        assert len(http.get(f"fhir/R4/Patient?identifier=s|{n}").json()["entry"]) == 1
    assert server.control("counters")["examined"] - before == 20


def test_a_cursor_leads_on_from_the_largest_page(server: MedplumServer, http: httpx.Client) -> None:
    resources = [
        {"resourceType": "Patient", "id": f"00000000-0000-4000-8000-{n:012d}"} for n in range(1001)
    ]
    server.control("seed", {"resources": resources})
    first = http.get("fhir/R4/Patient?_count=1000&_sort=_lastUpdated").json()
    (following,) = [link["url"] for link in first["link"] if link["relation"] == "next"]
    second = http.get(following).json()
    found = [entry["resource"]["id"] for page in (first, second) for entry in page["entry"]]
    assert sorted(found) == [resource["id"] for resource in resources]

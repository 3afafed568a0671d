"""Conditional creates on the embedded server: atomic, quick, and with references kept."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from embedded_requests import bundle_of, create, entry_of, statuses

from tests.medplum_server.process import MedplumServer

SYSTEM = "urn:test:load"
FIRST = "urn:uuid:11111111-1111-4111-8111-111111111111"
SECOND = "urn:uuid:22222222-2222-4222-8222-222222222222"


def tagged(code: str, **elements: object) -> dict[str, Any]:
    meta = {"tag": [{"system": SYSTEM, "code": code}]}
    return {"resourceType": "Patient", "meta": meta, **elements}


def conditional(code: str, full_url: str | None = None, **elements: object) -> dict[str, Any]:
    criteria = f"_tag={SYSTEM}|{code}"
    entry = entry_of("POST", "Patient", tagged(code, **elements), ifNoneExist=criteria)
    return {**entry, "fullUrl": full_url} if full_url else entry


def linked(reference: str) -> list[dict[str, Any]]:
    return [{"type": "seealso", "other": {"reference": reference}}]


def count(http: httpx.Client, query: str) -> int:
    bundle = http.get(f"fhir/R4/Patient?{query}&_total=accurate&_count=0").json()
    return int(bundle["total"])


@pytest.mark.parametrize("criteria", ["_tag=urn:test:load|one", "identifier=urn:mrn|one"])
def test_two_concurrent_ones_with_the_same_criteria_give_one_resource(
    http: httpx.Client, criteria: str
) -> None:
    body = tagged("one", identifier=[{"system": "urn:mrn", "value": "one"}])

    def post(_: int) -> tuple[int, str]:
        response = http.post("fhir/R4/Patient", json=body, headers={"If-None-Exist": criteria})
        return response.status_code, response.json()["id"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(24)))
    assert sorted(status for status, _ in answers) == [200] * 23 + [201]
    assert len({found for _, found in answers}) == 1
    assert count(http, criteria) == 1


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_concurrent_bundles_give_one_resource_for_each_entry(http: httpx.Client, kind: str) -> None:
    bundle = bundle_of(kind, *[conditional(str(number)) for number in range(8)])

    def post(_: int) -> list[str]:
        return statuses(http.post("fhir/R4", json=bundle))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(post, range(6)))
    assert sorted(status for answer in answers for status in answer) == ["200"] * 40 + ["201"] * 8
    assert count(http, f"_tag={SYSTEM}|") == 8


def test_entries_of_one_batch_with_the_same_criteria_give_one_resource(http: httpx.Client) -> None:
    batch = bundle_of("batch", conditional("same"), conditional("same"))
    written = http.post("fhir/R4", json=batch).json()["entry"]
    assert [entry["response"]["status"] for entry in written] == ["201", "200"]
    assert written[0]["resource"]["id"] == written[1]["resource"]["id"]


def test_criteria_that_match_several_are_refused(http: httpx.Client) -> None:
    create(http, tagged("twice"))
    create(http, tagged("twice"))
    batch = bundle_of("batch", conditional("twice"))
    assert statuses(http.post("fhir/R4", json=batch)) == ["412"]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("is_conditional", [False, True])
def test_new_resources_refer_to_each_other_in_a_cycle(
    http: httpx.Client,
    kind: str,
    is_conditional: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    entries = [
        conditional("a", FIRST, link=linked(SECOND)),
        conditional("b", SECOND, link=linked(FIRST)),
    ]
    if not is_conditional:
        for entry in entries:
            del entry["request"]["ifNoneExist"]
    first, second = http.post("fhir/R4", json=bundle_of(kind, *entries)).json()["entry"]
    assert first["resource"]["link"][0]["other"]["reference"] == second["response"]["location"]
    assert second["resource"]["link"][0]["other"]["reference"] == first["response"]["location"]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_references_reach_the_resource_that_was_there_already(
    http: httpx.Client, kind: str
) -> None:
    there = create(http, tagged("a"))
    bundle = bundle_of(kind, conditional("a", FIRST), conditional("b", SECOND, link=linked(FIRST)))
    written = http.post("fhir/R4", json=bundle).json()["entry"]
    assert [entry["response"]["status"] for entry in written] == ["200", "201"]
    reference = written[1]["resource"]["link"][0]["other"]["reference"]
    assert reference == f"Patient/{there['id']}"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_tag=urn:test:load|A", 1),
        ("_tag=a", 2),
        ("_tag=|a", 1),
        ("_tag=urn:test:load|", 2),
        ("_tag=urn:test:load|a,urn:test:load|b", 2),
        ("_tag=urn:other|a", 0),
        ("_tag:not=urn:test:load|a", 2),
        ("identifier=urn:mrn|1", 1),
        ("identifier=1", 2),
        ("identifier=|1", 1),
    ],
)
def test_the_index_finds_what_a_search_without_it_would(
    http: httpx.Client, query: str, expected: int
) -> None:
    create(http, tagged("a", identifier=[{"system": "urn:mrn", "value": "1"}]))
    create(http, tagged("b", identifier=[{"value": "1"}]))
    create(http, {"resourceType": "Patient", "meta": {"tag": [{"code": "a"}]}})
    assert count(http, query) == expected


def test_the_index_forgets_what_was_updated_deleted_or_rolled_back(http: httpx.Client) -> None:
    patient = create(http, tagged("old"))
    url = f"fhir/R4/Patient/{patient['id']}"
    http.put(url, json={**patient, "meta": tagged("new")["meta"]}).raise_for_status()
    assert [count(http, f"_tag={SYSTEM}|{code}") for code in ("old", "new")] == [0, 1]
    http.delete(url).raise_for_status()
    assert count(http, f"_tag={SYSTEM}|new") == 0
    broken = entry_of("POST", "Observation", {"resourceType": "Observation"})
    bundle = bundle_of("transaction", conditional("rolled back"), broken)
    assert http.post("fhir/R4", json=bundle).status_code == 400
    assert count(http, f"_tag={SYSTEM}|rolled back") == 0


def test_a_conditional_create_looks_at_few_of_many(
    server: MedplumServer, http: httpx.Client
) -> None:
    """Work is counted, not timed: an unindexed criterion reads every one of the resources."""
    resources = [
        tagged(str(n), id=f"00000000-0000-4000-8000-{n:012d}", name=[{"family": f"F{n}"}])
        for n in range(2000)
    ]
    server.control("seed", {"resources": resources})
    batch = bundle_of("batch", *[conditional(str(number)) for number in range(50)])
    before = server.control("counters")["examined"]
    assert statuses(http.post("fhir/R4", json=batch)) == ["200"] * 50
    assert server.control("counters")["examined"] - before <= 150

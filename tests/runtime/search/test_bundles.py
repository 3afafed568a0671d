from typing import Any, TypeAlias

import pytest
from pydantic import BaseModel, ValidationError

from pymedplum.fhir import Bundle, Observation, Patient, Practitioner, Reference
from pymedplum_runtime.search import FHIRBundle, search_page

Wild: TypeAlias = Any  # what callers and servers give, well-formed or not

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
BASE = "https://example.org/fhir/R4"


def entry(resource: dict[str, Any], mode: str | None = None) -> dict[str, Any]:
    url = f"{BASE}/{resource['resourceType']}/{resource.get('id')}"
    made: dict[str, Any] = {"fullUrl": url, "resource": resource}
    return {**made, "search": {"mode": mode}} if mode else made


def searchset(*entries: dict[str, Any], **members: Wild) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **members}


P1: dict[str, Any] = {"resourceType": "Patient", "id": "p1", "birthDate": "1990-01-15"}
P2: dict[str, Any] = {"resourceType": "Patient", "id": "p2", "new": 1}
BAD: dict[str, Any] = {"resourceType": "Patient", "id": "p3", "active": "secret"}
DOC: dict[str, Any] = {"resourceType": "Practitioner", "id": "d1"}
REMARK: dict[str, Any] = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "warning", "code": "processing"}],
}
NEXT = {"relation": "next", "url": f"{BASE}/Patient?_offset=20"}
MIXED = searchset(
    entry(P1, "match"), entry(DOC, "include"), entry(P2), entry(REMARK, "outcome"), link=[NEXT]
)


def test_iterating_gives_dicts_without_the_server_s_remarks() -> None:
    bundle = FHIRBundle(MIXED)
    assert list(bundle) == bundle.get_resources() == [P1, DOC, P2]
    assert len(bundle) == 3
    assert bundle
    assert bundle.outcomes() == [REMARK]
    assert bundle.raw is MIXED


def test_iterating_a_typed_bundle_gives_the_matches_of_its_type() -> None:
    bundle = FHIRBundle(MIXED, Patient)
    first, second = bundle
    assert (first.birth_date, second.id) == ("1990-01-15", "p2")
    assert len(bundle) == 2
    assert second.model_dump()["new"] == 1
    assert bundle.get_resources() == [P1, DOC, P2]


def test_typed_resources_skip_other_types_and_keep_included_ones() -> None:
    bundle = FHIRBundle(MIXED)
    assert [p.id for p in bundle.get_resources_typed(Patient)] == ["p1", "p2"]
    assert [d.id for d in bundle.get_resources_typed(Practitioner)] == ["d1"]
    assert bundle.get_resources_typed(Observation) == []


def test_included_resources_are_found_by_type_and_by_class() -> None:
    bundle = FHIRBundle(MIXED, Patient)
    assert bundle.included() == bundle.included("Practitioner") == [DOC]
    assert [d.id for d in bundle.included(Practitioner)] == ["d1"]
    assert bundle.included("Patient") == []


def test_a_resource_is_read_once() -> None:
    bundle = FHIRBundle(MIXED, Patient)
    (first, _) = bundle
    assert bundle.get_resources_typed(Patient)[0] is first
    assert bundle.resolve("Patient/p1", as_fhir=Patient) is first


def test_an_invalid_resource_raises_with_its_type_and_id() -> None:
    bundle = FHIRBundle(searchset(entry(P1), entry(BAD)), Patient)
    with pytest.raises(ValidationError, match=r"for Patient/p3\nactive") as refusal:
        list(bundle)
    assert "secret" not in str(refusal.value)


def test_an_invalid_resource_is_told_once_and_skipped() -> None:
    told: list[tuple[str, Any]] = []
    bundle = FHIRBundle(
        searchset(entry(BAD), entry(P1)),
        Patient,
        on_error=lambda error, resource: told.append((error.title, resource)),
    )
    assert [p.id for p in bundle] == [p.id for p in bundle.get_resources_typed(Patient)] == ["p1"]
    assert bundle.resolve("Patient/p3", as_fhir=Patient) is None
    assert told == [("Patient/p3", BAD)]


def test_a_resource_that_the_server_cut_down_stays_a_dict() -> None:
    cut: dict[str, Any] = {"resourceType": "Observation", "id": "o1", "meta": {"tag": [SUBSETTED]}}
    bundle = FHIRBundle(searchset(entry(cut)), Observation)
    found: list[Any] = list(bundle)
    assert found == [cut]
    with pytest.raises(ValidationError, match="Observation/o1"):
        bundle.get_resources_typed(Observation)


def test_a_class_of_one_s_own_reads_its_resource_type() -> None:
    class Member(Patient):
        pass

    class Anything(BaseModel):
        id: str

    (member, _) = FHIRBundle(MIXED, Member)
    assert isinstance(member, Member)
    assert [a.id for a in FHIRBundle(MIXED, Anything)] == ["p1", "p2"]


def test_a_bundle_model_is_wrapped_like_its_dict() -> None:
    known = searchset(entry(P1, "match"), entry(DOC, "include"))
    bundle = FHIRBundle(Bundle.model_validate(known), Patient)
    assert bundle.raw == known
    assert [p.id for p in bundle] == ["p1"]


@pytest.mark.parametrize("data", [None, "Bundle", [P1], Bundle])
def test_what_is_no_object_is_refused(data: Wild) -> None:
    with pytest.raises(TypeError, match="dict or a model"):
        FHIRBundle(data)


@pytest.mark.parametrize("data", [P1, {}, Patient(id="p1")])
def test_another_resource_is_refused(data: Wild) -> None:
    with pytest.raises(ValueError, match="expected a Bundle"):
        FHIRBundle(data)


@pytest.mark.parametrize(
    "data",
    [
        searchset(),
        searchset(entry(REMARK, "outcome")),
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": None, "link": "x", "total": "x"},
        {"resourceType": "Bundle", "entry": [None, 1, {}, {"resource": "x"}], "link": [None]},
    ],
)
def test_a_bundle_without_resources_is_empty_and_false(data: dict[str, Any]) -> None:
    bundle = FHIRBundle(data)
    assert bundle.is_empty()
    assert not bundle
    assert list(bundle) == []
    assert (bundle.total, bundle.get_total()) == (None, 0)
    assert bundle.get_next_link() is None


def test_a_cap_refuses_more_resources_than_expected() -> None:
    bundle = FHIRBundle(MIXED)
    assert len(bundle.get_resources(max_resources=3)) == 3
    with pytest.raises(ValueError, match="max_resources=2"):
        bundle.get_resources(max_resources=2)


def test_the_total_is_the_server_s_or_the_matches_of_an_only_page() -> None:
    assert FHIRBundle(searchset(total=7)).get_total() == 7
    only = FHIRBundle(searchset(entry(P1, "match"), entry(DOC, "include")))
    assert (only.total, only.get_total()) == (None, 1)


@pytest.mark.parametrize("relation", ["next", "previous", "prev"])
def test_the_total_is_unknown_where_there_are_other_pages(relation: str) -> None:
    link = {"relation": relation, "url": f"{BASE}/Patient"}
    assert FHIRBundle(searchset(entry(P1), link=[link])).get_total() is None


def test_the_next_link_is_the_url_of_its_relation() -> None:
    links = [{"relation": "self", "url": BASE}, NEXT]
    bundle = FHIRBundle(searchset(link=links))
    assert bundle.get_next_link() == NEXT["url"]
    assert bundle.link == links


def test_printing_a_bundle_shows_counts_and_no_resource() -> None:
    assert (
        repr(FHIRBundle(MIXED))
        == str(FHIRBundle(MIXED))
        == ("FHIRBundle(type='searchset', resources=3, included=1, total=None, links=['next'])")
    )


def test_a_page_is_read_without_a_wrapper() -> None:
    assert search_page(MIXED) == ([P1, P2], [DOC], NEXT["url"])
    assert search_page({"resourceType": "Bundle"}) == ([], [], None)


VERSIONED: dict[str, Any] = {**P1, "meta": {"versionId": "2"}}
OLDER: dict[str, Any] = {**P1, "meta": {"versionId": "1"}}
URN = "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"
HISTORY = FHIRBundle(
    searchset(entry(VERSIONED), entry(OLDER), {"fullUrl": URN, "resource": {**DOC, "id": None}})
)


@pytest.mark.parametrize(
    ("reference", "resource"),
    [
        ("Patient/p1", VERSIONED),
        ("Patient/p1/_history/1", OLDER),
        (f"{BASE}/Patient/p1", VERSIONED),
        (f"{BASE}/Patient/p1/_history/1", OLDER),
        ({"reference": "Patient/p1"}, VERSIONED),
        (Reference(reference="Patient/p1/_history/2"), VERSIONED),
        (URN, {**DOC, "id": None}),
        ("Patient/p1/_history/3", None),
        ("Patient/p9", None),
        ("https://other.example/fhir/R4/Patient/p1", None),
        ("Practitioner/None", None),
        ("#p1", None),
        ("", None),
        (None, None),
        ({"identifier": {"value": "1"}}, None),
    ],
)
def test_a_reference_is_resolved_within_the_bundle(reference: Wild, resource: Wild) -> None:
    assert HISTORY.resolve(reference) == resource


def test_a_reference_is_resolved_to_the_class_that_is_asked_for() -> None:
    patient = HISTORY.resolve("Patient/p1", as_fhir=Patient)
    assert patient is not None
    assert patient.birth_date == "1990-01-15"
    assert HISTORY.resolve("Patient/p1", as_fhir=Practitioner) is None

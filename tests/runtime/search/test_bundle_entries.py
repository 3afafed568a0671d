from typing import Any, TypeAlias

import pytest

from pymedplum_runtime.errors import BundleEntryError
from pymedplum_runtime.search import BatchCreateResult, BundleEntryResult, FHIRBundle

Wild: TypeAlias = Any  # what callers and servers give, well-formed or not

OUTCOME: dict[str, Any] = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "invalid", "diagnostics": "secret"}],
}
PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p2", "name": [{"family": "secret"}]}


def answers(*entries: object) -> FHIRBundle:
    data = {"resourceType": "Bundle", "type": "batch-response", "entry": list(entries)}
    return FHIRBundle(data)


def answer(status: object, **members: Wild) -> dict[str, Any]:
    return {"response": {"status": status, **members}}


MIXED = answers(
    answer("201 Created", location="Patient/p1/_history/1"),
    {"resource": PATIENT, **answer("200")},
    answer("400", outcome=OUTCOME),
    "malformed",
)


def test_every_entry_has_a_result_in_its_place() -> None:
    assert MIXED.entry_results() == [
        BundleEntryResult(0, 201, ok=True, resource_id="p1", resource=None, outcome=None),
        BundleEntryResult(1, 200, ok=True, resource_id="p2", resource=PATIENT, outcome=None),
        BundleEntryResult(2, 400, ok=False, resource_id=None, resource=None, outcome=OUTCOME),
        BundleEntryResult(3, None, ok=False, resource_id=None, resource=None, outcome=None),
    ]


def test_results_are_split_by_success() -> None:
    successes, failures = MIXED.partition()
    assert [r.index for r in successes] == [0, 1]
    assert [r.index for r in failures] == [r.index for r in MIXED.failures()] == [2, 3]


def test_failed_entries_raise_with_their_results_and_without_data() -> None:
    with pytest.raises(BundleEntryError) as refusal:
        MIXED.raise_for_entry_errors()
    assert refusal.value.entries == MIXED.failures()
    assert "secret" not in str(refusal.value) + repr(refusal.value)


def test_a_bundle_without_failed_entries_raises_nothing() -> None:
    answers(answer("200"), answer("204")).raise_for_entry_errors()
    answers().raise_for_entry_errors()


@pytest.mark.parametrize(
    ("status", "code", "ok"),
    [
        ("201", 201, True),
        ("201 Created", 201, True),
        (200, 200, True),
        ("304 Not Modified", 304, True),
        ("302", 302, False),
        ("404", 404, False),
        ("429", 429, False),
        ("", None, False),
        ("Created", None, False),
        ("²⁰¹", None, False),
        (None, None, False),
        ({}, None, False),
    ],
)
def test_the_status_is_a_number_and_says_whether_it_is_a_success(
    status: object, code: int | None, *, ok: bool
) -> None:
    (result,) = answers(answer(status)).entry_results()
    assert (result.status_code, result.ok) == (code, ok)


@pytest.mark.parametrize(
    ("location", "resource_id"),
    [
        ("Patient/p1", "p1"),
        ("Patient/p1/_history/1", "p1"),
        ("https://example.org/fhir/R4/Patient/p1/_history/1", "p1"),
        ("/fhir/R4/Patient/p1", "p1"),
        ("Patient/p1/", "p1"),
        ("Patient/p1?x=y", "p1"),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_the_id_is_read_from_the_location(location: object, resource_id: str | None) -> None:
    (result,) = answers(answer("201", location=location)).entry_results()
    assert result.resource_id == resource_id


def test_a_search_read_as_a_batch_has_failed_rather_than_succeeded() -> None:
    assert [r.ok for r in answers({"resource": PATIENT}).entry_results()] == [False]


def test_printing_results_shows_neither_resource_nor_outcome() -> None:
    results = MIXED.entry_results()
    assert "secret" not in repr(results) + repr(BatchCreateResult(results, [], []))


def test_results_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        MIXED.entry_results()[0].ok = False  # type: ignore[misc]


def test_a_batch_of_creates_is_fine_without_failures() -> None:
    created, failed = MIXED.partition()
    assert BatchCreateResult(created, [], []).ok
    assert not BatchCreateResult(created, [], failed).ok

"""Searches of several pages, of which a service gets the whole."""

import pytest
from cds_calls import SECRET, a_request, authorized, post, recording_ehr
from prefetch_calls import PATIENT, SEARCH, TEMPLATES, bundle, faults, said, serving


def test_all_pages_of_a_search_are_fetched() -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        ehr.answers[SEARCH] = bundle("a", "b", following=f"{ehr.base}?page=2")
        ehr.answers["/fhir?page=2"] = bundle("c", following="Observation?page=3")
        ehr.answers["/fhir/Observation?page=3"] = bundle("d")
        answer = post(serving(ehr), a_request(**authorized(ehr)))

    assert said(answer) == "4 weights, 2 keys"
    assert ehr.tokens == {f"Bearer {SECRET}"}


def test_pages_are_large_where_the_server_allows_it() -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        ehr.answers[SEARCH] = bundle("a", "b", following=f"{ehr.base}?page=2")
        ehr.answers[f"{SEARCH}&_count=1000"] = bundle("a", "b", "c", following="?page=b")
        ehr.answers["/fhir/?page=b"] = bundle("d")
        answer = post(serving(ehr), a_request(**authorized(ehr)))

    assert said(answer) == "4 weights, 2 keys"
    assert "/fhir?page=2" not in ehr.paths


def test_pages_are_limited_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pymedplum_runtime.cds.service.fhir_data._LARGEST", 1000)
    with recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        ehr.answers[SEARCH] = bundle("a", following="?again")
        ehr.answers["/fhir/?again"] = bundle("b", "c", "d", following="?again")
        found = faults(post(serving(ehr), a_request(**authorized(ehr))))

    assert "the search has more than 1000 bytes" in found["prefetch.weights"]
    assert len(ehr.requests) < 10


@pytest.mark.parametrize("entry", [5, "Sekret", {"a": 1}, None])
def test_pages_whose_entries_are_no_list_are_a_412(entry: object) -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        ehr.answers[SEARCH] = bundle("a", following="?more")
        ehr.answers["/fhir/?more"] = bundle("b") | {"entry": entry}
        found = faults(post(serving(ehr), a_request(**authorized(ehr))))

    assert "whose entry is no list" in found["prefetch.weights"]


def test_a_template_with_a_count_is_one_page() -> None:
    template = {"weights": TEMPLATES["weights"] + "&_sort=-date&_count=1"}
    with recording_ehr() as ehr:
        path = f"{SEARCH}&_sort=-date&_count=1"
        ehr.answers[path] = bundle("a", following=f"{ehr.base}?page=2")
        answer = post(serving(ehr, prefetch=template), a_request(**authorized(ehr)))

    assert said(answer) == "1 weights, 1 keys"
    assert ehr.paths == [path]


def test_pages_without_end_are_given_up() -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        ehr.answers[SEARCH] = bundle("a", following=f"{ehr.base}/again")
        ehr.answers["/fhir/again"] = bundle("b", following=f"{ehr.base}/again")
        found = faults(post(serving(ehr), a_request(**authorized(ehr))))

    assert "more than 21 pages" in found["prefetch.weights"]
    assert ehr.paths.count("/fhir/again") == 20

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from flow_calls import FHIR, Talk, outcome, reply, responses

from pymedplum import MedplumError, NetworkError
from pymedplum.fhir import Bundle

Start = Callable[..., Talk]
ORGANIZATION, PATIENT, PRACTITIONER = (
    f"urn:uuid:0b1c6d5e-6f3c-4c1b-8a1d-2d5a3b1f9e7{n}" for n in range(3)
)
THROTTLED = {"status": "429"}


def created(reference: str) -> dict[str, Any]:
    return {"status": "201", "location": f"{FHIR}{reference}/_history/1"}


def entry(full_url: str, kind: str, **members: Any) -> dict[str, Any]:
    request = {"method": "POST", "url": kind}
    return {"fullUrl": full_url, "resource": {"resourceType": kind, **members}, "request": request}


def batch(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}


def family() -> dict[str, Any]:
    """Give a patient who refers to an organization and a practitioner, as a batch."""
    patient = entry(
        PATIENT,
        "Patient",
        managingOrganization={"reference": ORGANIZATION},
        generalPractitioner=[{"reference": PRACTITIONER}],
        multipleBirthInteger=2,
    )
    patient["request"]["ifNoneExist"] = f"organization={ORGANIZATION}"
    organization = entry(ORGANIZATION, "Organization")
    return batch(organization, patient, entry(PRACTITIONER, "Practitioner"))


def test_an_address_of_an_entry_that_succeeded_becomes_its_reference(talk: Start) -> None:
    client = talk(
        responses(created("Organization/o1"), THROTTLED, created("Practitioner/p1")),
        responses(created("Patient/1")),
    )
    result = client("execute_batch", family())
    [again] = client.bodies[1]["entry"]
    assert again["resource"]["managingOrganization"] == {"reference": "Organization/o1"}
    assert again["resource"]["generalPractitioner"] == [{"reference": "Practitioner/p1"}]
    assert again["request"]["ifNoneExist"] == "organization=Organization/o1"
    assert again["fullUrl"] == PATIENT
    assert [each["response"]["status"] for each in result["entry"]] == ["201", "201", "201"]


def test_addresses_among_the_throttled_entries_are_kept(talk: Start) -> None:
    client = talk(
        responses(THROTTLED, THROTTLED, created("Practitioner/p1")),
        responses(created("Organization/o1"), THROTTLED),
        responses(created("Patient/1")),
    )
    client("execute_batch", family())
    _, second, third = ([each.get("resource") for each in b["entry"]] for b in client.bodies)
    assert second[1]["managingOrganization"] == {"reference": ORGANIZATION}
    assert second[1]["generalPractitioner"] == [{"reference": "Practitioner/p1"}]
    assert third[0]["managingOrganization"] == {"reference": "Organization/o1"}


def test_addresses_of_failures_and_of_what_has_no_location_are_kept(talk: Start) -> None:
    failed = {"status": "400", "location": "Organization/never"}
    client = talk(responses(failed, THROTTLED, {"status": "201"}), responses(created("Patient/1")))
    client("execute_batch", family())
    assert client.bodies[1]["entry"] == [family()["entry"][1]]


def test_a_resource_stands_for_a_location_that_is_missing(talk: Start) -> None:
    answer = {
        "entry": [
            {
                "response": {"status": "201"},
                "resource": {"resourceType": "Organization", "id": "o1"},
            }
        ]
    }
    answer["entry"] += [{"response": THROTTLED}, {"response": created("Practitioner/p1")}]
    client = talk(reply(200, answer), responses(created("Patient/1")))
    client("execute_batch", family())
    sent = client.bodies[1]["entry"][0]["resource"]["managingOrganization"]
    assert sent == {"reference": "Organization/o1"}


def test_entries_of_models_and_their_digits_are_sent_again(talk: Start) -> None:
    client = talk(
        responses(created("Organization/o1"), THROTTLED, created("Practitioner/p1")),
        responses(created("Patient/1")),
    )
    client("execute_batch", Bundle.model_validate(family()))
    sent = client.bodies[1]["entry"][0]["resource"]
    assert sent["managingOrganization"] == {"reference": "Organization/o1"}
    assert sent["multipleBirthInteger"] == 2


@pytest.mark.parametrize("refusal", [reply(400, outcome()), reply(429), httpx.ConnectError("no")])
def test_a_resend_that_did_nothing_leaves_the_entries_throttled(
    talk: Start, refusal: httpx.Response
) -> None:
    client = talk(responses(created("Organization/o1"), THROTTLED, THROTTLED), refusal)
    result = client("execute_batch", family())
    assert [each["response"]["status"] for each in result["entry"]] == ["201", "429", "429"]


@pytest.mark.parametrize("lost", [httpx.ReadError("lost"), reply(502), responses()])
def test_a_resend_that_may_have_done_something_raises_with_the_results(
    talk: Start, lost: httpx.Response
) -> None:
    client = talk(responses(created("Organization/o1"), THROTTLED, THROTTLED), lost)
    with pytest.raises(MedplumError) as caught:
        client("execute_batch", family())
    assert caught.value.possibly_committed
    partial: Any = vars(caught.value)["partial"]
    assert [each.status_code for each in partial] == [201, 429, 429]
    assert len(client.requests) == 2


def pairs(count: int) -> list[tuple[dict[str, Any], str]]:
    return [({"resourceType": "Patient"}, f"identifier={n}") for n in range(count)]


def test_what_earlier_chunks_did_is_not_lost(talk: Start) -> None:
    client = talk(
        responses(created("Patient/1"), {"status": "200"}),
        responses(created("Patient/3"), THROTTLED),
        httpx.ReadError("lost"),
    )
    with pytest.raises(NetworkError) as caught:
        client("conditional_create_batch", pairs(4), chunk_size=2)
    partial: Any = vars(caught.value)["partial"]
    assert [(each.index, each.status_code) for each in partial] == [
        (0, 201),
        (1, 200),
        (2, 201),
        (3, 429),
    ]


def test_a_chunk_that_is_refused_tells_what_was_done_before(talk: Start) -> None:
    client = talk(responses(created("Patient/1")), reply(400, outcome()))
    with pytest.raises(MedplumError) as caught:
        client("conditional_create_batch", pairs(2), chunk_size=1)
    assert [each.resource_id for each in vars(caught.value)["partial"]] == ["1"]


@pytest.mark.parametrize("entries", [None, "ab", {"a": "b"}, [1], ["ab"], [({}, "a", "b")]])
def test_what_is_no_list_of_pairs_is_a_type_error(talk: Start, entries: object) -> None:
    client = talk()
    with pytest.raises(TypeError, match="pair"):
        client("conditional_create_batch", entries)
    assert client.requests == []


@pytest.mark.parametrize("method", ["execute_batch", "execute_transaction"])
def test_an_entry_that_is_no_object_is_a_type_error(talk: Start, method: str) -> None:
    client = talk()
    bundle = {"resourceType": "Bundle", "entry": [entry(PATIENT, "Patient"), "Patient/1"]}
    with pytest.raises(TypeError, match="entry 1"):
        client(method, bundle)
    assert client.requests == []


def test_accounts_reach_entries_that_are_models(talk: Start) -> None:
    client = talk(responses(created("Patient/1")))
    whole = Bundle.model_validate(batch(entry(PATIENT, "Patient")))
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": whole.entry}
    client("execute_batch", bundle, accounts="Organization/1")
    sent = client.bodies[0]["entry"][0]["resource"]
    assert sent["meta"] == {"accounts": [{"reference": "Organization/1"}]}


@pytest.mark.parametrize("method", ["execute_batch", "execute_transaction"])
def test_no_accounts_at_all_are_a_value_error(talk: Start, method: str) -> None:
    client = talk()
    bundle = {"resourceType": "Bundle", "entry": [entry(PATIENT, "Patient")]}
    with pytest.raises(ValueError, match="empty"):
        client(method, bundle, accounts=[])
    assert client.requests == []

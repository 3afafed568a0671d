from typing import Any

import pytest
from made_resources import ada

from pymedplum_runtime.validation import validate


def wrong(resource: dict[str, Any], rule: str = "Observation.subject") -> list[str]:
    """Messages of errors of one rule."""
    return [i.message for i in validate(resource).errors if i.rule == rule]


def observation(subject: Any, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": subject,
        **members,
    }


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/1",
        "Patient/1/_history/2",
        "https://example.org/fhir/Patient/1",
        "Group/1",
        "Patient?identifier=x|y/Practitioner",
        "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        "https://example.org/anything",
        "Something/1",
    ],
)
def test_a_reference_to_an_allowed_or_unknown_type_is_good(reference: str) -> None:
    assert wrong(observation({"reference": reference})) == []


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Practitioner/1"},
        {"reference": "Practitioner/1/_history/2"},
        {"reference": "https://example.org/fhir/Practitioner/1"},
        {"reference": "Practitioner?identifier=x"},
        {"type": "Practitioner", "identifier": {"value": "x"}},
        {"reference": "Patient/1", "type": "Practitioner"},
    ],
)
def test_a_reference_to_another_type_is_an_error(subject: dict[str, Any]) -> None:
    (message,) = wrong(observation(subject))

    assert message == "refers to Practitioner, expected Device or Group or Location or Patient"


def test_a_contained_resource_says_its_type() -> None:
    good = observation({"reference": "#p"}, contained=[ada(id="p")])
    bad = observation({"reference": "#p"}, contained=[{"resourceType": "Practitioner", "id": "p"}])
    assert wrong(good) == []
    assert len(wrong(bad)) == 1


def test_a_contained_reference_has_to_lead_somewhere() -> None:
    assert len(wrong(observation({"reference": "#p"}), "ref-1")) == 1
    assert wrong(observation({"reference": "#p"}, contained=[ada(id="p")]), "ref-1") == []


def test_a_contained_resource_refers_to_others_of_its_container() -> None:
    general = {"reference": "#o"}
    patient = ada(id="p", managingOrganization=general)
    organization = {"resourceType": "Organization", "id": "o", "name": "x"}
    complete = observation({"reference": "#p"}, contained=[patient, organization])

    assert wrong(complete, "ref-1") == []
    assert len(wrong(observation({"reference": "#p"}, contained=[patient]), "ref-1")) == 1


FULL = "https://example.org/fhir/"
UUID = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"


def bundle(*entries: tuple[str | None, dict[str, Any]]) -> dict[str, Any]:
    rows = [{"resource": r, **({"fullUrl": url} if url else {})} for url, r in entries]
    return {"resourceType": "Bundle", "type": "collection", "entry": rows}


PRACTITIONER = {"resourceType": "Practitioner", "id": "p"}


@pytest.mark.parametrize(
    ("url", "reference"),
    [(UUID, UUID), (f"{FULL}x/p", f"{FULL}x/p"), (f"{FULL}x/p", "x/p")],
)
def test_an_entry_is_found_by_its_full_url(url: str, reference: str) -> None:
    found = bundle(
        (url, PRACTITIONER), (f"{FULL}Observation/1", observation({"reference": reference}))
    )

    assert len(wrong(found)) == 1


@pytest.mark.parametrize(
    ("url", "own", "reference"),
    [
        (f"{FULL}x/p", None, "x/p"),
        (f"{FULL}x/p", UUID, "x/p"),
        (f"{FULL}x/p", "https://other.org/Observation/1", "x/p"),
        (f"{FULL}x/p", f"{FULL}Observation/1", "x/p/_history/2"),
    ],
)
def test_an_entry_of_another_base_or_version_is_not_found(
    url: str, own: str | None, reference: str
) -> None:
    assert wrong(bundle((url, PRACTITIONER), (own, observation({"reference": reference})))) == []


def test_an_entry_is_found_in_its_version() -> None:
    practitioner = {**PRACTITIONER, "meta": {"versionId": "2"}}
    subject = {"reference": "x/p/_history/2"}
    found = bundle((f"{FULL}x/p", practitioner), (f"{FULL}Observation/1", observation(subject)))

    assert len(wrong(found)) == 1


def test_references_to_any_resource_are_not_bound() -> None:
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": "Bot/1"}],
        "recorded": "2024-01-01T00:00:00Z",
        "agent": [{"who": {"display": "x"}}],
    }
    assert wrong(provenance, "Provenance.target") == []


def test_targets_belong_to_the_level_base() -> None:
    report = validate(observation({"reference": "Practitioner/1"}), level="structure")

    assert report.ok

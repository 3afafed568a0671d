"""What prefetch templates become in a call: the values are put in, and stay values."""

import re
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.cds.templates.parsing import parse_template, parse_templates, prefetch_urls
from pymedplum_runtime.errors import CDSHooksError

TODAY = date(2024, 9, 13)
ORDERS = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "resource": {
                "resourceType": "MedicationRequest",
                "id": "one",
                "medicationReference": {"reference": "Medication/m1"},
                "requester": {"reference": "https://ehr.example.org/fhir/PractitionerRole/r1"},
            }
        },
        {"resource": {"resourceType": "MedicationRequest", "id": "two"}},
        {"resource": {"resourceType": "ServiceRequest", "id": "three", "priority": "stat"}},
        {"resource": {"resourceType": "ServiceRequest", "id": "three"}},
    ],
}
CONTEXT: dict[str, Any] = {
    "userId": "Practitioner/9",
    "patientId": "12",
    "draftOrders": ORDERS,
    "selections": ["MedicationRequest/one", "ServiceRequest/three"],
    "count": 5,
    "isUrgent": True,
    "dose": 1.5,
    "unbounded": float("inf"),
    "nothing": None,
    "empty": [],
}


def url(text: str, context: Any = None, **options: Any) -> str | None:
    given_context = CONTEXT if context is None else context
    return parse_template(text, key="data").url(given_context, today=TODAY, **options)


BECOMES = {
    "Patient/{{context.patientId}}": "Patient/12",
    "Patient/p-{{context.patientId}}": "Patient/p-12",
    "{{context.userId}}": "Practitioner/9",
    "Practitioner/{{userPractitionerId}}": "Practitioner/9",
    "Medication": "Medication",
    "Medication?": "Medication",
    "Observation?patient={{context.patientId}}&_count={{context.count}}": (
        "Observation?patient=12&_count=5"
    ),
    "Flag?x={{context.isUrgent}}": "Flag?x=true",
    "Flag?x={{context.dose}}": "Flag?x=1.5",
    "Observation?date=gt{{today() - 90 days}}": "Observation?date=gt2024-06-15",
    "Observation?date=gt{{today()-2 weeks}}": "Observation?date=gt2024-08-30",
    "Observation?date=gt{{today() - 1 month}}": "Observation?date=gt2024-08-13",
    "Observation?date=gt{{today() - 1 year}}": "Observation?date=gt2023-09-13",
    "Appointment?date=ge{{today()}}&date=le{{today() + 365 days}}": (
        "Appointment?date=ge2024-09-13&date=le2025-09-13"
    ),
    "MedicationRequest?_id={{context.draftOrders.MedicationRequest.id}}": (
        "MedicationRequest?_id=one,two"
    ),
    "ServiceRequest?_id={{context.draftOrders.entry.resource.ofType(ServiceRequest).id}}": (
        "ServiceRequest?_id=three"
    ),
    "Medication?_id={{context.draftOrders.MedicationRequest.medication.resolve().id}}": (
        "Medication?_id=m1"
    ),
    "PractitionerRole?_id="
    "{{context.draftOrders.entry.resource.requester.resolve().ofType(PractitionerRole).id}}": (
        "PractitionerRole?_id=r1"
    ),
    "Task?focus={{context.selections}}": "Task?focus=MedicationRequest/one,ServiceRequest/three",
    "Task?focus={{context.draftOrders.MedicationRequest.medication}}": "Task?focus=Medication/m1",
    "Task?_id={{context.patientId|context.absent.id|context.patientId}}": "Task?_id=12",
    "Observation?code=http://loinc.org|4548-4&x:in=a b": (
        "Observation?code=http://loinc.org|4548-4&x:in=a%20b"
    ),
}


@pytest.mark.parametrize("text", BECOMES)
def test_tokens_become_what_they_stand_for(text: str) -> None:
    assert url(text) == BECOMES[text]


@pytest.mark.parametrize(
    "path",
    [
        "absent",
        "nothing",
        "empty",
        "patientId.more",
        "draftOrders",
        "draftOrders.entry.resource",
        "draftOrders.Patient.id",
        "draftOrders.entry.resource.ofType(Patient).id",
        "draftOrders.MedicationRequest.requester.resolve().ofType(Practitioner).id",
        "count.resolve().id",
    ],
)
def test_a_token_that_stands_for_nothing_leaves_no_url(path: str) -> None:
    template = parse_template(f"Observation?x={{{{context.{path}}}}}&y={{{{context.patientId}}}}")
    assert template.url(CONTEXT, today=TODAY) is None
    assert template.missing(CONTEXT, today=TODAY) == (f"context.{path}",)


def test_a_search_without_its_value_is_not_a_search_for_everything() -> None:
    assert url("Observation?patient={{context.patientId}}", {"patientId": ""}) is None


def test_the_end_of_a_month_stays_in_the_month() -> None:
    template = parse_template("Observation?date={{today() - 1 month}}")
    assert template.url({}, today=date(2024, 3, 31)) == "Observation?date=2024-02-29"


def test_a_date_outside_the_calendar_is_refused() -> None:
    for unit in ("days", "years"):
        with pytest.raises(CDSHooksError, match="outside the calendar"):
            parse_template(f"Observation?date={{{{today() - 99999 {unit}}}}}").url(
                {}, today=date(1, 1, 1)
            )


def test_the_user_may_be_several_resources() -> None:
    text = "PractitionerRole?_id={{userPractitionerRoleId}}"
    assert url(text) is None
    assert url(text, user="PractitionerRole/2") == "PractitionerRole?_id=2"
    both = ["Practitioner/1", "PractitionerRole/2"]
    assert url(text, user=both) == "PractitionerRole?_id=2"
    assert url("Practitioner/{{userPractitionerId}}", user=both) == "Practitioner/1"


@pytest.mark.parametrize("user", ["", "Practitioner", "Practitioner/", [None]])
def test_a_user_is_a_reference(user: Any) -> None:
    with pytest.raises(CDSHooksError, match="a user is a reference such as"):
        url("Practitioner/{{userPractitionerId}}", user=user)


@pytest.mark.parametrize("user_id", ["Practitioner/", "x", 5, None, {}])
def test_a_context_whose_user_is_none_has_no_user(user_id: object) -> None:
    assert url("Practitioner/{{userPractitionerId}}", {"userId": user_id}) is None


@pytest.mark.parametrize(
    "value",
    ["a/b", "../x", "..", ".", "a?b", "a#b", "_history", "$everything", "a b", "a\n", "é", "a,b"],
)
def test_what_cannot_stand_in_a_path_is_refused_without_being_shown(value: str) -> None:
    with pytest.raises(CDSHooksError, match="cannot stand in a path") as caught:
        url("Patient/{{context.patientId}}", {"patientId": f"{value}"})
    assert repr(value)[1:-1] not in str(caught.value).replace("template 'data'", "")


@pytest.mark.parametrize("value", ["Patient", "patient/1", "https://x/Patient/1", "Patient/1/2"])
def test_a_token_alone_in_a_path_is_a_reference(value: str) -> None:
    with pytest.raises(CDSHooksError, match="cannot stand in a path"):
        url("{{context.userId}}", {"userId": value})


def test_several_values_cannot_stand_in_a_path() -> None:
    with pytest.raises(CDSHooksError, match="cannot stand in a path"):
        url("MedicationRequest/{{context.draftOrders.MedicationRequest.id}}")


def test_a_reason_is_given_for_each_template_without_url() -> None:
    templates = parse_templates(
        {
            "patient": "Patient/{{context.patientId}}",
            "visit": "Encounter/{{context.encounterId}}?x={{context.nothing}}",
            "wrong": "Patient/{{context.userId}}",
        }
    )
    found = prefetch_urls(templates, CONTEXT, today=TODAY)
    assert dict(found.urls) == {"patient": "Patient/12"}
    assert found.unresolved["visit"] == (
        "nothing stands for {{context.encounterId}}, {{context.nothing}}"
    )
    assert "'wrong'" in found.unresolved["wrong"]
    assert "Practitioner/9" not in found.unresolved["wrong"]


def test_what_is_no_unicode_is_refused_without_being_shown() -> None:
    with pytest.raises(CDSHooksError, match="no Unicode") as caught:
        url("Observation?patient={{context.patientId}}", {"patientId": "Ada\ud800"})
    assert "Ada" not in str(caught.value)
    assert caught.value.__context__ is None


def test_references_within_references_are_none() -> None:
    nested: Any = "Patient/1"
    for _ in range(100_000):
        nested = {"reference": nested}
    assert url("Observation?patient={{context.patientId}}", {"patientId": nested}) is None
    while isinstance(nested, dict):  # Python's own way of freeing it would be recursive
        nested = nested.pop("reference")


@given(st.text(min_size=1))
def test_any_value_stays_one_value_of_its_parameter(value: str) -> None:
    found = url("Observation?a=1&patient={{context.patientId}}&b=2", {"patientId": value})
    assert found is not None
    path, _, query = found.partition("?")
    assert path == "Observation"
    pairs = parse_qsl(query, keep_blank_values=True)
    assert [name for name, _ in pairs] == ["a", "patient", "b"]
    assert re.sub(r"\\([\\,$])", r"\1", pairs[1][1]) == value
    assert re.search(r"(?<!\\)(?:\\\\)*,", pairs[1][1]) is None
    assert found.isascii()


@given(st.text())
def test_any_value_in_a_path_is_an_id_or_refused(value: str) -> None:
    try:
        found = url("Patient/{{context.patientId}}", {"patientId": value})
    except CDSHooksError:
        return
    assert found is None or re.fullmatch(r"Patient/[A-Za-z0-9.-][A-Za-z0-9._-]*", unquote(found))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["entry", "resource", "id",
    "resourceType", "reference"]), inner),
    max_leaves=20,
)  # fmt: skip
PATHS = ["id", "entry.resource.id", "entry.resource.ofType(Patient).id", "Patient.id",
         "resource.resolve().id", "entry.reference"]  # fmt: skip


@given(JSON, st.sampled_from(PATHS))
def test_any_context_gives_a_url_or_none(value: object, path: str) -> None:
    found = url(f"Patient?x={{{{context.x.{path}}}}}", {"x": value})
    assert found is None or found.startswith("Patient?x=")


def test_printing_what_templates_become_shows_no_value() -> None:
    templates = parse_templates({"one": "Patient/{{context.patientId}}", "two": "{{context.no}}"})
    found = prefetch_urls(templates, {"patientId": "secret-id"}, today=TODAY)
    assert found.urls == {"one": "Patient/secret-id"}
    assert "secret-id" not in repr(found)
    assert "'two': 'nothing stands for {{context.no}}'" in repr(found)

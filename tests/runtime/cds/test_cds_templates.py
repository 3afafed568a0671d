"""Prefetch templates as services write them: what is one, and what is refused."""

import re

import pytest

from pymedplum_runtime.cds.templates.parsing import parse_template, parse_templates
from pymedplum_runtime.errors import CDSHooksError

WRITTEN = [
    "Patient/{{context.patientId}}",
    "Patient/{{ context.patientId }}",
    "Patient/{{context.patientId}}?_elements=birthDate",
    "{{context.userId}}",
    "Practitioner/{{userPractitionerId}}",
    "PractitionerRole?_id={{userPractitionerRoleId}}&_include=PractitionerRole:practitioner",
    "RelatedPerson/{{userRelatedPersonId}}",
    "Patient/{{userPatientId}}",
    "Observation?patient={{context.patientId}}&code=http://loinc.org|4548-4&_count=1",
    "Observation?date=gt{{today()}}",
    "Observation?date=gt{{today() - 90 days}}&date=lt{{today()+1 day}}",
    "MedicationRequest?_id={{context.draftOrders.MedicationRequest.id}}",
    "Device?_id={{context.draftOrders.entry.resource.ofType(DeviceRequest).code.resolve().id}}",
    "Practitioner?_id={{context.a.resolve().ofType(Practitioner).id|context.b.id}}",
    "Medication/123",
    "Medication?code=5",
    "Medication",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_reads_and_searches_are_templates(text: str) -> None:
    template = parse_template(text, key="data")
    assert (template.key, template.text) == ("data", text)


UNKNOWN = [
    "patientId",
    "context",
    "context.",
    "context..id",
    "contextpatientId",
    "Patient.id",
    "user",
    "userId",
    "userpractitionerid",
    "",
    "now()",
    "today",
    "today() - 90",
    "today() * 2 days",
    "today() - 123456 days",
    "today() - \u0664 days",
    "%prior.entry.id",
    "context.patientId.first()",
    "context.a.where(b)",
    "context.ofType()",
    "context.resolve()",
    "context.a.resolve().name",
    "context.a.resolve()",
    "context.ofType(Patient)",
    "context.a[0]",
    "context.a|user",
    "context.a b",
    "context.a/b",
    "context.a?b",
]


@pytest.mark.parametrize("token", UNKNOWN)
def test_an_unknown_token_is_refused_with_its_place(token: str) -> None:
    with pytest.raises(CDSHooksError, match="prefetch template 'data', token") as caught:
        parse_template(f"Observation?x={{{{{token}}}}}", key="data")
    assert f"{{{{{token}}}}}" in str(caught.value)


def test_the_refusal_of_a_token_names_those_that_there_are() -> None:
    with pytest.raises(CDSHooksError) as caught:
        parse_template("Patient/{{patient}}", key="data")
    for name in ("{{context.<field>}}", "{{userPractitionerId}}", "{{today() - 90 days}}"):
        assert name in str(caught.value)


NEITHER = [
    "",
    "?patient=1",
    "patient/1",
    "/Patient/1",
    "//evil.example/Patient/1",
    "https://evil.example/Patient/1",
    "https://evil.example/{{context.patientId}}",
    "https:Patient/1",
    "Patient/..",
    "Patient/../admin",
    "Patient/.",
    "Patient/%2e%2e",
    "Patient/1/_history/2",
    "Patient/_search",
    "Patient/_history",
    "Patient/$everything",
    "Patient/1/$everything",
    "Patient/1/Observation",
    "$export",
    "metadata",
    "Patient/",
    "{{context.userId}}{{context.userId}}",
    "{{context.type}}/{{context.id}}",
    "{{context.userId}}/x",
    "Patient{{context.patientId}}",
    "Patient:Practitioner/1",
]


@pytest.mark.parametrize("text", NEITHER)
def test_what_is_neither_a_read_nor_a_search_is_refused(text: str) -> None:
    with pytest.raises(CDSHooksError, match="prefetch template 'data': must be a read such as"):
        parse_template(text, key="data")


@pytest.mark.parametrize(
    "text",
    [
        "Patient/{{context.patientId",
        "Patient/context.patientId}}",
        "Patient/{context.patientId}",
        "Patient?x={{{{context.patientId}}}}",
        "Patient?x=1#y",
        "Patient?x=1\r\nX: y",
        "Patient?x=\\1",
        "Patient\x00?x=1",
    ],
)
def test_what_no_url_has_is_refused(text: str) -> None:
    with pytest.raises(CDSHooksError, match=r"a brace that is not closed|no such token"):
        parse_template(text, key="data")


def test_a_template_is_a_text() -> None:
    with pytest.raises(CDSHooksError, match="'data': must be a str, got NoneType"):
        parse_template(None, key="data")  # type: ignore[arg-type]


def test_a_long_path_is_refused() -> None:
    path = ".".join(["context", *["a"] * 21])
    with pytest.raises(CDSHooksError, match="at most 20 steps"):
        parse_template(f"Patient?x={{{{{path}}}}}")


def test_a_long_token_is_cut_where_it_is_shown() -> None:
    with pytest.raises(CDSHooksError) as caught:
        parse_template("Patient?x={{" + "y" * 5000 + "}}")
    assert len(str(caught.value)) < 400


def test_a_hook_knows_the_fields_of_its_context() -> None:
    text = "Observation?x={{context.draftOrders.entry.resource.id}}"
    assert parse_template(text, hook="order-sign").text == text
    with pytest.raises(CDSHooksError, match=re.escape("the context of patient-view has no such")):
        parse_template(text, hook="patient-view")
    assert parse_template("Patient/{{context.anything}}", hook="my-own").key == "prefetch"


def test_the_refusal_of_a_field_names_those_of_the_hook() -> None:
    with pytest.raises(CDSHooksError, match=r"context\.encounterId, context\.patientId, context\."):
        parse_template("Patient/{{context.patientID}}", hook="patient-view")


def test_all_templates_that_are_wrong_are_named_at_once() -> None:
    written = {"good": "Patient/{{context.patientId}}", "one": "{{x}}", "two": "http://x/Patient/1"}
    with pytest.raises(CDSHooksError) as caught:
        parse_templates(written)
    assert "'one'" in str(caught.value)
    assert "'two'" in str(caught.value)
    assert "'good'" not in str(caught.value)
    assert list(parse_templates({"good": written["good"]})) == ["good"]


def test_another_partys_text_stays_on_one_line_of_a_message() -> None:
    key = "labs\nERROR all is lost\u202e" + "x" * 1000
    with pytest.raises(CDSHooksError) as caught:
        parse_template("Patient?x={{context.a\u2028b}}", key=key)
    assert str(caught.value).startswith("prefetch template 'labs\\nERROR all is lost\\u202exxx")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400

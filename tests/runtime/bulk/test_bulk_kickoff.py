import json
from datetime import datetime, timezone
from typing import Any

import pytest
from export_talk import BASE, FHIR, STATUS, ExportTalk, failure, reply

from pymedplum import BulkExportError, MedplumError, Search, UnsafeRedirectError

EVERYTHING: dict[str, Any] = {
    "types": ["Patient", "Observation"],
    "since": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "until": "2026-02-01T00:00:00Z",
    "type_filter": ["Patient?active=true", ("Observation", Search().where("status", "final"))],
    "elements": ["id", "Patient.name"],
    "include_associated_data": "LatestProvenanceResources",
    "output_format": "application/fhir+ndjson",
}


@pytest.mark.parametrize(
    ("level", "path"),
    [("system", "$export"), ("Patient", "Patient/$export"), ("Group/7", "Group/7/$export")],
)
def test_every_level_has_its_path(talk: ExportTalk, level: str, path: str) -> None:
    talk.api.set(f"/fhir/R4/{path}", [reply(202, Content_Location=STATUS)])
    job = talk.start(level)
    sent = talk.api.requests[0]
    assert (sent.method, str(sent.url)) == ("GET", f"{FHIR}{path}")
    assert sent.headers["Prefer"] == "respond-async"
    assert job.status_url == STATUS


def test_parameters_of_a_get_stand_in_the_query(talk: ExportTalk) -> None:
    talk.start(**EVERYTHING)
    assert list(talk.api.requests[0].url.params.multi_items()) == [
        ("_outputFormat", "application/fhir+ndjson"),
        ("_since", "2026-01-01T00:00:00+00:00"),
        ("_until", "2026-02-01T00:00:00Z"),
        ("_type", "Patient,Observation"),
        ("_elements", "id,Patient.name"),
        ("includeAssociatedData", "LatestProvenanceResources"),
        ("_typeFilter", "Patient?active=true"),
        ("_typeFilter", "Observation?status=final"),
    ]


def test_parameters_of_a_post_are_a_parameters_resource(talk: ExportTalk) -> None:
    talk.start(
        types="Patient",
        since="2026-01-01T00:00:00Z",
        patient=["Patient/1", "2", {"reference": "Patient/3"}],
    )
    sent = talk.api.requests[0]
    assert sent.method == "POST"
    assert sent.headers["Content-Type"] == "application/fhir+json"
    assert json.loads(sent.content)["parameter"] == [
        {"name": "_since", "valueInstant": "2026-01-01T00:00:00Z"},
        {"name": "_type", "valueString": "Patient"},
        *(
            {"name": "patient", "valueReference": {"reference": f"Patient/{each}"}}
            for each in "123"
        ),
    ]


def test_what_is_too_long_for_a_url_is_posted(talk: ExportTalk) -> None:
    talk.start(type_filter=[f"Observation?code={number:0500d}" for number in range(10)])
    assert talk.api.requests[0].method == "POST"


def test_a_group_is_asked_for_by_get_whatever_the_length(talk: ExportTalk) -> None:
    talk.api.set("/fhir/R4/Group/7/$export", [reply(202, Content_Location=STATUS)])
    talk.start("Group/7", type_filter=f"Observation?code={1:05000d}")
    assert talk.api.requests[0].method == "GET"


def test_lenient_handling_is_asked_for_in_the_same_header(talk: ExportTalk) -> None:
    talk.start(lenient=True)
    assert talk.api.requests[0].headers["Prefer"] == "respond-async, handling=lenient"


@pytest.mark.parametrize("level", ["", "Observation", "Group", "Group/", "Group/../x", "patient"])
def test_other_levels_are_refused_before_anything_is_sent(talk: ExportTalk, level: str) -> None:
    with pytest.raises(ValueError, match=r"level|group"):
        talk.start(level)
    assert talk.api.requests == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"types": "patient"},
        {"types": "Patient,Observation"},
        {"since": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is the point
        {"since": ""},
        {"type_filter": "Observation"},
        {"type_filter": "../Observation?a=b"},
        {"patient": "Group/1"},
        {"patient": "Patient/1", "method": "GET"},
        {"method": "PUT"},
    ],
)
def test_wrong_values_are_refused_before_anything_is_sent(talk: ExportTalk, wrong: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says it in its own words
        talk.start(**wrong)
    assert talk.api.requests == []


@pytest.mark.parametrize(
    "wrong", [{"level": 1}, {"types": [1]}, {"since": 1}, {"type_filter": [1]}]
)
def test_wrong_types_are_type_errors(talk: ExportTalk, wrong: Any) -> None:
    with pytest.raises(TypeError):
        talk.start(**wrong)
    assert talk.api.requests == []


def test_a_relative_status_url_is_the_servers_own(talk: ExportTalk) -> None:
    talk.api.set("/fhir/R4/$export", [reply(202, Content_Location="/fhir/R4/bulkdata/export/9")])
    assert talk.start().status_url == f"{FHIR}bulkdata/export/9"


def test_medplums_body_names_the_status_url_where_the_header_does_not(talk: ExportTalk) -> None:
    body = failure()
    body["issue"][0]["diagnostics"] = STATUS
    talk.api.set("/fhir/R4/$export", [reply(202, body)])
    assert talk.start().status_url == STATUS


@pytest.mark.parametrize("url", ["https://evil.test/x", "//evil.test/x", "http://medplum.test/x"])
def test_a_status_url_elsewhere_is_not_asked(talk: ExportTalk, url: str) -> None:
    talk.api.set("/fhir/R4/$export", [reply(202, Content_Location=url)])
    with pytest.raises(UnsafeRedirectError):
        talk.start()
    assert len(talk.api.requests) == 1


@pytest.mark.parametrize("answer", [reply(200, {}), reply(202), reply(202, failure())])
def test_an_export_without_a_status_url_did_not_start(talk: ExportTalk, answer: Any) -> None:
    talk.api.set("/fhir/R4/$export", [answer])
    with pytest.raises(BulkExportError):
        talk.start()


def test_a_refused_kick_off_raises_what_the_status_means(talk: ExportTalk) -> None:
    talk.api.set("/fhir/R4/$export", [reply(400, failure())])
    with pytest.raises(MedplumError) as caught:
        talk.start()
    assert caught.value.status_code == 400
    assert "Ada" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://evil.test/x", "//evil.test/x"])
def test_only_this_servers_exports_can_be_attached(talk: ExportTalk, url: str) -> None:
    with pytest.raises(UnsafeRedirectError):
        talk.run(talk.client.attach_bulk_export(url))


def test_attaching_asks_nothing(talk: ExportTalk) -> None:
    job = talk.run(talk.client.attach_bulk_export(STATUS.removeprefix(BASE)))
    assert job.status_url == STATUS
    assert talk.api.requests == []


def test_every_later_request_acts_for_the_same_membership(talk: ExportTalk) -> None:
    talk.polls(reply(202))
    with talk.client.on_behalf_of("ProjectMembership/1"):
        job = talk.start()
    talk.run(job.status())
    acting = [each.headers.get("X-Medplum-On-Behalf-Of") for each in talk.api.requests]
    assert acting == ["ProjectMembership/1"] * 2

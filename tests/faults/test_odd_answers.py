"""Answers that no server should give: every failure is one of the package's own."""

import base64
from typing import Any

import pytest
from fault_calls import PATIENT, Called

from pymedplum import MedplumError, RateLimitError
from tests.medplum_server.process import MedplumServer

READ = ("read_resource", "Patient", "1")
SEARCH = ("search_resource_pages", "Patient")
BAD_LINKS = [
    "http://[::1",
    "http://127.0.0.1:port/",
    "//[",
    "https://\u2100.test/",
    "fhir/R4/Patient?" + "a" * 70_000,
    "http://u:p@127.0.0.1/",
    "\x00",
]


def page(link: str) -> dict[str, Any]:
    entry = [{"resource": PATIENT, "search": {"mode": "match"}}]
    links = [{"relation": "next", "url": link}]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entry}


@pytest.mark.parametrize("link", BAD_LINKS, ids=range(len(BAD_LINKS)))
def test_a_next_link_that_is_no_url_is_a_typed_error(
    call: Called, server: MedplumServer, link: str
) -> None:
    server.control("script", {"json": page(link)})
    with pytest.raises(MedplumError):
        call(*SEARCH)


@pytest.mark.parametrize("link", [each for each in BAD_LINKS if each.isascii() and each > " "])
def test_a_location_that_is_no_url_is_a_typed_error(
    call: Called, server: MedplumServer, link: str
) -> None:
    step = {"status": 201, "headers": {"Location": link}, "text": ""}
    server.control("script", step)
    with pytest.raises(MedplumError) as caught:
        call("create_resource", PATIENT)
    assert caught.value.possibly_committed


@pytest.mark.parametrize("link", BAD_LINKS[:4])
def test_a_job_that_is_no_url_is_a_typed_error(call: Called, link: str) -> None:
    issue = {"severity": "information", "code": "informational", "diagnostics": link}
    with pytest.raises((MedplumError, ValueError)) as caught:
        call("get_async_job_status", {"resourceType": "OperationOutcome", "issue": [issue]})
    assert isinstance(caught.value, MedplumError)


def test_text_that_is_no_utf_8_is_a_typed_error(call: Called, server: MedplumServer) -> None:
    garbage = base64.b64encode(b"\xff\xfe Mary Smithson").decode()
    server.control("script", {"base64": garbage, "type": "application/cda+xml"})
    with pytest.raises(MedplumError) as caught:
        call("export_ccda", "1")
    assert "Smithson" not in repr(caught.value)


@pytest.mark.parametrize("content", [b"\x1f\x8b garbage", b""], ids=["garbage", "empty"])
def test_a_broken_compression_is_a_typed_error(
    call: Called, server: MedplumServer, content: bytes
) -> None:
    headers = {"Content-Encoding": "gzip"}
    text = base64.b64encode(content).decode()
    server.control("script", [{"base64": text, "headers": headers, "json": None}] * 3)
    try:
        call(*READ)
    except MedplumError:
        return
    assert content == b""


@pytest.mark.parametrize(
    "said",
    [
        {"headers": {"Retry-After": "9" * 5000}},
        {"headers": {"RateLimit": f'"requests";r={"9" * 5000};t={"9" * 5000}'}},
        {"headers": {"Retry-After": "Mon, 01 Jan 99999 00:00:00 GMT"}},
        {"headers": {"Retry-After": "Mon, 01 Jan 0001 00:00:00 +2359"}},
        {"text": '{"extension": [{"url": "x/rate-limit-reset", "valueUnsignedInt": %s}]}'},
        {"text": '{"issue": [{"diagnostics": "{\\"_msBeforeNext\\": %s}"}]}'},
    ],
)
def test_a_wait_without_measure_is_cut_short(
    call: Called, server: MedplumServer, said: dict[str, Any]
) -> None:
    if "text" in said:
        said = {"text": said["text"] % ("9" * 400), "type": "application/json"}
    server.control("script", {"status": 429, "times": 20, **said})
    with pytest.raises(RateLimitError):
        call(*READ)


@pytest.mark.parametrize("body", ["[" * 50_000, "9" * 5000, '{"a": 1e999}', '"\\ud800"', "nul"])
def test_json_that_goes_too_far_is_a_typed_error(
    call: Called, server: MedplumServer, body: str
) -> None:
    server.control("script", {"text": body, "type": "application/json"})
    with pytest.raises(MedplumError):
        call(*READ)


@pytest.mark.parametrize("lifetime", [-1, 0, "soon", None, True, 1e300, 10**400, 1e-9])
def test_any_lifetime_of_a_token_can_be_lived_with(
    call: Called, server: MedplumServer, lifetime: object
) -> None:
    token = {"access_token": server.access_token(), "expires_in": lifetime}
    server.control("script", {"path": "^oauth2/token", "json": token})
    client = call.made()
    call.on(client, "read_resource", "Project", server.project_id)
    assert client.token_expires_at is None or client.token_expires_at.tzinfo

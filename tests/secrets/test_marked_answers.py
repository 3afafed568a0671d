"""Whatever a server answers, to whatever call: nothing of it shows in a log or an exception."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from marked_calls import BASE, CALLS, PATIENT, Call, Marked, signing_in
from marks import ACCESS_TOKEN, IDENTIFIER, NAME, SAID, SEARCHED

STATUSES = [200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 400, 401, 403, 404, 405, 409, 410]
STATUSES += [412, 413, 415, 418, 422, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 511, 599]
ISSUE = {
    "severity": SAID,
    "code": SAID,
    "diagnostics": f"{SAID} for {NAME}",
    "details": {"text": SAID, "coding": [{"code": SAID, "system": SAID, "display": SAID}]},
    "expression": [f"Patient.name.where(family='{NAME}')"],
    "location": [SAID],
}
OUTCOME = {"resourceType": "OperationOutcome", "id": SAID, "issue": [ISSUE, ISSUE]}
FAILED = {"response": {"status": "400 " + SAID, "outcome": OUTCOME, "location": f"Patient/{SAID}"}}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "searchset",
    "link": [{"relation": "next", "url": f"{BASE}fhir/R4/Patient?_cursor={SEARCHED}"}],
    "entry": [{"resource": PATIENT}, {"resource": {**PATIENT, "gender": SAID}}, FAILED],
}
JSON_BODIES: dict[str, Any] = {
    "outcome": OUTCOME,
    "test failed": {
        "resourceType": "OperationOutcome",
        "issue": [{"diagnostics": "Test failed: " + SAID}],
    },
    "bundle": BUNDLE,
    "message": {"msg": SAID, "error": SAID, "error_description": f"{SAID}: {NAME}"},
    "list": [SAID],
    "text": SAID,
    "invalid patient": {**PATIENT, "gender": SAID, "birthDate": SAID, SAID: SAID},
    "invalid values": {**PATIENT, "active": SAID, "contact": SAID, "name": [{"use": SAID}]},
    "other type": {"resourceType": "Basic", "id": SAID},
    "odd meta": {**PATIENT, "meta": SAID, "link": [{"url": SAID}], "entry": [SAID]},
    "errors": {"data": None, "errors": [{"message": SAID}]},
}
BODIES = {name: json.dumps(body).encode() for name, body in JSON_BODIES.items()} | {
    "html": f"<html><title>{SAID}</title>{NAME}</html>".encode(),
    "empty": b"",
    "cut off": f'{{"resourceType": "Patient", "name": [{{"family": "{NAME}'.encode(),
    "garbage": b"\xff\xfe\x00" + NAME.encode() + b"\xed\xa0\x80",
    "not utf-8 inside": b'{"resourceType": "Patient", "id": "' + NAME.encode() + b'\xff"}',
}
HEADERS = {
    "Location": f"/fhir/R4/Patient?identifier={SEARCHED}",
    "Content-Location": f"{BASE}fhir/R4/job/1/status?of={NAME}",
    "Set-Cookie": f"session={ACCESS_TOKEN}",
    "ETag": f'W/"{SAID}"',
    "Retry-After": SAID,
    "X-Odd": NAME,
}


def _same(status: int, body: bytes, headers: dict[str, str]) -> Iterator[httpx.Response]:
    """Give an answer some times, and no more: pages without end would be read for ever."""
    return (httpx.Response(status, content=body, headers=headers) for _ in range(20))


def names(call: Call) -> str:
    return f"{call[0]}{' typed' if 'as_fhir' in call[2] else ''}"


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("call", CALLS, ids=names)
def test_no_answer_shows(marked: Marked, call: Call, body: bytes) -> None:
    name, arguments, options = call
    client = marked.client(signing_in(lambda _: next(answers, None) or httpx.Response(500)))
    for status in STATUSES:
        answers = _same(status, body, HEADERS)
        marked.call(client, name, *arguments, **options)


@pytest.mark.parametrize("call", CALLS, ids=names)
@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.ReadTimeout,
        httpx.WriteError,
        httpx.RemoteProtocolError,
        httpx.LocalProtocolError,
        httpx.PoolTimeout,
        httpx.ProxyError,
        httpx.UnsupportedProtocol,
        httpx.DecodingError,
    ],
)
def test_no_failure_of_the_network_shows(
    marked: Marked, call: Call, error: type[httpx.RequestError]
) -> None:
    name, arguments, options = call

    def fail(request: httpx.Request) -> httpx.Response:
        said = f"{SAID} {request.url} {request.headers['authorization']}"
        raise error(said, request=request) from OSError(said)

    found = marked.call(marked.client(signing_in(fail)), name, *arguments, **options)
    assert isinstance(found, Exception)


@pytest.mark.parametrize("call", CALLS, ids=names)
@pytest.mark.parametrize(
    "location",
    [
        f"https://evil.test/{NAME}?identifier={SEARCHED}",
        f"//evil.test/?identifier={SEARCHED}",
        f"https://user:{SAID}@medplum.test/",
        f"https://medplum.test:{SEARCHED}/",
        f"https://[{SEARCHED}/",
        f"{BASE}fhir/R4/Patient?identifier={SEARCHED}",
        f"javascript:{SAID}",
    ],
)
def test_no_redirect_and_no_link_shows(marked: Marked, call: Call, location: str) -> None:
    name, arguments, options = call
    page = {**BUNDLE, "link": [{"relation": "next", "url": location}]}
    moved = {"Location": location, "Content-Location": location}
    client = marked.client(signing_in(lambda _: next(answers, None) or httpx.Response(500)))
    for status in (201, 202, 303, 307):
        answers = _same(status, b"", moved)
        marked.call(client, name, *arguments, **options)
    answers = _same(200, json.dumps(page).encode(), {})
    marked.call(client, name, *arguments, **options)


def test_the_marks_are_looked_for_where_they_are() -> None:
    assert {IDENTIFIER, NAME, SEARCHED} <= set(
        json.dumps([PATIENT, BUNDLE]).replace("=", '"').split('"')
    )

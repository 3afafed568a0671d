"""Services over HTTP: methods, paths and bodies."""

import json
import threading
from typing import Any

import httpx
import pytest
from cds_calls import (
    a_request,
    anonymous_services,
    post,
    with_client,
)
from cds_handlers import asked, greeting


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/cds-services", 200),
        ("HEAD", "/cds-services", 200),
        ("OPTIONS", "/cds-services", 204),
        ("POST", "/cds-services", 405),
        ("DELETE", "/cds-services", 405),
        ("GET", "/cds-services/greet", 405),
        ("PUT", "/cds-services/greet", 405),
        ("OPTIONS", "/cds-services/greet", 204),
        ("GET", "/cds-services/greet/feedback", 405),
        ("GET", "/", 404),
        ("GET", "/cds-services/", 404),
        ("POST", "/cds-services/greet/", 404),
        ("POST", "/cds-services/greet/other", 404),
        ("POST", "/cds-services/nobody", 404),
        ("POST", "/cds-services/%2e%2e%2fetc", 404),
        ("POST", "/cds-services/greet%00", 404),
    ],
)
def test_methods_and_paths_have_their_statuses(method: str, path: str, status: int) -> None:
    answer = asked(greeting(), method, path)

    assert answer.status_code == status
    assert "Location" not in answer.headers
    if status >= 400:
        assert set(answer.json()) == {"error"}
        assert answer.headers["Content-Type"] == "application/json"
    if status == 405:
        assert answer.headers["Allow"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ('application/json;charset="UTF-8";profile=x', 200),
        ("application/json; charset=us-ascii", 200),
        ("application/json; charset=iso-8859-1", 415),
        ("application/json;Charset=UTF-16", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/xml", 415),
        ("application/jsonp", 415),
        ("", 415),
        (None, 415),
    ],
)
def test_bodies_are_json(kind: str | None, status: int) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    content = json.dumps(a_request()).encode()

    answer = asked(greeting(), "POST", "/cds-services/greet", content=content, headers=headers)

    assert answer.status_code == status


def test_compressed_bodies_are_refused() -> None:
    answer = post(greeting(), b"{}", headers={"Content-Encoding": "gzip"})

    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"{} {}", "no JSON"),
        (b"[]", "no JSON object"),
        (b"null", "no JSON object"),
        (b'"hook"', "no JSON object"),
        (b'{"a":NaN}', "no JSON"),
        (b'{"a":-0,"b":' + b"9" * 5000 + b"}", "no JSON"),
        (b"[" * 200_000, "no JSON"),
        (b'{"a":' * 100_000, "no JSON"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "no request"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "more than 100 levels"),
        (b'{"context":' + b"[" * 120 + b"]" * 120 + b"}", "more than 100 levels"),
    ],
    ids=lambda value: str(value[:20]),
)
def test_what_is_no_sensible_json_is_a_400(content: bytes, message: str) -> None:
    answer = post(greeting(), content)

    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_a_body_of_very_many_parts_is_refused() -> None:
    content = json.dumps(a_request(context={"x": [[]] * 300_000})).encode()

    answer = post(greeting(), content)

    assert answer.status_code == 413
    assert "objects and lists" in answer.json()["error"]


def test_large_bodies_are_read_in_threads() -> None:
    services = anonymous_services()
    found: list[int] = []
    orders = {"resourceType": "Patient", "name": [{"family": "x" * 50}] * 2000}
    template = {"patient": "Patient/{{context.patientId}}"}
    services.service("patient-view", id="greet", description="d", prefetch=template)(
        lambda request: found.append(len(request.prefetch["patient"].name))
    )
    before = set(threading.enumerate())

    answer = post(services, a_request(prefetch={"patient": orders}))

    assert answer.status_code == 200
    assert found == [2000]
    assert any(each.name.startswith("cds-reader") for each in set(threading.enumerate()) - before)


@pytest.mark.parametrize("is_chunked", [True, False])
def test_large_bodies_are_refused_before_they_are_read_whole(is_chunked: bool) -> None:  # noqa: FBT001 - a row
    read: list[int] = []

    async def chunks() -> Any:
        for _ in range(1000):
            read.append(1)
            yield b" " * 1000

    headers = {"Content-Type": "application/json"}
    if not is_chunked:
        headers["Content-Length"] = "1000000"

    async def call(http: httpx.AsyncClient) -> httpx.Response:
        path = "/cds-services/greet"
        return await http.post(path, content=chunks(), headers=headers)

    answer = with_client(greeting(max_body=10_000), call)

    assert answer.status_code == 413
    assert "10000 bytes" in answer.json()["error"]
    assert len(read) <= (12 if is_chunked else 0)


@pytest.mark.parametrize("length", ["-1", "1e9", "9" * 30, "ten", "0x10"])
def test_a_wrong_content_length_harms_nothing(length: str) -> None:
    content = json.dumps(a_request()).encode()

    answer = post(greeting(), content, headers={"Content-Length": length})

    assert answer.status_code == 200


def test_a_body_that_never_ends_is_given_up() -> None:
    services = greeting()
    clock: Any = services._clock  # noqa: SLF001 - the test's own
    sent: list[Any] = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/cds-services/greet",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }

    async def receive() -> dict[str, Any]:
        import asyncio  # noqa: PLC0415 - for this alone

        clock.is_up = True
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    with_client(services, lambda _: services(scope, receive, send))

    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_caller_who_hangs_up_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    services = greeting()
    sent: list[Any] = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/cds-services/greet",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    with_client(services, lambda _: services(scope, receive, send))

    assert sent[0]["status"] == 400
    assert "ERROR" not in caplog.text

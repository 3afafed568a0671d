from dataclasses import replace
from typing import Any

import pytest
from mock_clients import Seen, sync_client

from pymedplum import PreparedRequest


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.test"},
        {"Content-Length": "3"},
        {"Transfer-Encoding": "chunked"},
        {"Authorization": "Bearer x"},
        {"Cookie": "a=b"},
        {"X\r\nEvil": "1"},
        {"X-Name": "Jos\u00e9"},
        {"X-Name": " a "},
        {"X-Name": "a\r\nb"},
        {"": "a"},
    ],
)
def test_a_header_that_must_not_be_sent_is_a_value_error(headers: dict[str, str]) -> None:
    seen = Seen()
    with pytest.raises(ValueError, match="header"):
        sync_client(seen).read_resource("Patient", "1", headers=headers)
    assert seen.requests == []


@pytest.mark.parametrize("headers", [{1: "1"}, {"X": 1}, [("a", "b")]])
def test_headers_of_a_wrong_type_are_a_type_error(headers: Any) -> None:
    seen = Seen()
    with pytest.raises(TypeError, match="header"):
        sync_client(seen).read_resource("Patient", "1", headers=headers)
    assert seen.requests == []


@pytest.mark.parametrize("content_type", ["application/json\r\nX-Evil: 1", "text/plain;\rX: 1"])
def test_a_media_type_cannot_smuggle_a_header(content_type: str) -> None:
    seen = Seen()
    client = sync_client(seen)
    with pytest.raises(ValueError, match=r"content_type|Content-Type"):
        client.execute_bot("1", "{}", content_type=content_type)
    with pytest.raises(ValueError, match=r"content_type|Content-Type"):
        client.upload_binary(b"x", content_type)
    assert seen.requests == []


def test_a_hook_cannot_name_another_host(caplog: pytest.LogCaptureFixture) -> None:
    def hook(request: PreparedRequest) -> PreparedRequest:
        return replace(request, headers={**request.headers, "Host": "evil.test"})

    seen = Seen()
    sync_client(seen, before_request=hook).read_resource("Patient", "1")
    assert seen.requests[0].headers["Host"] == "medplum.test"
    assert "discarded" in caplog.text


def test_a_hook_may_take_the_body_away_and_keeps_the_digits_of_one_it_leaves() -> None:
    def drop(request: PreparedRequest) -> PreparedRequest:
        return replace(request, json_body=None)

    seen = Seen()
    sync_client(seen, before_request=drop).post("x", json={"a": 1})
    assert seen.requests[0].content == b""


def test_a_hook_may_give_a_relative_url() -> None:
    seen = Seen()
    client = sync_client(seen, before_request=lambda r: replace(r, url="Patient/2"))
    client.read_resource("Patient", "1")
    assert seen.requests[0].url.path == "/fhir/R4/Patient/2"

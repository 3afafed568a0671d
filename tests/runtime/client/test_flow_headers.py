"""Headers of the caller's, the client's and a hook's, laid over each other."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flow_steps import BASE, FHIR, PATIENT_URL, Hand, answer_of, session_of

from pymedplum_runtime.hooks import PreparedRequest
from pymedplum_runtime.http.headers import merge_headers

PATIENT = {"resourceType": "Patient", "active": True}
Change = Callable[[PreparedRequest], PreparedRequest | None]


def _sent(hook: Change | None = None, **call: Any) -> Any:
    hand = Hand(answer_of())
    hand.call(session_of(hand.clock, before_request=hook), **call)
    return hand.sent[0]


def test_a_callers_header_replaces_a_default_whatever_its_case() -> None:
    merged = merge_headers({"Accept": "a", "X-Medplum": "extended"}, {"accept": "b"})
    assert merged == {"X-Medplum": "extended", "accept": "b"}


def test_none_takes_a_default_away() -> None:
    assert merge_headers({"Accept": "a", "X-Medplum": "e"}, {"x-medplum": None}) == {"Accept": "a"}
    assert merge_headers({"Accept": "a"}, {"X-Other": None}) == {"Accept": "a"}


def test_the_defaults_stay_as_they_were() -> None:
    defaults = {"Accept": "a"}
    merge_headers(defaults, {"Accept": None, "X": "y"})
    assert defaults == {"Accept": "a"}


@pytest.mark.parametrize(
    "name", ["Authorization", "authorization", "COOKIE", "Proxy-Authorization"]
)
def test_credentials_are_the_clients_own(name: str) -> None:
    with pytest.raises(ValueError, match="client's own") as caught:
        merge_headers({}, {name: "secret"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\n", "\x00", "日"])
def test_a_value_that_no_header_can_hold_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="X-Name") as caught:
        merge_headers({}, {"X-Name": value})
    assert value not in str(caught.value)


@pytest.mark.parametrize("headers", [["X"], {"X": 5}, {"X": b"y"}, "X: y"])
def test_headers_are_a_mapping_of_texts(headers: Any) -> None:
    with pytest.raises(TypeError):
        merge_headers({}, headers)


def test_a_call_sends_its_kind_of_body_and_its_token() -> None:
    sent = _sent(method="POST", body=PATIENT)
    assert sent.headers == {
        "Accept": "application/fhir+json",
        "Content-Type": "application/fhir+json",
        "X-Medplum": "extended",
        "Authorization": "Bearer token",
    }
    assert "Content-Type" not in _sent().headers


def test_a_hook_sees_everything_but_credentials() -> None:
    seen: list[PreparedRequest] = []
    _sent(seen.append, method="POST", body=PATIENT, on_behalf_of="123")
    names = {name.lower() for name in seen[0].headers}
    assert names.isdisjoint({"authorization", "x-medplum-on-behalf-of"})
    assert (seen[0].method, seen[0].url, seen[0].json_body) == ("POST", PATIENT_URL, PATIENT)


def test_a_hook_changes_body_headers_and_url() -> None:
    def change(request: PreparedRequest) -> PreparedRequest:
        headers = {**request.headers, "X-Trace": "1"}
        return replace(request, url=f"{FHIR}Patient/2", headers=headers, json_body={"a": 1})

    sent = _sent(change, method="PUT", body=PATIENT)
    assert (sent.url, json.loads(sent.content)) == (f"{FHIR}Patient/2", {"a": 1})
    assert (sent.headers["X-Trace"], sent.headers["Authorization"]) == ("1", "Bearer token")


def test_what_a_hook_does_to_its_copy_stays_there() -> None:
    def scribble(request: PreparedRequest) -> None:
        request.headers["X-Evil"] = "1"
        assert request.json_body is not None
        request.json_body["active"] = False

    sent = _sent(scribble, method="PUT", body=PATIENT)
    assert json.loads(sent.content) == PATIENT
    assert "X-Evil" not in sent.headers


DISCARDED: list[Change] = [
    lambda r: replace(r, url="https://evil.test/"),
    lambda r: replace(r, url="//evil.test/x"),
    lambda r: replace(r, url=f"{BASE}x\r\nX-Evil: 1"),
    lambda r: replace(r, headers={**r.headers, "authorization": "Bearer other"}),
    lambda r: replace(r, headers={**r.headers, "X-MEDPLUM-on-behalf-of": "123"}),
    lambda r: replace(r, headers={**r.headers, "Cookie": "a=b"}),
    lambda r: replace(r, method="DELETE"),
    lambda _: "no request",  # type: ignore[return-value]
]


@pytest.mark.parametrize("change", DISCARDED)
def test_a_change_that_is_not_allowed_is_discarded_whole_and_logged(
    change: Change, caplog: pytest.LogCaptureFixture
) -> None:
    def both(request: PreparedRequest) -> PreparedRequest | None:
        changed = change(request)
        if isinstance(changed, PreparedRequest):
            return replace(changed, json_body={"changed": True})
        return changed

    with caplog.at_level(logging.WARNING):
        sent = _sent(both, method="PUT", body=PATIENT)
    assert (sent.method, sent.url, json.loads(sent.content)) == ("PUT", PATIENT_URL, PATIENT)
    assert sent.headers["Authorization"] == "Bearer token"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "evil" not in caplog.text


def test_a_write_may_become_a_read() -> None:
    assert _sent(lambda r: replace(r, method="GET"), method="PUT", body=PATIENT).method == "GET"


def test_a_hook_that_raises_stops_the_call_before_anything_is_sent() -> None:
    def refuse(_: PreparedRequest) -> None:
        raise LookupError("no")

    hand = Hand(answer_of())
    with pytest.raises(LookupError):
        hand.call(session_of(hand.clock, before_request=refuse))
    assert hand.sent == []


def test_every_attempt_is_shown_anew() -> None:
    urls: list[str] = []
    hand = Hand(answer_of(503), answer_of(429), answer_of())

    def change(request: PreparedRequest) -> PreparedRequest:
        urls.append(request.url)
        return replace(request, url=f"{request.url}?try={len(urls)}")

    hand.call(session_of(hand.clock, before_request=change))
    assert urls == [PATIENT_URL] * 3
    assert hand.sent[-1].url == f"{PATIENT_URL}?try=3"


def test_an_unchanged_body_keeps_its_bytes() -> None:
    exact = b'{"value": 1.00}'
    kind = {"content_type": "application/fhir+json"}
    sent = _sent(lambda r: replace(r, headers=r.headers), method="PUT", body=exact, **kind)
    assert sent.content == exact

"""How long a server asks to wait, read from whatever it sends: limits.py."""

import json
import math
from typing import Any

import httpx
import pytest
from flow_steps import answer_of
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.http.limits import delay_asked_for, outcome_delay
from pymedplum_runtime.http.wire import Answer

NOW = 1_800_000_000.0
RESET = "https://medplum.com/fhir/StructureDefinition/rate-limit-reset"
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _asked(headers: dict[str, str] | None = None, body: object = None) -> float | None:
    return delay_asked_for(answer_of(429, body, headers), NOW)


def _outcome(diagnostics: object) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"diagnostics": diagnostics}]}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("5", 5.0),
        (" 1.5 ", 1.5),
        ("Fri, 15 Jan 2027 08:00:10 GMT", 10.0),
        ("Fri, 15 Jan 2027 07:59:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert _asked({"Retry-After": text}) == seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ('"requests";r=0;t=5', 5.0),
        ('"requests";r=10;t=5, "fhirInteractions";r=0;t=7', 7.0),
        ('"requests";r=0;t=3, "fhirInteractions";r=0;t=7', 7.0),
        ('"requests";r=1;t=3, "fhirInteractions";r=2;t=2', 3.0),
        ('"requests"; r=0; t=2.5', 2.5),
        ('"requests";r=-1;t=5', None),
        ("nonsense", None),
    ],
)
def test_the_limit_that_is_used_up_decides(header: str, seconds: float | None) -> None:
    assert _asked({"RateLimit": header}) == seconds


def test_two_headers_are_read_like_one() -> None:
    pairs = [("RateLimit", '"requests";r=9;t=1'), ("RateLimit", '"fhirInteractions";r=0;t=8')]
    assert delay_asked_for(Answer(429, httpx.Headers(pairs), b""), NOW) == 8.0


@pytest.mark.parametrize(
    ("diagnostics", "seconds"),
    [
        ('{"_msBeforeNext": 1500}', 1.5),
        ('{"_msBeforeNext": 0}', 0.0),
        ('{"_msBeforeNext": -10}', 0.0),
        ('{"_msBeforeNext": "5"}', None),
        ('{"_msBeforeNext": true}', None),
        ('{"_msBeforeNext": null}', None),
        ('{"_msBeforeNext":', None),
        ('["_msBeforeNext"]', None),
        ("\ud800_msBeforeNext", None),
        (5, None),
    ],
)
def test_the_diagnostics_say_milliseconds(diagnostics: object, seconds: float | None) -> None:
    assert outcome_delay(_outcome(diagnostics)) == seconds


def test_the_extension_says_seconds() -> None:
    outcome = {**_outcome(None), "extension": [{"url": "x"}, {"url": RESET, "valueUnsignedInt": 9}]}
    assert _asked(None, outcome) == 9.0
    outcome["extension"][1]["valueUnsignedInt"] = -9
    assert _asked(None, outcome) == 0.0


def test_retry_after_goes_before_the_body_and_that_before_the_limits() -> None:
    body = _outcome('{"_msBeforeNext": 2000}')
    limits = {"RateLimit": '"requests";r=0;t=5'}
    assert _asked({"Retry-After": "1", **limits}, body) == 1.0
    assert _asked(limits, body) == 2.0
    assert _asked(limits) == 5.0
    assert _asked() is None


def _is_wait(seconds: float | None) -> bool:
    return seconds is None or (seconds >= 0 and not math.isnan(seconds))


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])))
def test_no_header_raises_or_gives_a_negative_wait(text: str) -> None:
    for name in ("Retry-After", "RateLimit"):
        headers = httpx.Headers([(name.encode(), text.encode("latin-1"))])
        assert _is_wait(delay_asked_for(Answer(429, headers, b""), NOW))


@given(st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d\d:\d\d:\d\d( \S{0,6})?"))
def test_no_date_raises_or_gives_a_negative_wait(text: str) -> None:
    headers = httpx.Headers([(b"Retry-After", text.encode("utf-8", "replace"))])
    assert _is_wait(delay_asked_for(Answer(429, headers, b""), NOW))


@given(st.from_regex(r'"[a-z]*";r=-?\d{1,400};t=-?\d{1,400}(\.\d{1,9})?', fullmatch=True))
def test_no_limit_raises_or_gives_a_negative_wait(text: str) -> None:
    assert _is_wait(_asked({"RateLimit": text}) if text.isascii() else None)


@given(values)
def test_no_body_raises_or_gives_a_negative_wait(value: object) -> None:
    assert _is_wait(outcome_delay(value))
    assert _is_wait(outcome_delay(_outcome(value)))
    assert _is_wait(outcome_delay(_outcome(json.dumps({"_msBeforeNext": value}))))
    assert _is_wait(outcome_delay({"extension": [{"url": RESET, "valueUnsignedInt": value}]}))
    assert _is_wait(outcome_delay({"extension": value, "issue": value}))


@given(st.binary())
def test_no_bytes_raise(content: bytes) -> None:
    assert _is_wait(delay_asked_for(Answer(429, httpx.Headers(), content), NOW))

"""Malformed requests of every kind: always a 4xx in JSON, never a 500, never a trace."""

import copy
import json
import logging
from typing import Any

import httpx
import pytest
from cds_calls import KEYS, a_card, a_request, anonymous_services, bearer, post, trusting_services
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pymedplum_runtime.cds.service.services import CDSServices

MEDICATION = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "Sekretamol"},
    "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 1.50, "unit": "mg"}}]}],
}
ORDERS = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": MEDICATION}]}
REQUESTS: list[dict[str, Any]] = [
    a_request(prefetch={"patient": {"resourceType": "Patient", "id": "p1"}, "none": None}),
    a_request(
        hook="order-select",
        fhirServer="https://ehr.test/fhir",
        fhirAuthorization={
            "access_token": "Sekret",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "user/*.read",
            "subject": "cds",
        },
        context={
            "userId": "Practitioner/7",
            "patientId": "p1",
            "selections": ["MedicationRequest/m1"],
            "draftOrders": ORDERS,
        },
        extension={"org.example.x": 1},
    ),
    a_request(
        hook="appointment-book",
        context={
            "userId": "Patient/p1",
            "patientId": "p1",
            "appointments": {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [
                    {
                        "resource": {
                            "resourceType": "Appointment",
                            "status": "proposed",
                            "participant": [
                                {"actor": {"reference": "Patient/p1"}, "status": "accepted"}
                            ],
                        }
                    }
                ],
            },
        },
    ),
    {
        "feedback": [
            {
                "card": "c1",
                "outcome": "accepted",
                "acceptedSuggestions": [{"id": "s1"}],
                "outcomeTimestamp": "2026-05-04T12:30:00Z",
            }
        ]
    },
]


def every_service() -> CDSServices:
    services = anonymous_services(fhir_servers=["https://ehr.test/fhir"], transport=Offline())
    template = {"patient": "Patient/{{context.patientId}}"}
    for hook in ("patient-view", "order-select", "appointment-book"):
        services.service(
            hook, id="greet", description="d", prefetch=template, optional=["patient"]
        )(read_everything)
    services.on_feedback("greet")(lambda _: None)
    return services


def read_everything(request: Any) -> list[Any]:
    """Do what services do: look at what they were given."""
    found = [request.prefetch[key] for key in request.prefetch]
    orders = getattr(request.context, "draft_orders", None)
    entries = orders.entry or () if orders is not None else ()
    found += [getattr(entry, "resource", None) for entry in entries]
    return [a_card(f"{len(found)} resources")]


class Offline(httpx.AsyncBaseTransport):
    """Has no connection."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("offline", request=request)


SERVICES = every_service()
EASY = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

texts = st.text(max_size=20)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    texts,
    st.sampled_from(["patient-view", "Patient", "Bearer", "Practitioner/1", "https://a.test"]),
)
names = st.one_of(
    texts,
    st.sampled_from(
        ["hook", "hookInstance", "context", "prefetch", "resourceType", "feedback", "entry"]
    ),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
    max_leaves=20,
)


def check(answer: httpx.Response, caplog: pytest.LogCaptureFixture) -> None:
    assert 400 <= answer.status_code < 500 or answer.status_code == 200, answer.text
    if answer.status_code != 200:
        body = answer.json()
        assert set(body) <= {"error", "problems"}
        assert isinstance(body["error"], str)
        assert all(set(each) == {"path", "problem"} for each in body.get("problems", ()))
    assert "Traceback" not in answer.text
    assert "Sekret" not in answer.text
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


@EASY
@given(content=st.binary(max_size=300), path=st.sampled_from(["greet", "greet/feedback"]))
def test_any_bytes(caplog: pytest.LogCaptureFixture, content: bytes, path: str) -> None:
    answer = post(SERVICES, content, path)

    check(answer, caplog)
    assert answer.status_code == 400


@EASY
@given(value=values, path=st.sampled_from(["greet", "greet/feedback"]))
def test_any_json(caplog: pytest.LogCaptureFixture, value: object, path: str) -> None:
    answer = post(SERVICES, _encoded(value), path)

    check(answer, caplog)
    assert answer.status_code == 400


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return every place in a JSON value."""
    found = [path]
    if isinstance(value, dict):
        found += [each for key, inner in value.items() for each in places(inner, (*path, key))]
    if isinstance(value, list):
        found += [each for n, inner in enumerate(value) for each in places(inner, (*path, n))]
    return found


@st.composite
def mutants(draw: st.DrawFn) -> dict[str, Any]:
    """Break a good request in one to three places."""
    body: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(REQUESTS)))
    for _ in range(draw(st.integers(1, 3))):
        if not body:
            break
        *way, last = draw(st.sampled_from(places(body)[1:]))
        inner: Any = body
        for step in way:
            inner = inner[step]
        change = draw(st.sampled_from(["remove", "replace", "add", "rename"]))
        if change == "remove":
            del inner[last]
        elif change == "replace":
            inner[last] = draw(values)
        elif isinstance(inner, dict):
            inner[draw(names)] = inner.pop(last) if change == "rename" else draw(values)
        else:
            inner.insert(0, draw(values))
    return body


@settings(EASY, max_examples=400)
@given(body=mutants())
def test_good_requests_that_were_broken(
    caplog: pytest.LogCaptureFixture, body: dict[str, Any]
) -> None:
    path = "greet/feedback" if "feedback" in body else "greet"

    check(post(SERVICES, _encoded(body), path), caplog)


@pytest.mark.parametrize("body", REQUESTS, ids=lambda body: body.get("hook", "feedback"))
def test_the_requests_that_are_broken_are_good_before(body: dict[str, Any]) -> None:
    path = "greet/feedback" if "feedback" in body else "greet"

    answer = post(SERVICES, _encoded(body), path)

    assert answer.status_code == 200, answer.text


TRUSTING = trusting_services()
header_texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)


@EASY
@given(text=st.one_of(header_texts, header_texts.map(lambda each: f"Bearer {each}")))
def test_any_authorization(caplog: pytest.LogCaptureFixture, text: str) -> None:
    answer = post(TRUSTING, a_request(), headers={"Authorization": text})

    check(answer, caplog)
    assert answer.status_code == 401


@EASY
@given(header=st.dictionaries(names, values, max_size=5), claims=values)
def test_any_header_and_claims_under_a_good_signature(
    caplog: pytest.LogCaptureFixture, header: dict[str, Any], claims: object
) -> None:
    import jwt  # noqa: PLC0415 - for this alone

    named = {"alg": "ES384", "typ": "JWT", "kid": "first"} | header
    algorithm = jwt.get_algorithm_by_name("ES384")
    content = ".".join(_base64(_encoded(each)) for each in (named, claims))
    key = algorithm.prepare_key(KEYS.private_pem())
    text = f"{content}.{_base64(algorithm.sign(content.encode(), key))}"

    answer = post(TRUSTING, a_request(), headers=bearer(text))

    check(answer, caplog)
    assert answer.status_code == 401


def _base64(content: bytes) -> str:
    from base64 import urlsafe_b64encode  # noqa: PLC0415 - for this alone

    return urlsafe_b64encode(content).rstrip(b"=").decode()

"""Who calls: what they may see, what services learn of them, and whom to trust at all."""

import asyncio
from typing import Any

import pytest
from cds_calls import (
    BASE,
    ISSUER,
    JWKS_URL,
    StillClock,
    a_card,
    a_request,
    an_ehr,
    bearer,
    post,
    token,
    trusting_services,
    with_client,
)
from token_calls import AUD, RSA

from pymedplum.cds_models import Card
from pymedplum_runtime.cds.service.trust import TrustedEHR
from pymedplum_runtime.cds.service.verifier import CallingEHR, EHRVerifier, calling_ehr
from pymedplum_runtime.errors import AuthenticationError


def test_a_stranger_does_not_learn_which_services_there_are() -> None:
    assert post(trusting_services(), a_request(), "nobody").status_code == 401


def test_discovery_is_public_unless_it_shall_not_be() -> None:
    public, private = trusting_services(), trusting_services(public_discovery=False)
    headers = bearer(token(aud=f"{BASE}/cds-services"))

    assert with_client(public, lambda http: http.get("/cds-services")).status_code == 200
    assert with_client(private, lambda http: http.get("/cds-services")).status_code == 401
    found = with_client(private, lambda http: http.get("/cds-services", headers=headers))
    assert found.status_code == 200


@pytest.mark.parametrize("aud", [f"{AUD}/feedback", AUD])
def test_feedback_needs_a_token_too(aud: str) -> None:
    services = trusting_services()
    services.on_feedback("greet")(lambda _: None)
    one = {"card": "c1", "outcome": "overridden", "outcomeTimestamp": "2026-05-04T12:30:00Z"}
    body = {"feedback": [one]}

    assert post(services, body, "greet/feedback").status_code == 401
    taken = post(services, body, "greet/feedback", headers=bearer(token(aud=aud)))
    assert taken.status_code == 200


@pytest.mark.parametrize("is_async", [True, False])
def test_a_service_learns_who_calls(is_async: bool) -> None:  # noqa: FBT001 - a row
    ehr = an_ehr()
    services = trusting_services(ehr)
    callers: list[CallingEHR | None] = []

    def here(_: object) -> Card:
        callers.append(calling_ehr())
        return a_card()

    async def there(_: object) -> Card:
        return here(_)

    handler = there if is_async else here
    services.service("encounter-start", id="greet", description="d")(handler)
    context = {"userId": "Practitioner/7", "patientId": "p1", "encounterId": "e1"}
    body = a_request(hook="encounter-start", context=context)

    post(services, body, headers=bearer(token(tenant="clinic", custom=1)))

    caller = callers[0]
    assert caller is not None
    assert caller.ehr is ehr
    assert caller.tenant == "clinic"
    assert caller.claims["custom"] == 1
    assert "clinic" not in repr(caller.claims) or "custom" not in repr(caller)
    assert calling_ehr() is None


def test_of_two_ehrs_with_one_issuer_the_jku_tells_which() -> None:
    first = an_ehr(jwks_url="https://a.test/jwks")
    second = an_ehr(jwks_url="https://b.test/jwks", keys=RSA.public_jwks())
    services = trusting_services(first, second)
    texts = {
        token(header={"jku": "https://a.test/jwks"}): 200,
        token(RSA, "RS384", header={"jku": "https://b.test/jwks"}): 200,
        token(header={"jku": "https://b.test/jwks"}): 401,
        token(): 401,
    }

    found = {text: post(services, a_request(), headers=bearer(text)) for text in texts}

    assert {text: answer.status_code for text, answer in found.items()} == texts


def test_the_verifier_serves_other_applications_too() -> None:
    verifier = EHRVerifier([an_ehr()], clock=StillClock())
    text = token(aud="https://own.test/hook", tenant="clinic")

    caller = asyncio.run(verifier.verify(f"Bearer {text}", "https://own.test/hook"))

    assert caller.tenant == "clinic"
    with pytest.raises(AuthenticationError, match="used before") as caught:
        asyncio.run(verifier.verify([f"Bearer {text}"], ["https://own.test/hook"]))
    assert caught.value.status_code == 401
    with pytest.raises(AuthenticationError, match="needed"):
        asyncio.run(verifier.verify(None, "https://own.test/hook"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "jwks_url or keys"),
        ({"jwks_url": "http://ehr.test/jwks"}, "https"),
        ({"jwks_url": "https://user:pw@ehr.test/jwks"}, "plain URL"),
        ({"jwks_url": "file:///etc/passwd"}, "plain URL"),
        ({"jwks_url": "https://ehr.test/jwks#x"}, "plain URL"),
        ({"keys": "no key"}, "neither PEM nor"),
        ({"jwks_url": JWKS_URL, "algorithms": []}, "algorithm"),
        ({"jwks_url": JWKS_URL, "algorithms": ["none"]}, "one of"),
        ({"jwks_url": JWKS_URL, "algorithms": ["HS256"]}, "one of"),
        ({"jwks_url": JWKS_URL, "longest": 0}, "longest"),
        ({"jwks_url": JWKS_URL, "fhir_servers": ["http://fhir.test"]}, "https"),
        ({"jwks_url": JWKS_URL, "fhir_servers": ["https://fhir.test/../x"]}, "plain URL"),
    ],
)
def test_an_ehr_is_trusted_with_sense_or_not_at_all(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrustedEHR(ISSUER, **options)


def test_what_is_no_ehr_cannot_be_trusted() -> None:
    wrong: Any = [ISSUER]
    with pytest.raises(TypeError, match="takes TrustedEHR, got str"):
        EHRVerifier(wrong)
    with pytest.raises(ValueError, match="same issuer"):
        EHRVerifier([an_ehr(), an_ehr()])
    empty: Any = ""
    with pytest.raises(ValueError, match="issuer"):
        TrustedEHR(empty, jwks_url=JWKS_URL)

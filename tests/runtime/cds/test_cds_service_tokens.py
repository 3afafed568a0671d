"""Signed tokens of EHRs: who signed, for whom, when, and how often they are good."""

from typing import Any

import jwt
import pytest
from cds_calls import (
    BASE,
    ISSUER,
    JWKS_URL,
    KEYS,
    NOW,
    OTHER_KEYS,
    a_request,
    an_ehr,
    bearer,
    post,
    token,
    trusting_services,
)
from token_calls import AUD, RSA, call, claims, refusal

from pymedplum_runtime.cds.service.trust import TrustedEHR


def test_a_token_of_a_trusted_ehr_is_accepted() -> None:
    assert call(token()).status_code == 200


def test_a_token_that_another_library_signed_is_accepted() -> None:
    text = jwt.encode(claims(), KEYS.private_pem(), "ES384", {"kid": "first", "typ": "JWT"})

    assert call(text).status_code == 200


def test_rsa_keys_are_accepted_too() -> None:
    services = trusting_services(an_ehr(keys=RSA.public_jwks()))

    answer = post(services, a_request(), headers=bearer(token(RSA, "RS384")))

    assert answer.status_code == 200


@pytest.mark.parametrize("aud", [AUD, [AUD], ["https://other.test", AUD]])
def test_the_audience_may_be_a_list(aud: object) -> None:
    assert call(token(aud=aud)).status_code == 200


def test_the_scheme_is_compared_without_case() -> None:
    services = trusting_services()

    answer = post(services, a_request(), headers={"Authorization": f"bEARER  {token()}"})

    assert answer.status_code == 200


def test_no_token_is_a_401_without_an_error_code() -> None:
    answer = post(trusting_services(), a_request())

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer a.b",
        "Bearer a.b.c.d",
        "Bearer a.b.c d",
        "Bearer a.b.c, Bearer d.e.f",
        "Bearer ../../etc/passwd",
        f"Bearer {'a' * 9000}.b.c",
    ],
)
def test_what_is_no_signed_token_is_refused(header: str) -> None:
    answer = post(trusting_services(), a_request(), headers={"Authorization": header})

    assert answer.status_code == 401
    assert "one signed token" in answer.json()["error"]


def test_two_tokens_are_refused() -> None:
    headers = [("Authorization", f"Bearer {token()}"), ("Authorization", f"Bearer {token()}")]

    assert post(trusting_services(), a_request(), headers=headers).status_code == 401


def test_a_token_in_the_query_or_the_body_is_none() -> None:
    body = a_request(access_token=token())

    assert post(trusting_services(), body, f"greet?access_token={token()}").status_code == 401


def test_an_unknown_issuer_is_refused() -> None:
    assert refusal(token(iss="https://evil.test")) == "the token's issuer is not trusted"


@pytest.mark.parametrize(
    "issuer", [f"{ISSUER}/", ISSUER.upper(), f" {ISSUER}", "", None, 3, [ISSUER]]
)
def test_an_issuer_is_compared_to_the_letter(issuer: object) -> None:
    assert refusal(token(iss=issuer))


@pytest.mark.parametrize("seconds", [-86400, -1, 0])
def test_an_expired_token_is_refused(seconds: int) -> None:
    assert refusal(token(exp=int(NOW) + seconds)) == "the token has expired"


def test_a_token_that_is_good_for_too_long_is_refused() -> None:
    assert "more than 3600 s" in refusal(token(exp=int(NOW) + 3601))
    assert "more than 60 s" in refusal(token(), an_ehr(longest=60))


def test_a_token_of_the_future_is_refused() -> None:
    assert "not good yet" in refusal(token(iat=int(NOW) + 31))
    assert "not good yet" in refusal(token(nbf=int(NOW) + 31))
    assert call(token(iat=int(NOW) + 29)).status_code == 200


@pytest.mark.parametrize("name", ["exp", "iat"])
@pytest.mark.parametrize(
    "value",
    [None, "soon", True, [1], {}, str(int(NOW)), 10**400, -(10**400), 1e999, float("nan")],
    ids=lambda value: str(value)[:9],
)
def test_times_must_be_numbers(name: str, value: object) -> None:
    stated: dict[str, Any] = {name: value}
    assert refusal(token(**stated))


@pytest.mark.parametrize(
    "aud",
    [
        None,
        "",
        [],
        BASE,
        f"{BASE}/",
        f"{AUD}/",
        f"{AUD}?",
        f"{BASE}/cds-services",
        f"{BASE}/cds-services/other",
        AUD.replace("https", "http"),
        AUD.upper(),
        {"aud": AUD},
        [[AUD]],
        3,
    ],
    ids=str,
)
def test_a_token_for_another_audience_is_refused(aud: object) -> None:
    assert refusal(token(aud=aud)) == "the token's aud is not the URL that is called"


def test_the_host_of_the_request_does_not_choose_the_audience() -> None:
    text = token(aud="https://other.test/cds-services/greet")
    headers = {
        **bearer(text),
        "Host": "other.test",
        "X-Forwarded-Host": "other.test",
        "Forwarded": "host=other.test",
    }

    assert post(trusting_services(), a_request(), headers=headers).status_code == 401


def test_an_ehr_may_be_allowed_other_audiences() -> None:
    services = trusting_services(an_ehr(audiences=[BASE]))

    assert post(services, a_request(), headers=bearer(token(aud=BASE))).status_code == 200


def test_a_token_is_good_once() -> None:
    services = trusting_services()
    text = token()

    assert post(services, a_request(), headers=bearer(text)).status_code == 200
    again = post(services, a_request(), headers=bearer(text))
    assert again.status_code == 401
    assert again.json()["error"] == "the token was used before"


def test_another_token_with_the_same_jti_is_refused() -> None:
    services = trusting_services()

    post(services, a_request(), headers=bearer(token(jti="same", exp=int(NOW) + 100)))

    again = post(services, a_request(), headers=bearer(token(jti="same")))
    assert again.status_code == 401


def test_a_signature_in_another_spelling_does_not_use_a_token_twice() -> None:
    services = trusting_services()
    text = token()
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spellings = [text[:-1] + each for each in last]

    answers = [post(services, a_request(), headers=bearer(each)) for each in [text, *spellings]]

    assert [each.status_code for each in answers].count(200) == 1


def test_a_token_is_used_up_by_a_wrong_body_too() -> None:
    services = trusting_services()
    text = token()

    assert post(services, {}, headers=bearer(text)).status_code == 400
    assert post(services, a_request(), headers=bearer(text)).status_code == 401


def test_a_refused_token_is_not_used_up() -> None:
    services = trusting_services()
    text = token(aud=f"{BASE}/cds-services/other", jti="once")

    assert post(services, a_request(), headers=bearer(text)).status_code == 401
    assert post(services, a_request(), headers=bearer(token(jti="once"))).status_code == 200


def test_two_ehrs_may_use_the_same_jti() -> None:
    second = TrustedEHR("https://second.test", keys=OTHER_KEYS.public_jwks())
    services = trusting_services(an_ehr(), second)
    other = token(OTHER_KEYS, iss="https://second.test", jti="same")

    assert post(services, a_request(), headers=bearer(token(jti="same"))).status_code == 200
    assert post(services, a_request(), headers=bearer(other)).status_code == 200


@pytest.mark.parametrize("jti", [None, "", 3, "x" * 513])
def test_a_token_needs_a_jti(jti: object) -> None:
    assert "must have jti" in refusal(token(jti=jti))


def test_the_agreed_jku_is_accepted() -> None:
    assert call(token(header={"jku": JWKS_URL})).status_code == 200

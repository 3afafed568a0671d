"""Public keys of EHRs: fetched from where it is agreed, kept, changed, not asked too often."""

import asyncio
import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cds_calls import (
    ISSUER,
    JWKS_URL,
    KEYS,
    NOW,
    OTHER_KEYS,
    StillClock,
    a_request,
    bearer,
    recording_ehr,
    respond,
    token,
    trusting_services,
    with_client,
)

from pymedplum_runtime.cds.service.services import CDSServices
from pymedplum_runtime.cds.service.trust import TrustedEHR
from pymedplum_runtime.smart.key_pairs import new_key_pair

SECOND = new_key_pair("ES384", key_id="second")
Answer = Callable[[httpx.Request], httpx.Response]


class KeyServer(httpx.AsyncBaseTransport):
    """Publishes keys, and counts who asks."""

    def __init__(self, *keys: dict[str, Any], answer: Answer | None = None) -> None:
        self.keys = list(keys)
        self.answer = answer
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        if self.answer is not None:
            return self.answer(request)
        content = json.dumps({"keys": self.keys}).encode()
        return httpx.Response(200, stream=httpx.ByteStream(content))


def services_of(server: KeyServer, clock: StillClock | None = None) -> CDSServices:
    ehr = TrustedEHR(ISSUER, jwks_url=JWKS_URL)
    return trusting_services(ehr, transport=server, clock=clock or StillClock())


async def called(http: httpx.AsyncClient, text: str) -> httpx.Response:
    return await http.post("/cds-services/greet", json=a_request(), headers=bearer(text))


def statuses(services: CDSServices, *texts: str) -> list[int]:
    async def calls(http: httpx.AsyncClient) -> list[int]:
        return [(await called(http, text)).status_code for text in texts]

    return with_client(services, calls)


def test_keys_are_fetched_once_and_kept() -> None:
    server = KeyServer(KEYS.public_jwk())

    assert statuses(services_of(server), token(), token(), token()) == [200, 200, 200]
    assert [str(request.url) for request in server.requests] == [JWKS_URL]
    assert "authorization" not in server.requests[0].headers


def test_keys_come_from_a_real_server_too() -> None:
    with recording_ehr({"/jwks.json": KEYS.public_jwks()}) as ehr:
        url = ehr.base.replace("/fhir", "/jwks.json")
        services = trusting_services(TrustedEHR(ISSUER, jwks_url=url))

        assert statuses(services, token(header={"jku": url})) == [200]
        assert ehr.paths == ["/jwks.json"]


def test_a_new_key_is_found_at_once() -> None:
    server, clock = KeyServer(KEYS.public_jwk()), StillClock()
    services = services_of(server, clock)

    assert statuses(services, token()) == [200]
    server.keys = [SECOND.public_jwk()]
    clock.time += 31
    later: dict[str, Any] = {"exp": int(NOW) + 900}
    assert statuses(services, token(SECOND, **later), token(**later)) == [200, 401]


def test_a_key_that_was_withdrawn_is_forgotten() -> None:
    server, clock = KeyServer(KEYS.public_jwk()), StillClock()
    services = services_of(server, clock)
    statuses(services, token())

    server.keys = [SECOND.public_jwk()]
    clock.time += 901

    assert statuses(services, token(exp=int(NOW) + 1200)) == [401]


def test_unknown_names_do_not_make_us_ask_without_end() -> None:
    server, clock = KeyServer(KEYS.public_jwk()), StillClock()
    services = services_of(server, clock)
    texts = [token(header={"kid": f"unknown-{number}"}) for number in range(20)]

    assert set(statuses(services, *texts)) == {401}
    assert len(server.requests) == 1
    clock.time += 31
    assert set(statuses(services, *texts)) == {401}
    assert len(server.requests) == 2


def test_strangers_do_not_make_us_ask_at_all() -> None:
    server = KeyServer(KEYS.public_jwk())
    texts = [
        token(iss="https://evil.test"),
        token(header={"jku": "https://evil.test/jwks.json"}),
        token(header={"jku": "http://169.254.169.254/latest/meta-data"}),
        token(header={"typ": "JOSE"}),
    ]

    assert set(statuses(services_of(server), *texts)) == {401}
    assert server.requests == []


def test_many_calls_at_once_ask_once() -> None:
    server = KeyServer(KEYS.public_jwk())
    services = services_of(server)

    async def calls(http: httpx.AsyncClient) -> set[int]:
        answers = await asyncio.gather(*(called(http, token()) for _ in range(10)))
        return {answer.status_code for answer in answers}

    assert with_client(services, calls) == {200}
    assert len(server.requests) == 1


def test_keys_out_of_reach_are_a_503_and_asked_for_again_later() -> None:
    server, clock = KeyServer(KEYS.public_jwk()), StillClock()
    server.answer = lambda _: httpx.Response(500)
    services = services_of(server, clock)

    assert statuses(services, token(), token()) == [503, 503]
    assert len(server.requests) == 1
    server.answer = None
    clock.time += 31
    assert statuses(services, token()) == [200]


def test_a_503_says_when_to_try_again_and_nothing_else() -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"no route to {JWKS_URL}")

    services = services_of(KeyServer(answer=fail))

    answer = with_client(services, lambda http: called(http, token()))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert answer.json() == {"error": "the token cannot be checked now"}


def test_known_keys_outlive_an_outage_of_a_day_and_no_more() -> None:
    server, clock = KeyServer(KEYS.public_jwk()), StillClock()
    services = services_of(server, clock)
    statuses(services, token())
    server.answer = lambda _: httpx.Response(500)

    for hours, expected in ((1, 200), (23, 200), (25, 503)):
        clock.time = NOW + hours * 3600
        issued = int(clock.time)
        assert statuses(services, token(iat=issued, exp=issued + 60)) == [expected]


def test_a_server_of_keys_that_never_answers_is_given_up() -> None:
    clock = StillClock()

    class Silent(KeyServer):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            clock.is_up = True
            await asyncio.Event().wait()
            raise AssertionError

    assert statuses(services_of(Silent(), clock), token()) == [503]


WRONG_ANSWERS: list[tuple[str, Answer]] = [
    ("redirect", lambda _: httpx.Response(302, headers={"Location": "https://evil.test/"})),
    ("no JSON", lambda _: httpx.Response(200, stream=httpx.ByteStream(b"<html>"))),
    ("no object", lambda _: httpx.Response(200, stream=httpx.ByteStream(b"[]"))),
    ("no keys", lambda _: httpx.Response(200, stream=httpx.ByteStream(b'{"keys":{}}'))),
    ("long number", lambda _: httpx.Response(200, stream=httpx.ByteStream(b"-0" + b"9" * 5000))),
    ("too large", lambda _: httpx.Response(200, stream=httpx.ByteStream(b" " * 262_145))),
    (
        "compressed",
        lambda _: httpx.Response(
            200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"x")
        ),
    ),
]


@pytest.mark.parametrize(("kind", "answer"), WRONG_ANSWERS, ids=[kind for kind, _ in WRONG_ANSWERS])
def test_what_is_no_set_of_keys_is_not_used(
    kind: str, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    server = KeyServer(answer=answer)

    assert statuses(services_of(server), token()) == [503]
    assert len(server.requests) == 1, kind
    assert "the keys of a trusted EHR cannot be fetched: " in caplog.text


def changed(**members: Any) -> dict[str, Any]:
    jwk = {**KEYS.public_jwk(), **members}
    return {name: value for name, value in jwk.items() if value is not None}


WRONG_KEYS: list[Any] = [
    {},
    "text",
    None,
    changed(kid=None),
    changed(kid=["first"]),
    changed(use="enc"),
    changed(use=["sig"]),
    changed(key_ops=["encrypt"]),
    changed(key_ops="verify"),
    changed(alg="ES256"),
    changed(alg=["ES384"]),
    changed(crv="P-256"),
    changed(crv="P-521"),
    changed(crv=None),
    changed(kty="RSA"),
    changed(kty="oct", k="c2VjcmV0"),
    changed(kty=["EC"]),
    changed(x=None),
    changed(x=3),
    changed(x="A" * 64),
    changed(y="?"),
]


@pytest.mark.parametrize("jwk", WRONG_KEYS, ids=str)
def test_keys_that_do_not_suit_are_not_used_and_harm_no_others(jwk: Any) -> None:
    services = services_of(KeyServer(jwk, SECOND.public_jwk()))

    assert statuses(services, token(), token(SECOND)) == [401, 200]


def test_two_keys_of_one_name_are_none() -> None:
    services = services_of(KeyServer(KEYS.public_jwk(), OTHER_KEYS.public_jwk()))

    assert statuses(services, token()) == [401]


def test_a_weak_rsa_key_is_not_used() -> None:
    weak = {"kty": "RSA", "n": "AQAB" * 32, "e": "AQAB", "kid": "first", "alg": "RS384"}
    header = urlsafe_b64encode(b'{"alg":"RS384","typ":"JWT","kid":"first"}').rstrip(b"=").decode()
    _, payload, _ = token().split(".")

    assert statuses(services_of(KeyServer(weak)), f"{header}.{payload}.AAAA") == [401]


def test_nothing_of_keys_and_tokens_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = token()

    with recording_ehr() as ehr:
        jwks = json.dumps(KEYS.public_jwks()).encode()
        ehr.answers["/jwks.json?secret=1"] = lambda handler: respond(
            handler, 200, jwks, {"Set-Cookie": "session=1"}
        )
        url = ehr.base.replace("/fhir", "/jwks.json?secret=1")
        statuses(trusting_services(TrustedEHR(ISSUER, jwks_url=url)), text)

    assert ehr.requests
    for part in ("secret=1", "session=1", KEYS.public_jwk()["x"], *text.split(".")):
        assert part not in caplog.text

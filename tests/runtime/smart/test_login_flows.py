"""What a sign-in asks for, takes from the store, and keeps."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from login_steps import (
    BASE,
    NOW,
    Endpoint,
    Person,
    agreeing,
    auth_of,
    id_token,
    refused,
    run,
    stored,
)

from pymedplum_runtime.errors import AuthenticationError, NetworkError, TokenStoreError
from pymedplum_runtime.smart.authorization_code import LOGIN_SCOPE as SCOPE
from pymedplum_runtime.smart.pkce import challenge_of, new_proof
from pymedplum_runtime.smart.stored_tokens import StoredTokens
from pymedplum_runtime.smart.token_store import MemoryTokenStore


def test_the_challenge_is_that_of_the_rfc() -> None:
    # RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_every_sign_in_has_texts_of_its_own() -> None:
    proofs = [new_proof() for _ in range(20)]

    texts = [text for each in proofs for text in (each.verifier, each.state, each.nonce)]
    assert len(set(texts)) == len(texts)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", text) for text in texts)
    assert proofs[0].verifier not in repr(proofs[0])


def test_nothing_stored_leads_to_the_browser_and_the_code_is_traded() -> None:
    person, store = agreeing(), MemoryTokenStore()
    endpoint = Endpoint(
        {"access_token": "access-2", "refresh_token": "refresh-2", "scope": "openid"}
    )
    auth = auth_of(person, store=store)

    token = run(auth.obtain(endpoint))

    [form] = endpoint.forms
    assert token.value == "access-2"
    assert token.expires_at == NOW + 3600
    assert person.asked["address"] == f"{BASE}oauth2/authorize"
    assert form.pop("code_verifier")
    assert form == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": person.asked["redirect_uri"],
        "client_id": "client",
    }
    assert store.load() == stored(
        access_token="access-2", refresh_token="refresh-2", scope="openid"
    )
    assert str(auth.granted) == "openid"


def test_the_verifier_is_what_the_challenge_was_made_of() -> None:
    person, endpoint = agreeing(), Endpoint({"access_token": "access-2"})

    run(auth_of(person).obtain(endpoint))

    assert challenge_of(endpoint.forms[0]["code_verifier"]) == person.asked["code_challenge"]


def test_a_discovered_configuration_says_where_both_endpoints_are() -> None:
    places = {
        "issuer": "https://login.test/",
        "authorization_endpoint": "https://login.test/authorize?realm=1",
        "token_endpoint": "https://login.test/token",
    }
    person = agreeing(iss="https://login.test/")
    endpoint = Endpoint({"access_token": "access-2"}, configuration=places)

    run(auth_of(person).obtain(endpoint))

    assert person.asked["address"] == "https://login.test/authorize"
    assert person.asked["realm"] == "1"
    assert endpoint.urls == ["https://login.test/token"]


@pytest.mark.parametrize("url", ["http://login.test/authorize", "https://login.test/a#b"])
def test_nobody_is_sent_to_an_authorization_endpoint_in_the_clear(url: str) -> None:
    person = agreeing()
    endpoint = Endpoint(configuration={"authorization_endpoint": url})

    with pytest.raises(AuthenticationError, match="authorization_endpoint"):
        run(auth_of(person).obtain(endpoint))
    assert person.asked == {}


@pytest.mark.parametrize("url", ["oauth2/token", "mailto:ada@login.test", 5, "", None])
@pytest.mark.parametrize("tokens", [None, stored(expires_at=NOW)])
def test_a_token_endpoint_that_is_no_url_is_an_error_before_anything_is_sent(
    url: object, tokens: StoredTokens | None
) -> None:
    person = agreeing()
    endpoint = Endpoint(configuration={"issuer": BASE, "token_endpoint": url})

    with pytest.raises(AuthenticationError, match="names no token_endpoint that is a URL"):
        run(auth_of(person, store=MemoryTokenStore(tokens)).obtain(endpoint))
    assert person.asked == {}
    assert endpoint.forms == []


@pytest.mark.parametrize(
    ("options", "aud"),
    [({}, f"{BASE}fhir/R4"), ({"aud": "https://behind.test/fhir"}, "https://behind.test/fhir")],
)
def test_the_request_names_the_fhir_server_that_the_token_is_for(
    options: dict[str, Any], aud: str
) -> None:
    person = agreeing()

    run(auth_of(person, **options).obtain(Endpoint({"access_token": "access-2"})))

    assert person.asked["aud"] == aud


def test_an_answer_of_another_issuer_is_refused() -> None:
    person = agreeing(iss="https://evil.test/")
    endpoint = Endpoint(configuration={"issuer": BASE, "token_endpoint": f"{BASE}token"})

    with pytest.raises(AuthenticationError, match="another server"):
        run(auth_of(person).obtain(endpoint))
    assert endpoint.forms == []


def test_a_stored_token_is_used_without_a_request() -> None:
    endpoint = Endpoint()

    token = run(auth_of(store=MemoryTokenStore(stored())).obtain(endpoint))

    assert (token.value, token.expires_at) == ("access-1", NOW + 3600)
    assert token.refresh_at == NOW + 3540
    assert endpoint.forms == []


@pytest.mark.parametrize("expires_at", [NOW - 1, NOW, NOW + 59])
def test_a_stored_token_near_its_end_is_renewed_and_the_next_refresh_token_kept(
    expires_at: float,
) -> None:
    store = MemoryTokenStore(stored(expires_at=expires_at))
    endpoint = Endpoint({"access_token": "access-2", "refresh_token": "refresh-2"})

    token = run(auth_of(store=store, client_secret="hush").obtain(endpoint))

    assert token.value == "access-2"
    assert endpoint.forms == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "refresh-1",
            "client_id": "client",
            "client_secret": "hush",
        }
    ]
    kept = store.load()
    assert kept is not None
    assert kept.refresh_token == "refresh-2"


def test_a_refresh_token_that_is_not_rotated_is_kept() -> None:
    store = MemoryTokenStore(stored(expires_at=NOW))

    run(auth_of(store=store).obtain(Endpoint({"access_token": "access-2"})))

    kept = store.load()
    assert kept is not None
    assert kept.refresh_token == "refresh-1"


def test_a_token_that_was_handed_out_is_renewed_when_asked_again() -> None:
    auth = auth_of(store=MemoryTokenStore(stored()))
    endpoint = Endpoint({"access_token": "access-2"})

    tokens = [run(auth.obtain(endpoint)).value for _ in range(2)]

    assert tokens == ["access-1", "access-2"]


def test_a_token_that_another_process_stored_meanwhile_is_taken() -> None:
    store = MemoryTokenStore(stored())
    auth, endpoint = auth_of(store=store), Endpoint()
    run(auth.obtain(endpoint))

    store.save(stored(access_token="access-2", refresh_token="refresh-2"))

    assert run(auth.obtain(endpoint)).value == "access-2"
    assert endpoint.forms == []


class _BusyStore(MemoryTokenStore):
    """Somebody else holds the lock, and has renewed the tokens when it is free."""

    def __init__(self, attempts: int) -> None:
        super().__init__(stored(expires_at=NOW))
        self.left = attempts

    @contextmanager
    def lock(self) -> Any:
        self.left -= 1
        if self.left == 0:
            self.save(stored(access_token="access-2", refresh_token="refresh-2"))
        yield self.left <= 0


def test_whoever_waited_for_the_lock_takes_the_token_that_the_other_got() -> None:
    sleeps: list[float] = []
    endpoint = Endpoint()

    token = run(auth_of(store=_BusyStore(3)).obtain(endpoint), sleeps)

    assert token.value == "access-2"
    assert sleeps == [0.2, 0.2]
    assert endpoint.forms == []


def test_a_lock_that_never_becomes_free_is_an_error() -> None:
    sleeps: list[float] = []

    with pytest.raises(TokenStoreError, match="another process"):
        run(auth_of(store=_BusyStore(sys.maxsize)).obtain(Endpoint()), sleeps)
    assert sum(sleeps) == pytest.approx(60.0)


@pytest.mark.parametrize("sign_in_again", [False, True])
def test_nobody_signs_in_twice_because_the_lock_was_not_to_be_had(
    sign_in_again: bool,  # noqa: FBT001 - a parameter
) -> None:
    store, sleeps = _BusyStore(sys.maxsize), list[float]()
    store.clear()
    endpoint = Endpoint({"access_token": "access-2", "refresh_token": "refresh-2"})
    auth = auth_of(agreeing(), store=store, sign_in_again=sign_in_again)
    with pytest.raises(TokenStoreError, match="another process"):
        run(auth.obtain(endpoint), sleeps)

    assert run(auth.obtain(endpoint)).value == "access-2"
    assert store.load() == stored(access_token="access-2", refresh_token="refresh-2", scope=SCOPE)


def test_a_cancelled_renewal_gives_the_lock_back() -> None:
    store = MemoryTokenStore(stored(expires_at=NOW))

    def fail() -> BaseException:
        with store.lock() as is_ours:
            assert not is_ours
        return KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        run(auth_of(store=store).obtain(Endpoint(fail)))
    with store.lock() as is_ours:
        assert is_ours


@pytest.mark.parametrize("status", [400, 401])
def test_a_refused_refresh_token_leads_to_the_browser(status: int) -> None:
    person = agreeing()
    endpoint = Endpoint(refused(status), {"access_token": "access-2"})

    token = run(auth_of(person, store=MemoryTokenStore(stored(expires_at=NOW))).obtain(endpoint))

    assert token.value == "access-2"
    assert [form["grant_type"] for form in endpoint.forms] == [
        "refresh_token",
        "authorization_code",
    ]


@pytest.mark.parametrize("error", [refused(503), refused(429), NetworkError("no answer")])
def test_a_server_that_is_down_ends_no_session(error: Exception) -> None:
    person, store = agreeing(), MemoryTokenStore(stored(expires_at=NOW))

    with pytest.raises(type(error)):
        run(auth_of(person, store=store).obtain(Endpoint(error)))
    assert person.asked == {}
    assert store.load() == stored(expires_at=NOW)


@pytest.mark.parametrize("strange", [{"base_url": "https://other.test/"}, {"client_id": "another"}])
def test_tokens_of_another_server_or_client_count_as_none(strange: dict[str, str]) -> None:
    endpoint = Endpoint()
    auth = auth_of(store=MemoryTokenStore(stored(**strange)), interactive=False)

    with pytest.raises(AuthenticationError, match="pymedplum login"):
        run(auth.obtain(endpoint))
    assert endpoint.forms == []


def test_signing_in_again_ignores_what_is_stored_once() -> None:
    person, store = agreeing(), MemoryTokenStore(stored())
    auth = auth_of(person, store=store, sign_in_again=True)
    endpoint = Endpoint(
        {"access_token": "access-2", "refresh_token": "refresh-2"}, {"access_token": "access-3"}
    )

    assert [run(auth.obtain(endpoint)).value for _ in range(2)] == ["access-2", "access-3"]
    assert endpoint.forms[1]["refresh_token"] == "refresh-2"


class _FullStore(MemoryTokenStore):
    is_full = True

    def save(self, tokens: StoredTokens) -> None:
        if self.is_full:
            raise TokenStoreError("the disk is full")
        super().save(tokens)


def test_a_rotated_token_that_could_not_be_stored_is_stored_the_next_time() -> None:
    store = _FullStore(stored(expires_at=NOW))
    endpoint = Endpoint({"access_token": "access-2", "refresh_token": "refresh-2"})
    auth = auth_of(store=store)
    with pytest.raises(TokenStoreError, match="full"):
        run(auth.obtain(endpoint))
    assert store.load() == stored(expires_at=NOW)

    store.is_full = False

    assert run(auth.obtain(endpoint)).value == "access-2"
    kept = store.load()
    assert kept is not None
    assert kept.refresh_token == "refresh-2"
    assert len(endpoint.forms) == 1


def test_the_id_token_must_belong_to_the_request() -> None:
    person = agreeing()
    endpoint = Endpoint({"access_token": "access-2", "id_token": id_token(nonce="another")})

    with pytest.raises(AuthenticationError, match="another sign-in"):
        run(auth_of(person).obtain(endpoint))


@settings(max_examples=25)
@given(st.text(max_size=40))
def test_an_id_token_that_is_none_is_refused(text: str) -> None:
    person = agreeing()
    endpoint = Endpoint({"access_token": "access-2", "id_token": text})

    with pytest.raises(AuthenticationError, match="another sign-in"):
        run(auth_of(person).obtain(endpoint))


def test_an_id_token_with_the_nonce_is_accepted() -> None:
    person = agreeing()

    def grant() -> dict[str, str]:
        return {"access_token": "access-2", "id_token": id_token(nonce=person.asked["nonce"])}

    assert run(auth_of(person).obtain(Endpoint(grant))).value == "access-2"


def test_without_openid_there_is_no_nonce() -> None:
    person = agreeing()

    run(auth_of(person, scope=["user/Patient.rs"]).obtain(Endpoint({"access_token": "access-2"})))

    assert person.asked["scope"] == "user/Patient.rs"
    assert "nonce" not in person.asked


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("access_denied", "access_denied"),
        ("<script>", "another error"),
        ("x" * 99, "another error"),
    ],
)
def test_an_error_of_the_servers_is_named_where_it_is_one_of_oauths(error: str, said: str) -> None:
    person = Person(lambda _: [{"error": error, "error_description": "Ada may not"}])

    with pytest.raises(AuthenticationError, match=said) as caught:
        run(auth_of(person).obtain(Endpoint()))
    assert "Ada" not in str(caught.value)


def test_nobody_coming_back_in_time_is_an_error_that_names_the_redirect_uri() -> None:
    auth = auth_of(open_browser=lambda _: True, timeout=0)

    with pytest.raises(AuthenticationError, match=r"within 0 s; .*http://127.0.0.1:\d+/callback"):
        run(auth.obtain(Endpoint()))


def test_where_there_is_no_browser_the_address_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(AuthenticationError, match="within 0 s"):
        run(auth_of(open_browser=lambda _: False, timeout=0).obtain(Endpoint()))

    said = capsys.readouterr()
    assert said.out == ""
    assert f"\n{BASE}oauth2/authorize?response_type=code&client_id=client&" in said.err


@pytest.fixture
def taken() -> Iterator[int]:
    from socket import AF_INET, SOCK_STREAM, socket  # noqa: PLC0415 - for this fixture alone

    with socket(AF_INET, SOCK_STREAM) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_is_taken_is_an_error_that_names_it(taken: int) -> None:
    person = agreeing()

    with pytest.raises(AuthenticationError, match=f"port {taken} of this machine.*port="):
        run(auth_of(person, port=taken).obtain(Endpoint()))
    assert person.asked == {}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"port": 65536}, ValueError),
        ({"port": -1}, ValueError),
        ({"port": True}, TypeError),
        ({"host": "medplum.test"}, ValueError),
        ({"timeout": -1}, ValueError),
        ({"timeout": float("nan")}, ValueError),
        ({"timeout": "1"}, TypeError),
        ({"client_secret": ""}, ValueError),
        ({"aud": "fhir/R4"}, ValueError),
        ({"aud": 5}, TypeError),
        ({"scope": 'open"id'}, ValueError),
    ],
)
def test_wrong_arguments_are_refused_at_once(options: dict[str, Any], error: type) -> None:
    with pytest.raises(error):
        auth_of(**options)


def test_no_secret_shows_in_a_text_of_ours() -> None:
    tokens = stored(access_token="hush-1", refresh_token="hush-2")
    store = MemoryTokenStore(tokens)

    assert "hush" not in f"{tokens!r} {store!r} {auth_of(store=store, client_secret='hush-3')!r}"

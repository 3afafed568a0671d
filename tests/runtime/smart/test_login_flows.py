"""What a sign-in asks for, of the server and of the person."""

import re
from collections.abc import Iterator
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
    run,
    stored,
)

from pymedplum_runtime.errors import AuthenticationError
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

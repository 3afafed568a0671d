"""Where tokens are asked for, what goes to another server, and the typed smart-configuration."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from backend_calls import (
    BASE,
    BOTH,
    CLIENT,
    TOKEN_URL,
    WELL_KNOWN,
    Backend,
    claims,
    pem,
    private_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from pymedplum import AuthenticationError, MedplumClient, RequestEvent
from pymedplum_runtime.auth.tokens import basic_credentials
from pymedplum_runtime.client.drivers import SyncDriver
from pymedplum_runtime.client.options import Options
from pymedplum_runtime.client.transport import origin, outgoing
from pymedplum_runtime.errors import (
    ClientClosedError,
    InsecureTransportError,
    MedplumError,
    NetworkError,
    NotFoundError,
    UnsafeRedirectError,
)
from pymedplum_runtime.flows.discovery import smart_configuration
from pymedplum_runtime.http.timeouts import seconds
from pymedplum_runtime.http.wire import WireRequest
from pymedplum_runtime.smart import PrivateKeyJwtAuth, SmartConfiguration, read_smart_configuration

BELOW_FHIR = f"{BASE}fhir/R4/{WELL_KNOWN}"
BELOW_BASE = f"{BASE}{WELL_KNOWN}"
ELSEWHERE = "https://auth.elsewhere.test/token"
TOKEN = httpx.Response(200, json={"access_token": "granted", "expires_in": 3600})


def auth(**options: Any) -> PrivateKeyJwtAuth:
    return PrivateKeyJwtAuth(CLIENT, pem(private_key("ES256")), algorithm="ES256", **options)


def told(url: object = ELSEWHERE) -> httpx.Response:
    return httpx.Response(200, json={"token_endpoint": url, "capabilities": []})


def audience(backend: Backend) -> str:
    found: str = claims(backend.assertions()[-1], private_key("ES256"), "ES256")["aud"]
    return found


@BOTH
@pytest.mark.parametrize(
    ("answers", "asked", "url"),
    [
        ({BELOW_FHIR: told()}, [BELOW_FHIR], ELSEWHERE),
        ({BELOW_BASE: told()}, [BELOW_FHIR, BELOW_BASE], ELSEWHERE),
        ({BELOW_FHIR: told(), BELOW_BASE: told("https://no/")}, [BELOW_FHIR], ELSEWHERE),
        ({BELOW_FHIR: httpx.Response(200, text="<html>"), BELOW_BASE: told()},
         [BELOW_FHIR, BELOW_BASE], ELSEWHERE),
        ({BELOW_FHIR: httpx.Response(401), BELOW_BASE: told()},
         [BELOW_FHIR, BELOW_BASE], ELSEWHERE),
        ({}, [BELOW_FHIR, BELOW_BASE], TOKEN_URL),
        ({BELOW_BASE: httpx.Response(200, json=[])}, [BELOW_FHIR, BELOW_BASE], TOKEN_URL),
    ],
)  # fmt: skip
def test_the_token_url_is_looked_for_below_fhir_then_base_then_taken_as_usual(
    colour: str, answers: dict[str, httpx.Response], asked: list[str], url: str
) -> None:
    backend = Backend(**{ELSEWHERE: TOKEN, **answers})
    backend.sign_in(colour, auth())
    assert backend.urls() == [*asked, url, f"{BASE}fhir/R4/Patient/1"]
    assert audience(backend) == url


@BOTH
def test_a_given_token_url_is_not_looked_for(colour: str) -> None:
    url = f"{BASE}tenant/oauth2/token?realm=a"
    backend = Backend(**{url: TOKEN, BELOW_FHIR: told()})
    backend.sign_in(colour, auth(token_url=url))
    assert backend.urls()[0] == url
    assert audience(backend) == url


@BOTH
def test_the_configuration_is_read_once_per_client(colour: str) -> None:
    backend = Backend(**{BELOW_FHIR: told(TOKEN_URL)})
    client = backend.client(colour, auth())
    for _ in range(3):
        backend.read(client)
        backend.clock.time += 3600
    assert backend.urls().count(BELOW_FHIR) == 1
    assert len(backend.assertions()) == 3


@BOTH
def test_no_redirect_of_the_configuration_is_followed(colour: str) -> None:
    moved = httpx.Response(302, headers={"Location": "https://evil.test/config"})
    backend = Backend(**{BELOW_FHIR: moved, BELOW_BASE: moved})
    backend.sign_in(colour, auth())
    assert {each.url.host for each in backend.requests} == {"medplum.test"}
    assert audience(backend) == TOKEN_URL


@BOTH
def test_a_server_that_fails_to_tell_is_asked_again_and_then_an_error(colour: str) -> None:
    away = httpx.Response(503)
    backend = Backend(**{BELOW_FHIR: [away, httpx.ReadTimeout("slow"), told(TOKEN_URL)]})
    backend.sign_in(colour, auth())
    assert backend.urls().count(BELOW_FHIR) == 3
    broken = Backend(**{BELOW_FHIR: away})
    with pytest.raises(AuthenticationError, match="smart-configuration with 503"):
        broken.sign_in(colour, auth())
    assert broken.forms() == []
    silent = Backend(**{BELOW_FHIR: httpx.ConnectError("refused")})
    with pytest.raises(NetworkError):
        silent.sign_in(colour, auth())


@BOTH
@pytest.mark.parametrize(
    "url", [None, 5, "", "oauth2/token", "/token", "ftp://a/b", "https://a b/"]
)
def test_a_configuration_without_a_token_url_is_an_error(colour: str, url: object) -> None:
    backend = Backend(**{BELOW_FHIR: told(url)})
    with pytest.raises(AuthenticationError, match="give token_url"):
        backend.sign_in(colour, auth())
    assert backend.forms() == []


@BOTH
def test_nothing_of_the_clients_goes_to_another_server(colour: str) -> None:
    patient = httpx.Response(200, json={"resourceType": "Patient"})
    backend = Backend(
        **{
            ELSEWHERE: TOKEN,
            f"{BELOW_FHIR}?tenant=secret": told(),
            f"{BASE}fhir/R4/Patient/1?tenant=secret": patient,
        }
    )
    own = {
        "headers": {"X-Api-Key": "secret", "Authorization": "Basic secret"},
        "cookies": {"session": "secret"},
        "params": {"tenant": "secret"},
        "auth": ("name", "secret"),
    }
    backend.sign_in(colour, auth(), settings=own, default_on_behalf_of="ProjectMembership/1")
    sent = next(each for each in backend.requests if each.url.host != "medplum.test")
    usual = {"host", "accept", "accept-encoding", "connection", "content-length", "user-agent"}
    assert {name.lower() for name in sent.headers} == usual | {"content-type"}
    assert str(sent.url) == ELSEWHERE
    assert "secret" not in f"{sent.headers} {sent.content!r}"
    at_home = backend.requests[-1]
    assert at_home.headers["X-Api-Key"] == "secret"
    assert at_home.headers["Authorization"] == "Bearer granted"


@BOTH
@pytest.mark.parametrize(
    "url", ["http://auth.elsewhere.test/t", "http://medplum.test/oauth2/token"]
)
def test_no_assertion_goes_to_another_server_in_the_clear(colour: str, url: str) -> None:
    for backend, options in (
        (Backend(), {"token_url": url}),
        (Backend(**{BELOW_FHIR: told(url)}), {}),
    ):
        with pytest.raises(InsecureTransportError, match="neither https nor loopback"):
            backend.sign_in(colour, auth(**options))
        assert backend.forms() == []


@BOTH
@pytest.mark.parametrize("url", ["http://localhost:99/t", "http://127.0.0.1/t", "http://[::1]/t"])
def test_loopback_may_be_another_server(colour: str, url: str) -> None:
    backend = Backend(**{url: TOKEN})
    backend.sign_in(colour, auth(token_url=url))
    assert audience(backend) == url


@BOTH
def test_a_redirect_of_the_token_endpoint_is_not_followed(colour: str) -> None:
    moved = httpx.Response(307, headers={"Location": "https://evil.test/token"})
    backend = Backend(**{ELSEWHERE: moved})
    with pytest.raises(AuthenticationError, match="307"):
        backend.sign_in(colour, auth(token_url=ELSEWHERE))
    assert backend.urls() == [ELSEWHERE]


@pytest.mark.parametrize(
    "url",
    ["", "token", "//a/b", "ftp://a/b", "https://", "https://u:p@a/b", "https://a/b#c",
     "https://a b/", "https://ä.test/", "https://a/\n", "https://a:99999/", "https://a\\b/"],
)  # fmt: skip
def test_a_token_url_that_is_none_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ValueError, match=r"^token_url must be an absolute URL, without") as caught:
        auth(token_url=url)
    assert caught.value.__cause__ is None
    with pytest.raises(TypeError):
        auth(token_url=5)


def test_basic_credentials_go_home_alone() -> None:
    session = Options(base_url=BASE, access_token="t").session(is_async=False)
    endpoint = session.tokens.endpoint
    with pytest.raises(UnsafeRedirectError, match="Basic"):
        next(endpoint.request({}, basic=basic_credentials("a", "b"), url=ELSEWHERE))
    sent = next(endpoint.request({}, basic="YTpi", url=f"{BASE}other/token"))
    assert sent.request.headers["Authorization"] == "Basic YTpi"  # type: ignore[union-attr]


def test_only_a_request_made_for_it_leaves_the_server_and_never_in_the_clear() -> None:
    client = httpx.Client()
    home = origin(httpx.URL(BASE))

    def built(url: str, *, is_foreign: bool) -> httpx.Request:
        wire = WireRequest("POST", url, {}, seconds(1), b"", is_foreign=is_foreign)
        return outgoing(client, wire.with_headers({"A": "b"}), home)

    assert built(ELSEWHERE, is_foreign=True).headers["A"] == "b"
    for url, is_foreign in ((ELSEWHERE, False), ("http://elsewhere.test/", True)):
        with pytest.raises(UnsafeRedirectError):
            built(url, is_foreign=is_foreign)
    client.close()


@BOTH
def test_the_completion_hook_hears_of_each_request_and_of_no_assertion(
    colour: str, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[RequestEvent] = []
    backend = Backend(**{ELSEWHERE: TOKEN, BELOW_BASE: told()})
    with caplog.at_level(logging.DEBUG):
        backend.sign_in(colour, auth(), on_request_complete=events.append)
    assert [(each.method, each.path_template) for each in events] == [
        ("GET", "/fhir/R4/.well-known/smart-configuration"),
        ("GET", "/.well-known/smart-configuration"),
        ("POST", "/token"),
        ("GET", "/fhir/R4/Patient/{id}"),
    ]
    assert [each.final_status_code for each in events] == [404, 200, 200, 200]
    shown = f"{events} {[each.to_phi_audit_dict() for each in events]} {caplog.text}"
    assert backend.assertions()[0] not in shown
    assert "granted" not in shown


def _asked(backend: Backend, **options: Any) -> SmartConfiguration:
    http = httpx.Client(transport=httpx.MockTransport(backend))
    session = Options(base_url=BASE, clock=backend.clock, **options).session(is_async=False)
    return SyncDriver(session, http).run(smart_configuration(session))


def test_a_client_tells_its_servers_configuration_typed_and_without_a_token() -> None:
    members = {
        "issuer": BASE,
        "token_endpoint": TOKEN_URL,
        "capabilities": ["client-confidential-asymmetric"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "x-new": {"a": 1},
    }
    events: list[RequestEvent] = []
    backend = Backend(**{BELOW_FHIR: httpx.Response(200, json=members)})
    found = _asked(backend, client_id="id", client_secret="hush", on_request_complete=events.append)
    assert found.token_endpoint == TOKEN_URL
    assert found.issuer == BASE
    assert found.capabilities == ("client-confidential-asymmetric",)
    assert found.token_endpoint_auth_signing_alg_values_supported == ("RS384", "ES384")
    assert found.authorization_endpoint is None
    assert found.members["x-new"] == {"a": 1}
    assert backend.urls() == [BELOW_FHIR]
    assert "Authorization" not in backend.requests[0].headers
    assert len(events) == 1


def test_a_server_without_a_configuration_is_not_found_and_a_closed_client_asks_nothing() -> None:
    with pytest.raises(NotFoundError, match="no smart-configuration"):
        _asked(Backend())
    with pytest.raises(AuthenticationError, match="503"):
        _asked(Backend(**{BELOW_FHIR: httpx.Response(503)}))
    session = Options(base_url=BASE).session(is_async=False)
    session.is_closed = True
    with pytest.raises(ClientClosedError):
        next(smart_configuration(session))


def test_a_configuration_is_read_again_where_that_is_asked_for() -> None:
    session = Options(base_url=BASE).session(is_async=False)
    backend = Backend(**{BELOW_FHIR: [told("https://one/"), told("https://two/")]})
    driver = SyncDriver(session, httpx.Client(transport=httpx.MockTransport(backend)))
    found = [driver.run(smart_configuration(session, refresh=each)) for each in (0, 0, 1)]  # type: ignore[arg-type]
    assert [each.token_endpoint for each in found] == [
        "https://one/",
        "https://one/",
        "https://two/",
    ]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (None, "no JSON object"),
        ([], "no JSON object"),
        ({}, "no token_endpoint"),
        ({"token_endpoint": 5}, "token_endpoint is no text"),
        ({"token_endpoint": "t", "issuer": []}, "issuer is no text"),
        ({"token_endpoint": "t", "capabilities": "all"}, "capabilities is no list of texts"),
        ({"token_endpoint": "t", "scopes_supported": ["a", 1]}, "scopes_supported is no list"),
    ],
)
def test_a_configuration_that_is_none_says_where(members: object, said: str) -> None:
    with pytest.raises(MedplumError, match=said):
        read_smart_configuration(members)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
)


@given(st.dictionaries(st.sampled_from(["token_endpoint", "issuer", "capabilities"]), JSON))
@settings(deadline=None)
def test_any_json_is_a_configuration_or_an_error(members: dict[str, Any]) -> None:
    try:
        found = read_smart_configuration(members)
    except MedplumError:
        return
    assert found.token_endpoint == members["token_endpoint"]


def test_a_client_in_many_tasks_signs_in_once() -> None:
    backend = Backend(**{BELOW_FHIR: told(TOKEN_URL)})

    async def main() -> None:
        client = backend.client("async", auth())
        await asyncio.gather(*(client.get("fhir/R4/Patient/1") for _ in range(20)))

    asyncio.run(main())
    assert len(backend.assertions()) == 1


def test_other_ways_to_sign_in_do_not_ask_for_the_configuration() -> None:
    backend = Backend()
    http = httpx.Client(transport=httpx.MockTransport(backend))
    with MedplumClient(BASE, client_id="a", client_secret="b", http_client=http) as client:
        client.get("fhir/R4/Patient/1")
    assert backend.urls()[0] == TOKEN_URL

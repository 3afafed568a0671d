"""Secrets on their way to a token: whatever becomes of it, none shows."""

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from marked_calls import PATIENT, Marked
from marks import (
    ACCESS_TOKEN,
    ASSERTION,
    CLIENT_SECRET,
    NAME,
    NEXT_TOKEN,
    REFRESH_TOKEN,
    found_in,
    leaks_of,
)

from pymedplum import (
    AccessToken,
    BasicAuth,
    ClientCredentials,
    InsecureTransportError,
    MedplumClient,
    RefreshToken,
    TokenExchange,
    TokenProvider,
)

ECHO = f"Invalid client_secret={CLIENT_SECRET}&assertion={ASSERTION} {REFRESH_TOKEN}"
DENIED = {"error": f"bad {CLIENT_SECRET}", "error_description": ECHO, "error_uri": ECHO}


def granted(**members: object) -> dict[str, object]:
    return {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 60, **members}


TOKEN_ANSWERS: dict[str, Callable[[], httpx.Response]] = {
    "400": lambda: httpx.Response(400, json=DENIED),
    "known code": lambda: httpx.Response(400, json={**DENIED, "error": "invalid_client"}),
    "401": lambda: httpx.Response(401, json=DENIED, headers={"WWW-Authenticate": ECHO}),
    "html": lambda: httpx.Response(500, text=f"<html>{ECHO}</html>"),
    "html success": lambda: httpx.Response(200, text=f"<html>{ECHO}</html>"),
    "garbage": lambda: httpx.Response(200, content=b"\xff" + ECHO.encode()),
    "cut off": lambda: httpx.Response(200, text=f'{{"access_token": "{ACCESS_TOKEN}'),
    "newline": lambda: httpx.Response(200, json=granted(access_token=ACCESS_TOKEN + "\nX: y")),
    "not ascii": lambda: httpx.Response(200, json=granted(access_token=ACCESS_TOKEN + "\u00e9")),
    "no text": lambda: httpx.Response(200, json=granted(access_token=[ACCESS_TOKEN])),
    "other kind": lambda: httpx.Response(200, json=granted(token_type=f"mac {ACCESS_TOKEN}")),
    "odd lifetime": lambda: httpx.Response(200, json=granted(expires_in=ACCESS_TOKEN)),
    "odd renewal": lambda: httpx.Response(200, json=granted(refresh_token=[REFRESH_TOKEN])),
    "redirect": lambda: httpx.Response(302, headers={"Location": f"https://evil.test/?{ECHO}"}),
    "good": lambda: httpx.Response(200, json=granted(refresh_token=NEXT_TOKEN, scope=ECHO)),
}


def rotated(_: str) -> None:
    raise OSError("disk full")


def failing() -> str:
    raise OSError("no vault")


AUTHS: dict[str, Callable[[], Any]] = {
    "client credentials": lambda: ClientCredentials("client", CLIENT_SECRET, scope="openid"),
    "basic": lambda: BasicAuth("client", CLIENT_SECRET),
    "refresh": lambda: RefreshToken(REFRESH_TOKEN, client_id="c", client_secret=CLIENT_SECRET),
    "failing rotation": lambda: RefreshToken(REFRESH_TOKEN, client_id="c", on_rotate=rotated),
    "exchange": lambda: TokenExchange(ASSERTION, client_id="c", client_secret=CLIENT_SECRET),
    "exchanged for": lambda: TokenExchange(lambda: f"{ASSERTION}\n", client_id="client"),
    "provider": lambda: TokenProvider(lambda: ACCESS_TOKEN),
    "newline provided": lambda: TokenProvider(lambda: f"{ACCESS_TOKEN}\n", lifetime=60),
    "bytes provided": lambda: TokenProvider(ACCESS_TOKEN.encode),  # type: ignore[arg-type]
    "half a pair": lambda: RefreshToken("r", client_id="c", client_secret=CLIENT_SECRET + "\ud800"),
    "nothing provided": lambda: TokenProvider(failing),
}


@pytest.mark.parametrize("auth", AUTHS.values(), ids=AUTHS)
@pytest.mark.parametrize("answer", TOKEN_ANSWERS.values(), ids=TOKEN_ANSWERS)
@pytest.mark.parametrize("status", [200, 401, 403, 500])
def test_no_sign_in_shows_a_secret(
    marked: Marked, auth: Callable[[], Any], answer: Callable[[], httpx.Response], status: int
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        is_token = request.url.path == "/oauth2/token"
        return answer() if is_token else httpx.Response(status, json=PATIENT)

    way = auth()
    client = marked.client(handle, auth=way, client_id=None, client_secret=None)
    for _ in range(2):
        marked.call(client, "read_resource", "Patient", "123")
        logging.getLogger("user").info("%s %r %s", client, way, client.token_expires_at)


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ReadError, httpx.ReadTimeout])
def test_no_broken_sign_in_shows_a_secret(marked: Marked, kind: type[httpx.TransportError]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise kind(f"{ECHO} {request.content!r}", request=request)

    for name in ("client credentials", "refresh", "exchange"):
        client = marked.client(fail, auth=AUTHS[name](), client_id=None, client_secret=None)
        assert isinstance(marked.call(client, "read_resource", "Patient", "123"), Exception)


@pytest.mark.parametrize("name", ["client_credentials", "jwt"])
def test_the_token_endpoint_as_a_method_shows_no_secret(marked: Marked, name: str) -> None:
    form = {"grant_type": name, "client_secret": CLIENT_SECRET, "client_assertion": ASSERTION}
    client = marked.client(lambda _: httpx.Response(400, json={"error": "invalid_request"}))
    assert isinstance(marked.call(client, "post", "oauth2/token", data=form), Exception)


BAD_BASES = [
    f"https://user:{CLIENT_SECRET}@medplum.test/",
    f"https://user:{CLIENT_SECRET}\u2100@medplum.test/",
    f"https://user:{CLIENT_SECRET}/@medplum.test/",
    f"http://user:{CLIENT_SECRET}@example.com/",
    f"{CLIENT_SECRET}",
    f"https://medplum.test/?token={ACCESS_TOKEN}",
    f"https://medplum.test/#{ACCESS_TOKEN}",
    f"https://[{CLIENT_SECRET}",
    f"https://user:{CLIENT_SECRET} @medplum.test/",
]
BAD_OPTIONS: list[dict[str, Any]] = [
    *({"base_url": each} for each in BAD_BASES),
    {"access_token": f"{ACCESS_TOKEN}\n"},
    {"access_token": f"Bearer {ACCESS_TOKEN}"},
    {"access_token": ACCESS_TOKEN.encode()},
    {"access_token": [ACCESS_TOKEN]},
    {"client_secret": CLIENT_SECRET},
    {"client_id": "c", "client_secret": CLIENT_SECRET.encode()},
    {"client_id": "c", "client_secret": CLIENT_SECRET, "auth": BasicAuth("c", CLIENT_SECRET)},
    {"client_id": "c", "client_secret": f"{CLIENT_SECRET}\ud800"},
    {"auth": CLIENT_SECRET},
    {"auth": lambda: ACCESS_TOKEN},
    {"access_token": ACCESS_TOKEN, "timeout": ACCESS_TOKEN},
    {"access_token": ACCESS_TOKEN, "default_on_behalf_of": f"Patient/{NAME} {NAME}"},
    {"access_token": ACCESS_TOKEN, "failed_refresh_cooldown": ACCESS_TOKEN},
    {"access_token": ACCESS_TOKEN, "http_client": ACCESS_TOKEN},
    {"access_token": ACCESS_TOKEN, "before_request": ACCESS_TOKEN},
]


@pytest.mark.parametrize("options", BAD_OPTIONS, ids=range(len(BAD_OPTIONS)))
def test_no_refused_construction_shows_a_secret(options: dict[str, Any]) -> None:
    leaks: list[str] = []
    try:
        client = MedplumClient(**options)
    except (TypeError, ValueError, InsecureTransportError) as error:
        leaks = leaks_of(error)
    else:
        assert found_in(f"{client!r} {vars(client)!r}") is None
        client.close()
    assert leaks == []


@pytest.mark.parametrize("value", [f"{ACCESS_TOKEN}\n", "", f"a {ACCESS_TOKEN}", 5, None])
def test_no_refused_token_shows(value: Any) -> None:
    with MedplumClient(access_token=ACCESS_TOKEN) as client:
        for use in (client.set_access_token, AccessToken):
            with pytest.raises((TypeError, ValueError)) as caught:
                use(value)
            assert leaks_of(caught.value) == []


def test_what_holds_secrets_shows_none() -> None:
    for make in AUTHS.values():
        way = make()
        assert found_in(f"{way!r} {way}") is None
    token = AccessToken(ACCESS_TOKEN)
    assert found_in(f"{token!r} {token}") is None

"""People sign in in a browser: both clients, the embedded server, a browser that is a thread."""

import asyncio
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from subprocess import PIPE, Popen
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from live_calls import LiveClient, MakeClient, Requests

from pymedplum import AsyncMedplumClient, MedplumClient
from pymedplum_runtime.errors import AuthenticationError
from pymedplum_runtime.smart.authorization_code import AuthorizationCode
from pymedplum_runtime.smart.loopback import LoopbackListener
from pymedplum_runtime.smart.token_store import FileTokenStore, MemoryTokenStore
from tests.medplum_server.process import MedplumServer


class Browser:
    """Goes where it is sent, follows redirects, and remembers the pages at their end."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.pages: list[httpx.Response] = []
        self._threads: list[threading.Thread] = []

    def open(self, url: str) -> bool:
        self.opened.append(url)
        thread = threading.Thread(target=self._visit, args=(url,))
        self._threads.append(thread)
        thread.start()
        return True

    def close(self) -> None:
        for thread in self._threads:
            thread.join()

    def _visit(self, url: str) -> None:
        with httpx.Client(follow_redirects=True, trust_env=False, timeout=10) as http:
            self.pages.append(http.get(url))


@pytest.fixture
def browser() -> Iterator[Browser]:
    with closing(Browser()) as made:
        yield made


@pytest.fixture
def port(server: MedplumServer, http: httpx.Client) -> int:
    """Let the administrator sit at the browser; give the port that the client may come back to."""
    with socket(AF_INET, SOCK_STREAM) as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
    server.control("config", {"authorizeAs": "admin@example.com"})
    path = f"fhir/R4/ClientApplication/{server.client_id}"
    client = http.get(path).json()
    uris = [f"http://{host}:{found}/callback" for host in ("127.0.0.1", "localhost")]
    http.put(path, json={**client, "redirectUris": uris}).raise_for_status()
    return found


@pytest.fixture
def sign_in(server: MedplumServer, port: int, browser: Browser) -> Any:
    def make(store: Any = None, **options: Any) -> AuthorizationCode:
        chosen = {"store": store or MemoryTokenStore(), "port": port, "open_browser": browser.open}
        return AuthorizationCode(server.client_id, **{**chosen, **options})

    return make


def who(client: LiveClient) -> str:
    profile: str = client("auth.me")["profile"]["id"]
    return profile


def test_a_person_signs_in_and_calls_as_themselves(
    client_of: MakeClient, sign_in: Any, server: MedplumServer, browser: Browser, tmp_path: Path
) -> None:
    store = FileTokenStore(tmp_path / "login" / "tokens.json")
    client = client_of(auth=sign_in(store))

    assert server.profiles["admin"].endswith(who(client))
    browser.close()
    [page] = browser.pages
    assert page.status_code == 200
    assert "Close this window" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_the_request_binds_the_code_to_this_program(
    client_of: MakeClient, sign_in: Any, server: MedplumServer, port: int, browser: Browser
) -> None:
    who(client_of(auth=sign_in(host="localhost")))

    asked = {name: found[0] for name, found in parse_qs(urlsplit(browser.opened[0]).query).items()}
    assert asked["redirect_uri"] == f"http://localhost:{port}/callback"
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "openid offline_access fhirUser"
    assert asked["aud"] == f"{server.base_url}fhir/R4"
    assert asked.keys() >= {"state", "nonce", "code_challenge", "client_id", "response_type"}


def test_a_sign_in_for_another_fhir_server_is_refused(client_of: MakeClient, sign_in: Any) -> None:
    with pytest.raises(AuthenticationError, match=r"refused the sign-in \(invalid_request\)"):
        who(client_of(auth=sign_in(aud="https://another.test/fhir/R4")))


def test_scopes_without_openid_do(
    client_of: MakeClient, sign_in: Any, server: MedplumServer, browser: Browser
) -> None:
    auth = sign_in(scope=["user/*.rs", "offline_access"])

    assert server.profiles["admin"].endswith(who(client_of(auth=auth)))
    assert "nonce" not in browser.opened[0]
    assert list(map(str, auth.granted)) == ["user/*.rs", "offline_access"]


def test_the_next_run_opens_no_browser(
    client_of: MakeClient, sign_in: Any, browser: Browser, tmp_path: Path, requests: Requests
) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")
    first = who(client_of(auth=sign_in(store)))
    asked = requests.tokens()

    again = client_of(auth=sign_in(store, interactive=False))

    assert who(again) == first
    assert requests.tokens() == asked
    assert len(browser.opened) == 1


def test_a_spent_token_is_renewed_and_the_rotated_one_is_stored(
    client_of: MakeClient, sign_in: Any, server: MedplumServer, browser: Browser, tmp_path: Path
) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")
    client = client_of(auth=sign_in(store))
    who(client)
    before = store.load()

    server.control("tokens", {"revoke": True})
    who(client)

    after = store.load()
    assert before is not None
    assert after is not None
    assert after.refresh_token not in {None, before.refresh_token}
    assert after.access_token == client.inner.access_token
    assert len(browser.opened) == 1


def test_a_refused_refresh_token_leads_back_to_the_browser(
    client_of: MakeClient, sign_in: Any, server: MedplumServer, browser: Browser
) -> None:
    store = MemoryTokenStore()
    who(client_of(auth=sign_in(store)))
    server.control("tokens", {"revoke": True, "revokeRefresh": True})

    who(client_of(auth=sign_in(store)))

    assert len(browser.opened) == 2


def test_where_no_browser_may_be_opened_the_command_is_named(
    client_of: MakeClient, sign_in: Any, server: MedplumServer, browser: Browser
) -> None:
    store = MemoryTokenStore()
    who(client_of(auth=sign_in(store)))
    server.control("tokens", {"revoke": True, "revokeRefresh": True})

    with pytest.raises(AuthenticationError, match="pymedplum login"):
        who(client_of(auth=sign_in(store, interactive=False)))
    assert len(browser.opened) == 1


def test_tokens_of_another_server_are_not_sent(
    client_of: MakeClient, sign_in: Any, browser: Browser
) -> None:
    store = MemoryTokenStore()
    who(client_of(auth=sign_in(store)))
    tokens = store.load()
    assert tokens is not None
    store.save(replace(tokens, base_url="https://medplum.test/"))

    who(client_of(auth=sign_in(store)))

    assert len(browser.opened) == 2


def test_a_refusal_is_an_error_that_names_it(
    client_of: MakeClient, sign_in: Any, server: MedplumServer
) -> None:
    server.control("config", {"authorizeAs": "denied"})

    with pytest.raises(AuthenticationError, match=r"refused the sign-in \(access_denied\)"):
        who(client_of(auth=sign_in()))


def test_logging_out_ends_the_session_and_empties_the_store(
    client_of: MakeClient, sign_in: Any
) -> None:
    store = MemoryTokenStore()
    client = client_of(auth=sign_in(store))
    who(client)

    client("oauth.logout")
    store.clear()

    with pytest.raises(AuthenticationError):
        who(client_of(auth=sign_in(store, interactive=False)))


RENEW = """
import sys
from pymedplum import MedplumClient
from pymedplum_runtime.smart.authorization_code import AuthorizationCode
from pymedplum_runtime.smart.loopback import LoopbackListener
from pymedplum_runtime.smart.token_store import FileTokenStore
base_url, client_id, path = sys.argv[1:]
sys.stdin.readline()
auth = AuthorizationCode(client_id, store=FileTokenStore(path), interactive=False)
with MedplumClient(base_url, auth=auth) as client:
    print(client.auth.me()["profile"]["id"])
"""


def test_processes_that_renew_at_once_spend_the_refresh_token_once(
    client_of: MakeClient, sign_in: Any, server: MedplumServer, tmp_path: Path, requests: Requests
) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")
    me = who(client_of(auth=sign_in(store)))
    tokens = store.load()
    assert tokens is not None
    store.save(replace(tokens, expires_at=0.0))
    asked = requests.tokens()

    command = [sys.executable, "-c", RENEW, server.base_url, server.client_id, str(store.path)]
    pipes: dict[str, Any] = {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE, "text": True}
    processes = [Popen(command, **pipes) for _ in range(4)]
    for each in processes:
        each.stdin.write("go\n")  # type: ignore[union-attr]
        each.stdin.flush()  # type: ignore[union-attr]

    assert [each.communicate(timeout=60) for each in processes] == [(f"{me}\n", "")] * 4
    assert requests.tokens() == asked + 1


SIGN_IN = """
import sys
from pymedplum import MedplumClient
from pymedplum_runtime.smart.authorization_code import AuthorizationCode
from pymedplum_runtime.smart.loopback import LoopbackListener
from pymedplum_runtime.smart.token_store import MemoryTokenStore
auth = AuthorizationCode(
    "client", store=MemoryTokenStore(), port=0, open_browser=lambda url: print(url, flush=True)
)
with MedplumClient(sys.argv[1], auth=auth) as client:
    client.auth.me()
"""


def test_ctrl_c_ends_the_wait_for_the_browser(server: MedplumServer) -> None:
    with Popen(
        [sys.executable, "-c", SIGN_IN, server.base_url], stdout=PIPE, stderr=PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "code_challenge=" in process.stdout.readline()
        process.send_signal(signal.SIGINT)

        _, said = process.communicate(timeout=30)

    assert said.rstrip().endswith("KeyboardInterrupt")


def test_the_other_tasks_go_on_and_a_cancelled_sign_in_frees_its_port(
    server: MedplumServer, sign_in: Any, port: int
) -> None:
    async def sign_in_and_cancel() -> int:
        opened = asyncio.Event()
        auth = sign_in(open_browser=lambda _: opened.set())
        async with AsyncMedplumClient(server.base_url, auth=auth) as client:
            task = asyncio.create_task(client.auth.me())
            await opened.wait()
            turns = 0
            while turns < 100:
                await asyncio.sleep(0)
                turns += 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        return turns

    assert asyncio.run(sign_in_and_cancel()) == 100
    assert "pymedplum-login" not in {each.name for each in threading.enumerate()}
    with closing(LoopbackListener("state", port=port)) as listener:
        assert str(port) in listener.redirect_uri


def test_an_asynchronous_function_may_open_the_browser(
    server: MedplumServer, sign_in: Any, browser: Browser
) -> None:
    async def open_browser(url: str) -> None:
        await asyncio.sleep(0)
        browser.open(url)

    async def profile() -> str:
        auth = sign_in(open_browser=open_browser)
        async with AsyncMedplumClient(server.base_url, auth=auth) as client:
            found: str = (await client.auth.me())["profile"]["id"]
            return found

    assert server.profiles["admin"].endswith(asyncio.run(profile()))
    with pytest.raises(TypeError, match="cannot await"):
        MedplumClient(server.base_url, auth=sign_in(open_browser=open_browser))

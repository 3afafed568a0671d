"""Sign-ins by hand: a token endpoint with scripted grants, and effects carried out in place."""

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from pymedplum_runtime.auth.tokens import Grant, lasting
from pymedplum_runtime.errors import AuthenticationError
from pymedplum_runtime.http.flow import Flow, Invoke, Sleep, Work
from pymedplum_runtime.smart.authorization_code import AuthorizationCode
from pymedplum_runtime.smart.stored_tokens import StoredTokens
from pymedplum_runtime.smart.token_store import MemoryTokenStore

T = TypeVar("T")
BASE = "https://medplum.test/"
NOW = 1_800_000_000.0


def stored(**members: Any) -> StoredTokens:
    """Give tokens of the client that are good for an hour."""
    chosen: dict[str, Any] = {
        "base_url": BASE,
        "client_id": "client",
        "access_token": "access-1",
        "refresh_token": "refresh-1",
        "expires_at": NOW + 3600,
    }
    return StoredTokens(**{**chosen, **members})


class Endpoint:
    """Gives its grants in order; what was asked for is remembered."""

    url = f"{BASE}oauth2/token"
    fhir_url = f"{BASE}fhir/R4/"

    def __init__(self, *answers: Any, configuration: Mapping[str, Any] | None = None) -> None:
        self._answers: Iterator[Any] = iter(answers)
        self._configuration = configuration or {}
        self.forms: list[dict[str, str]] = []
        self.urls: list[str | None] = []

    def now(self) -> float:
        return NOW

    def configuration(self) -> Flow[Mapping[str, Any]]:
        yield from ()
        return self._configuration

    def request(
        self, form: Any, *, basic: str | None = None, url: str | None = None
    ) -> Flow[Grant]:
        assert basic is None
        self.forms.append(dict(form))
        self.urls.append(url)
        yield from ()
        answer = next(self._answers)
        if callable(answer):
            answer = answer()
        if isinstance(answer, BaseException):
            raise answer
        members = {"expires_in": 3600, **answer}
        token = lasting(members["access_token"], members["expires_in"], NOW)
        return Grant(token, members.get("refresh_token"), members)


def refused(status: int = 400) -> AuthenticationError:
    return AuthenticationError(f"the token endpoint answered with {status}", status)


def run(flow: Flow[T], sleeps: list[float] | None = None) -> T:
    """Carry out a flow; nothing sleeps."""
    try:
        effect = next(flow)
        while True:
            try:
                result: object = None
                if isinstance(effect, Sleep):
                    assert sleeps is not None
                    sleeps.append(effect.seconds)
                else:
                    assert isinstance(effect, Work | Invoke)
                    result = effect.function(*effect.arguments)
            except Exception as error:  # noqa: BLE001 - the flow decides
                effect = flow.throw(error)
            else:
                effect = flow.send(result)
    except StopIteration as stop:
        found: T = stop.value
        return found


class Person:
    """Sits at the browser: sends an answer of the test's to the redirect URI."""

    def __init__(self, answer: Callable[[dict[str, str]], list[dict[str, str]]]) -> None:
        self._answer = answer
        self.asked: dict[str, str] = {}
        self.pages: list[httpx.Response] = []
        self._thread: threading.Thread | None = None

    def open(self, url: str) -> None:
        self.asked = {name: one for name, [one] in parse_qs(urlsplit(url).query).items()}
        self.asked["address"] = url.partition("?")[0]
        self._thread = threading.Thread(target=self._go)
        self._thread.start()

    def close(self) -> None:
        if self._thread:
            self._thread.join()

    def _go(self) -> None:
        with httpx.Client(trust_env=False, timeout=10) as http:
            for answer in self._answer(self.asked):
                query = urlencode({"state": self.asked["state"], **answer})
                self.pages.append(http.get(f"{self.asked['redirect_uri']}?{query}"))


def agreeing(**more: str) -> Person:
    return Person(lambda _: [{"code": "code-1", **more}])


def auth_of(person: Person | None = None, **options: Any) -> AuthorizationCode:
    chosen: dict[str, Any] = {"store": MemoryTokenStore(), "port": 0, "timeout": 10.0}
    if person:
        chosen["open_browser"] = person.open
    return AuthorizationCode("client", **{**chosen, **options})


def id_token(**claims: Any) -> str:
    body = urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.c2ln"

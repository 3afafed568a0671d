"""The HTTP side of the services, on Starlette: routes, tokens, bodies, statuses.

https://cds-hooks.hl7.org/2.0/
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Route

from pymedplum_runtime.cds.service.bodies import call_of, content_of, feedback_of
from pymedplum_runtime.cds.service.invocation import Invocations
from pymedplum_runtime.cds.service.refusals import SAFE_HEADERS, Refusal, log_failure
from pymedplum_runtime.cds.service.registry import Registry
from pymedplum_runtime.cds.service.running import TooLateError, within
from pymedplum_runtime.cds.service.signed_token import NoTokenError
from pymedplum_runtime.cds.service.verifier import EHRVerifier, set_calling
from pymedplum_runtime.errors import AuthenticationError, CDSHooksError
from pymedplum_runtime.http.clock import Clock

if TYPE_CHECKING:
    from starlette.requests import Request

logger = logging.getLogger("pymedplum.cds")

_ROOT = "/cds-services"
_JSON = "application/json"
_RETRY_AFTER = "30"  # seconds
_READING_TIMEOUT = 30.0  # seconds for a body to be read once it is here

T = TypeVar("T")
Endpoint = Callable[["Request"], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may call, and what a call may then ask of FHIR servers."""

    verifier: EHRVerifier | None
    """`None`: anybody may call."""
    base_url: str
    fhir_servers: Sequence[str]
    """Of callers that are anybody."""
    is_discovery_public: bool

    async def admit(self, request: "Request", *paths: str) -> Sequence[str]:
        """Check who calls, and return the FHIR servers that may be asked for it.

        Args:
            request: the call.
            paths: what is called, below the base URL; several that a token may name.

        Raises:
            AuthenticationError: nobody who may.
            CDSHooksError: that cannot be found out now.
        """
        if self.verifier is None:
            set_calling(None)
            return self.fhir_servers
        urls = [f"{self.base_url}{path}" for path in paths]
        caller = await self.verifier.verify(request.headers.getlist("Authorization"), urls)
        set_calling(caller)
        return caller.ehr.fhir_servers


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What is answered where."""

    registry: Registry
    gate: Gate
    invocations: Invocations
    clock: Clock
    most: int
    """The largest body, in bytes."""

    async def discovery(self, request: "Request") -> Response:
        """Answer with the services that there are."""
        if not self.gate.is_discovery_public:
            await self.gate.admit(request, _ROOT)
        return _json(self.registry.discovery())

    async def call(self, request: "Request") -> Response:
        """Run a service."""
        service_id: str = request.path_params["service_id"]
        servers = await self.gate.admit(request, f"{_ROOT}/{service_id}")
        named = self.registry.named(service_id)
        if not named:
            raise Refusal(404, "there is no such service")
        call = await self._read(request, lambda content: call_of(content, named, self.most))
        return _json(await self.invocations.cards(call, servers))

    async def feedback(self, request: "Request") -> Response:
        """Take what became of a service's cards."""
        service_id: str = request.path_params["service_id"]
        path = f"{_ROOT}/{service_id}"
        await self.gate.admit(request, f"{path}/feedback", path)
        handler = self.registry.feedback(service_id)
        if handler is None:
            raise Refusal(404, "there is no such service, or it takes no feedback")
        learned = await self._read(request, lambda content: feedback_of(content, self.most))
        await self.invocations.feedback(service_id, handler, learned)
        return _json("{}")

    async def _read(self, request: "Request", reading: Callable[[bytes], T]) -> T:
        content = await content_of(request, self.clock, self.most)
        work = self.invocations.runner.read(len(content), lambda: reading(content))
        try:
            return await within(self.clock, _READING_TIMEOUT, work)
        except TooLateError:
            busy = "too many large bodies are being read"
            raise Refusal(503, busy, headers={"Retry-After": _RETRY_AFTER}) from None


def application(endpoints: Endpoints, origins: Sequence[str]) -> Starlette:
    """Return the ASGI application."""
    routes = [
        _route(_ROOT, "GET", endpoints.discovery),
        _route(f"{_ROOT}/{{service_id}}", "POST", endpoints.call),
        _route(f"{_ROOT}/{{service_id}}/feedback", "POST", endpoints.feedback),
    ]
    browsers = Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )
    app = Starlette(
        routes=routes,
        middleware=[browsers] if origins else [],
        exception_handlers={HTTPException: _unrouted},
    )
    app.router.redirect_slashes = False  # the redirect would be to whatever Host says
    return app


def _route(path: str, method: str, endpoint: Endpoint) -> Route:
    allowed = "GET, HEAD, OPTIONS" if method == "GET" else "OPTIONS, POST"

    async def answer(request: "Request") -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allowed})
        return await _answered(request, endpoint)

    return Route(path, answer, methods=[method, "OPTIONS"])


async def _answered(request: "Request", endpoint: Endpoint) -> Response:
    """Return what an endpoint answers, or what is answered in its place."""
    try:
        return await endpoint(request)
    except Refusal as error:
        return error.response()
    except AuthenticationError as error:
        logger.warning("a call was refused: %s", error)
        return _unauthorized(error).response()
    except CDSHooksError as error:
        logger.error("no call can be admitted: %s", error)  # noqa: TRY400 - our own text is all
        unavailable = "the token cannot be checked now"
        return Refusal(503, unavailable, headers={"Retry-After": _RETRY_AFTER}).response()
    except Exception as error:  # noqa: BLE001 - nothing of ours may show itself to callers
        log_failure("answering a call", error)
        return Refusal(500, "the call failed").response()


def _unauthorized(error: AuthenticationError) -> Refusal:
    """Return the answer to a caller who may not: RFC 6750, section 3."""
    challenge = "Bearer"
    if not isinstance(error, NoTokenError):
        challenge += f' error="invalid_token", error_description="{error}"'
    return Refusal(401, str(error), headers={"WWW-Authenticate": challenge})


def _json(text: str) -> Response:
    return Response(text, headers=SAFE_HEADERS, media_type=_JSON)


async def _unrouted(request: "Request", error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
    status: Any = getattr(error, "status_code", 500)
    texts = {404: "there is nothing here", 405: "the method is not allowed here"}
    headers = getattr(error, "headers", None)
    return Refusal(status, texts.get(status, "the call failed"), headers=headers).response()

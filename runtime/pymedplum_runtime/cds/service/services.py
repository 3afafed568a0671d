"""CDS Hooks services in Python: functions, registered with decorators, served over ASGI.

https://cds-hooks.hl7.org/2.0/
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, TypeVar

from httpx import AsyncBaseTransport

from pymedplum_runtime.cds.messages.reading import model_named
from pymedplum_runtime.cds.service.addresses import base_address, texts, web_origin
from pymedplum_runtime.cds.service.extra import require_cds
from pymedplum_runtime.cds.service.invocation import Invocations
from pymedplum_runtime.cds.service.registry import (
    Registry,
    Service,
    checked_hook,
    checked_id,
    checked_keys,
    checked_timeout,
    request_class_of,
)
from pymedplum_runtime.cds.service.replay import ReplayStore
from pymedplum_runtime.cds.service.running import Runner
from pymedplum_runtime.cds.service.trust import TrustedEHR
from pymedplum_runtime.cds.service.verifier import EHRVerifier
from pymedplum_runtime.cds.templates.parsing import parse_templates
from pymedplum_runtime.http.clock import Clock, SystemClock

if TYPE_CHECKING:
    from starlette.applications import Starlette

HandlerT = TypeVar("HandlerT", bound=Callable[[Any], Any])
Message = MutableMapping[str, Any]

MAX_BODY = 5 * 1024 * 1024
"""The largest body of a request, in bytes, where no other is set."""


class CDSServices:
    """CDS services, and the ASGI application that serves them. Needs the extra `cds`.

    Run it alone (`uvicorn module:services`) or mount it: `app.mount("/", services)`.

    Example:
        >>> services = CDSServices(
        ...     base_url="https://cds.example.org",
        ...     trusted=[TrustedEHR("https://ehr.example.org", jwks_url="https://...")],
        ... )
        >>> @services.service("patient-view", id="greeter", description="Says hello")
        ... def greet(request: PatientViewRequest) -> Card: ...
    """

    def __init__(  # noqa: PLR0913 - keywords, each a choice of the deployment's
        self,
        *,
        trusted: Iterable[TrustedEHR] | None = None,
        base_url: str | None = None,
        allow_anonymous: bool = False,
        fhir_servers: Iterable[str] = (),
        origins: Iterable[str] = (),
        public_discovery: bool = True,
        replay: ReplayStore | None = None,
        max_body: int = MAX_BODY,
        threads: int = 16,
        clock: Clock | None = None,
        transport: AsyncBaseTransport | None = None,
    ) -> None:
        """Decide who may call.

        Args:
            trusted: the EHRs whose signed calls are accepted.
            base_url: where EHRs reach this, up to and without `/cds-services`. Tokens must name
                it. It is not taken from the request, whose `Host` a caller can choose.
            allow_anonymous: have anybody call, without a token; in place of `trusted`.
            fhir_servers: with `allow_anonymous`, the base URLs of the FHIR servers that may be
                asked for what was not prefetched; an EHR that is trusted has its own.
            origins: of the browsers that may call (CORS), such as `https://ehr.example.org`;
                `*` is any. Servers need none.
            public_discovery: whether anybody may list the services.
            replay: where used tokens are remembered; give one that all processes share, such as
                `FileReplayStore`, where there are several.
            max_body: the largest body of a request, in bytes.
            threads: in how many threads functions that are not `async` run.
            clock: the time, for tests.
            transport: how FHIR servers and keys are reached; httpx's own where not given. It is
                not closed.

        Raises:
            ImportError: the extra is not installed.
            InsecureTransportError: a URL is neither https nor loopback.
            TypeError: something has the wrong type.
            ValueError: it is not said who may call, or `base_url` is missing, or something is no
                URL, origin or positive number.
        """
        require_cds("serving CDS services")
        if (trusted is None) is not allow_anonymous:
            raise ValueError("give either trusted=[...] or allow_anonymous=True: who may call?")
        self._clock: Clock = clock or SystemClock()
        self._registry = Registry()
        self._verifier = None
        self._base_url = "" if base_url is None else base_address(base_url, "base_url")
        self._fhir_servers = tuple(
            base_address(url, "a FHIR server") for url in texts(fhir_servers)
        )
        if trusted is not None:
            self._verifier = EHRVerifier(
                trusted, replay=replay, clock=self._clock, transport=transport
            )
            self._check_trust()
        elif not public_discovery:
            raise ValueError("public_discovery=False needs trusted=[...]")
        self._is_discovery_public = public_discovery
        self._origins = tuple(web_origin(each) for each in texts(origins))
        self._max_body = _positive(max_body, "max_body")
        self._invocations = Invocations(
            self._clock, Runner(_positive(threads, "threads")), transport
        )
        self._application: Starlette | None = None

    def _check_trust(self) -> None:
        if not self._base_url:
            raise ValueError("give base_url: the tokens of EHRs must name the URL that is called")
        if self._fhir_servers:
            raise ValueError("fhir_servers belong to each TrustedEHR; give them there")

    def service(  # noqa: PLR0913 - the specification's members of a service, and two of ours
        self,
        hook: str,
        *,
        id: str,  # noqa: A002 - the specification's name
        description: str,
        title: str | None = None,
        prefetch: Mapping[str, str] | None = None,
        optional: Iterable[str] = (),
        usage_requirements: str | None = None,
        timeout: float = 10.0,
        request: type[Any] | None = None,
    ) -> Callable[[HandlerT], HandlerT]:
        """Register a function as a service.

        It takes the request and returns a `Card`, a list of them, a `CDSResponse`, or `None` for
        no cards. It may be `async`; others run in threads.

        Args:
            hook: such as `patient-view`. One `id` may be registered for several hooks.
            id: the end of its URL.
            description: what discovery says of it.
            title: its name for people.
            prefetch: templates of the FHIR data that it needs, by key. What the EHR does not send
                is fetched before the function is called.
            optional: keys of `prefetch` that it can do without: they are missing then, where
                others have the EHR get a 412.
            usage_requirements: what discovery says of its preconditions.
            timeout: seconds for fetching and the function together; then the EHR gets a 504.
            request: the class of its requests, a subclass of `CDSRequest`, for hooks that have
                none here.

        Raises:
            CDSHooksError: a prefetch template is wrong.
            TypeError: something has the wrong type.
            ValueError: something is empty or out of range, or there is such a service already.

        Example:
            >>> @services.service(
            ...     "patient-view",
            ...     id="greeter",
            ...     description="Greets",
            ...     prefetch={"patient": "Patient/{{context.patientId}}"},
            ... )
            ... async def greet(request: PatientViewRequest) -> Card: ...
        """
        templates = parse_templates(prefetch or {}, hook=checked_hook(hook))
        entry = model_named("CDSService")(
            hook=hook,
            id=checked_id(id),
            description=description,
            **_given(title=title, prefetch=dict(prefetch or {}) or None),
            **_given(usage_requirements=usage_requirements),
        )
        optional_keys = checked_keys(optional, templates)
        seconds = checked_timeout(timeout)
        cls = request_class_of(hook, request)

        def register(handler: HandlerT) -> HandlerT:
            self._registry.add(
                Service(id, hook, handler, cls, templates, optional_keys, seconds, entry)
            )
            return handler

        return register

    def on_feedback(self, service_id: str) -> Callable[[HandlerT], HandlerT]:
        """Register a function that learns what became of a service's cards.

        It takes a list of `Feedback`, those of one request, and may be `async`. Only cards and
        suggestions with a `uuid` are reported, and the same one possibly more than once.

        Raises:
            TypeError: the id is no text.
            ValueError: it is no id, or has a function already.

        Example:
            >>> @services.on_feedback("greeter")
            ... def learn(feedback: list[Feedback]) -> None: ...
        """
        checked_id(service_id)

        def register(handler: HandlerT) -> HandlerT:
            self._registry.add_feedback(service_id, handler)
            return handler

        return register

    def app(self) -> "Starlette":
        """Return the Starlette application that serves the services, always the same one."""
        if self._application is None:
            from pymedplum_runtime.cds.service.application import (  # noqa: PLC0415 - an extra
                Endpoints,
                Gate,
                application,
            )

            gate = Gate(
                self._verifier, self._base_url, self._fhir_servers, self._is_discovery_public
            )
            endpoints = Endpoints(
                self._registry, gate, self._invocations, self._clock, self._max_body
            )
            self._application = application(endpoints, self._origins)
        return self._application

    async def __call__(
        self, scope: Message, receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        """Serve, as ASGI has it."""
        await self.app()(scope, receive, send)


def _given(**members: object) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _positive(number: object, name: str) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError(f"{name} must be a whole number, at least 1")
    return number

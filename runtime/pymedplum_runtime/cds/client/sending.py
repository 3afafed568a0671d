"""Requests to CDS services: Medplum's own through the client's session, others past it.

What goes to another service carries nothing of the client's: neither its token nor its headers nor
whom it acts for, and `before_request` does not see it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pymedplum_runtime.cds.client.client_auth import CDSClientAuth
from pymedplum_runtime.client.answers import raise_for_status
from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import ClientClosedError, InsecureTransportError, NetworkError
from pymedplum_runtime.http.flow import Flow, Sleep
from pymedplum_runtime.http.headers import ON_BEHALF_OF, header, merge_headers
from pymedplum_runtime.http.records import Record
from pymedplum_runtime.http.retry import Retries
from pymedplum_runtime.http.timeouts import seconds
from pymedplum_runtime.http.urls import Server, server
from pymedplum_runtime.http.wire import JSON, Answer, WireRequest

SERVICES = "cds-services"
LARGEST = 16 * 1024 * 1024  # bytes of an answer of another service

Authorization = str | CDSClientAuth
"""A whole header, such as `Bearer abc`, or who signs one for each request."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where CDS services are, and what they are shown."""

    base_url: str | None = None
    """Of another service; `None` is the client's Medplum."""
    authorization: Authorization | None = None
    options: CallOptions = NO_OPTIONS

    def __post_init__(self) -> None:
        """Refuse what would be ignored, or would have to be guessed.

        Raises:
            TypeError: the authorization is neither a text nor a `CDSClientAuth`.
            ValueError: it holds what no header has, or is for Medplum.
        """
        given = self.authorization
        if given is None:
            return
        if self.base_url is None:
            raise ValueError("authorization is for other services: give base_url with it")
        if isinstance(given, str):
            if not (given.strip() and given.isascii() and given.isprintable()):
                raise ValueError("authorization must be a header such as 'Bearer abc'")
        elif not isinstance(given, CDSClientAuth):  # pyright: ignore[reportUnnecessaryIsInstance]
            kind = type(given).__name__
            raise TypeError(f"authorization must be a str or a CDSClientAuth, got {kind}")


def send(
    session: Session, destination: Destination, *segments: str, body: bytes | None = None
) -> Flow[Answer]:
    """Ask a CDS service, with a body by POST.

    Args:
        session: of the client.
        destination: where the services are.
        segments: of the path below `/cds-services`.
        body: JSON text.

    Raises:
        InsecureTransportError: the base URL is neither https nor loopback.
        MedplumError: the class that the failure stands for.
        ValueError: the base URL is none, or a membership is to be acted for elsewhere.
    """
    method = "GET" if body is None else "POST"
    base_url, options = destination.base_url, destination.options
    elsewhere = None if base_url is None else _other_server(session, destination, base_url)
    if elsewhere is None:
        url = session.server.plain(SERVICES, *segments)
        call = Call(
            method=method, url=url, body=body, content_type=JSON, accept=JSON, options=options
        )
        return session.call(call)
    if options.on_behalf_of is not None or options.header(ON_BEHALF_OF) is not None:
        raise ValueError("on_behalf_of is Medplum's: another service knows no memberships")
    url = elsewhere.plain(SERVICES, *segments)
    return _elsewhere(session, destination, Call(method=method, url=url, body=body), elsewhere)


def _other_server(session: Session, destination: Destination, base_url: str) -> Server | None:
    """Return the server of a base URL; `None` where that is the client's Medplum."""
    own = session.server
    is_own = isinstance(base_url, str) and f"{base_url.rstrip('/')}/" == own.base_url  # pyright: ignore[reportUnnecessaryIsInstance]
    if is_own and destination.authorization is None:
        return None
    try:
        other = server(base_url, own.fhir_path)
    except InsecureTransportError:
        other = None
    if other is None:
        raise InsecureTransportError(
            "base_url must be the address of a server: https://, or http:// on this machine"
        )
    is_same = (other.origin, _path(other)) == (own.origin, _path(own))
    return None if is_same and destination.authorization is None else other


def _path(address: Server) -> str:
    return urlsplit(address.base_url).path


def _elsewhere(
    session: Session, destination: Destination, call: Call, elsewhere: Server
) -> Flow[Answer]:
    if session.is_closed:
        raise ClientClosedError("the client is closed; make a new one")
    record = Record(call.method, call.url, elsewhere.fhir_url, session.clock)
    try:
        answer = yield from _retried(session, destination, call, record)
        now = session.clock.now()
        raise_for_status(answer, call.method, record.shape(), elsewhere, now)
    except GeneratorExit:
        raise
    except BaseException as error:
        yield from record.report(session.on_complete, error)
        raise
    yield from record.report(session.on_complete)
    return answer


def _retried(
    session: Session, destination: Destination, call: Call, record: Record
) -> Flow[Answer]:
    """Send as often as the client's policy allows, with an authorization of its own each time."""
    retries = Retries(session.retry, is_replay_safe=call.is_replay_safe)
    clock = session.clock
    while True:
        request = yield from _request(session, destination, call)
        try:
            answer = yield from record.sent(request)
        except NetworkError as error:
            was_sent = error.possibly_committed
            delay = retries.delay_after_failure(was_sent=was_sent, chance=clock.random())
            if delay is None:
                raise
        else:
            delay = retries.delay_after_answer(answer, now=clock.now(), chance=clock.random())
            if answer.is_success or delay is None:
                return _without_secret(answer, request.headers)
        yield Sleep(delay)


def _request(session: Session, destination: Destination, call: Call) -> Flow[WireRequest]:
    options = destination.options
    own = {"Accept": JSON} if call.body is None else {"Accept": JSON, "Content-Type": JSON}
    headers = dict(merge_headers(own, options.headers))
    if destination.authorization is not None:
        headers["Authorization"] = yield from _authorization(session, destination, call.url)
    timeout = session.timeout if options.timeout is None else seconds(options.timeout)
    return WireRequest(
        call.method,
        call.url,
        headers,
        timeout,
        call.content(),
        is_write=call.is_write,
        is_foreign=True,
        most=LARGEST,
    )


def _authorization(session: Session, destination: Destination, url: str) -> Flow[str]:
    given = destination.authorization
    if isinstance(given, CDSClientAuth):
        return "Bearer " + (yield from given.signed(url, session.clock.now()))
    return given or ""


def _without_secret(answer: Answer, headers: Mapping[str, str]) -> Answer:
    """Take out what an answer may quote: exceptions keep it."""
    sent = header(headers, "Authorization")
    return answer if answer.is_success or not sent else answer.without(sent.split()[-1])

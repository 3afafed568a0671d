"""httpx at the edge: requests built and checked, failures made ours, URLs kept out of its log."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from contextvars import ContextVar

import httpx

from pymedplum_runtime.errors import (
    ClientClosedError,
    MedplumError,
    NetworkError,
    UnsafeRedirectError,
)
from pymedplum_runtime.http.uploads import Upload
from pymedplum_runtime.http.urls import is_safe_transport
from pymedplum_runtime.http.wire import WireRequest

_USUAL = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))).headers
_USUAL_TEXT = dict(_USUAL)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class OwnURL(httpx.URL):
    """A URL of a request of ours, so that httpx's log can be told which to shorten."""


class _WithoutQueries(logging.Filter):
    """Cuts the query off our URLs in httpx's log: search values are patient data."""

    def filter(self, record: logging.LogRecord) -> bool:
        arguments = record.args
        if isinstance(arguments, tuple):
            record.args = tuple(
                each.copy_with(query=None) if isinstance(each, OwnURL) else each
                for each in arguments
            )
        return True


class _WithoutHeaders(logging.Filter):
    """Cuts the headers of answers to us off httpcore's log: links and cookies are among them."""

    def filter(self, record: logging.LogRecord) -> bool:
        if is_ours.get() and isinstance(record.msg, str):
            event, complete, _ = record.msg.partition("headers.complete return_value=")
            record.msg = f"{event}{complete}..." if complete else event
        return True


is_ours: ContextVar[bool] = ContextVar("pymedplum.is_ours", default=False)
"""Whether what is being sent in this thread or task is a request of ours."""

_NO_QUERIES, _NO_HEADERS = _WithoutQueries(), _WithoutHeaders()


def keep_contents_out_of_logs() -> None:
    """Make httpx and httpcore log our requests without search values and headers.

    Any number of calls are one.
    """
    logging.getLogger("httpx").addFilter(_NO_QUERIES)
    for version in ("http11", "http2"):
        logging.getLogger(f"httpcore.{version}").addFilter(_NO_HEADERS)


def check_client(client: object, expected: type[httpx.Client] | type[httpx.AsyncClient]) -> None:
    """Refuse a client that would carry the token elsewhere.

    Raises:
        TypeError: it is no client of the expected kind.
        ValueError: it follows redirects.
    """
    if not isinstance(client, expected):
        name = f"httpx.{expected.__name__}"
        raise TypeError(f"http_client must be an {name}, got {type(client).__name__}")
    if client.follow_redirects:
        raise ValueError(
            "http_client follows redirects, which could carry the token to another server; "
            "build it with follow_redirects=False"
        )


Origin = tuple[str, bytes, int | None]


def origin(url: httpx.URL) -> Origin:
    """Return what makes two URLs one server."""
    return url.scheme, url.raw_host, url.port or _DEFAULT_PORTS.get(url.scheme)


def outgoing(
    client: httpx.Client | httpx.AsyncClient, request: WireRequest, home: Origin
) -> httpx.Request:
    """Build the request that is sent.

    Raises:
        UnsafeRedirectError: it would go to another server, and was not made for that.
        MedplumError: it cannot be written as HTTP.
    """
    headers = dict(request.headers)
    content: bytes | Iterator[bytes] | AsyncIterator[bytes] | None
    if isinstance(request.content, Upload):
        headers["Content-Length"] = str(request.content.size())
        is_async = isinstance(client, httpx.AsyncClient)
        content = _in_thread(request.content) if is_async else request.content.chunks()
    else:
        content = request.content
    if client.is_closed:
        raise ClientClosedError("the http_client is closed; make a new one")
    built = None
    with suppress(httpx.InvalidURL, UnicodeError):  # their texts quote what cannot be sent
        built = _built(client, request, headers, content)
    if built is None:
        raise MedplumError(
            "the request cannot be sent: its URL is too long, or holds what no URL has"
        )
    is_allowed = request.is_foreign and is_safe_transport(str(built.url))
    if origin(built.url) != home and not is_allowed:
        raise UnsafeRedirectError("a request would have gone to another server; nothing was sent")
    built.url = OwnURL(built.url)
    return built


def _built(
    client: httpx.Client | httpx.AsyncClient,
    request: WireRequest,
    headers: dict[str, str],
    content: bytes | Iterator[bytes] | AsyncIterator[bytes] | None,
) -> httpx.Request:
    if not request.is_foreign and _has_settings(client):
        return client.build_request(
            request.method, request.url, headers=headers, content=content, timeout=request.timeout
        )
    # What build_request makes of a client without settings of its own, in half the time.
    given = {name.lower() for name in headers}  # a second Accept would be sent beside the first
    usual = {name: text for name, text in _USUAL_TEXT.items() if name not in given}
    return httpx.Request(
        request.method,
        request.url,
        headers={**usual, **headers},
        content=content,
        extensions={"timeout": request.timeout.as_dict()},
    )


def _has_settings(client: httpx.Client | httpx.AsyncClient) -> bool:
    is_plain = type(client) in {httpx.Client, httpx.AsyncClient}
    return not is_plain or bool(client.params or len(client.cookies) or client.headers != _USUAL)


async def _in_thread(upload: Upload) -> AsyncIterator[bytes]:
    """Read a file without holding up the other tasks."""
    import asyncio  # noqa: PLC0415 - the synchronous client does without

    chunks = upload.chunks()
    while (chunk := await asyncio.to_thread(next, chunks, b"")) != b"":
        yield chunk


def network_error(error: httpx.RequestError) -> NetworkError:
    """Return our error for one of httpx, without its text: that may quote what was sent."""
    was_sent = not isinstance(error, _NOT_SENT)
    name = type(error).__name__
    said = "the server may have received the request" if was_sent else "nothing was sent"
    return NetworkError(f"no answer ({name}); {said}", possibly_committed=was_sent)

"""One try at one file: a request to wherever the manifest points, and its content written down.

Nothing of the client's goes there but, where the manifest demands it and only to an origin that
may have it, the token.
"""

import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin

import httpx

from pymedplum_runtime.bulk.content import PartFile
from pymedplum_runtime.bulk.crew import Crew
from pymedplum_runtime.client.transport import OwnURL
from pymedplum_runtime.errors import BulkExportError, InsecureTransportError, UnsafeRedirectError
from pymedplum_runtime.http.urls import is_loopback, origin_of
from pymedplum_runtime.http.wire import Answer
from pymedplum_runtime.ndjson.compression import GzipMember

Origin = tuple[str, str, int]

_MOST_REDIRECTS = 5
_USUAL_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What stores answer to links that are spent, or signed with keys that are: S3 has 400 and 403.
_REFUSALS = frozenset({400, 401, 403, 404, 410})
_PLAIN = frozenset({"", "identity"})
_GZIP = frozenset({"gzip", "x-gzip"})


class LinkRefusedError(Exception):
    """The link does not open the file, or the token does not."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class BrokenOffError(Exception):
    """The content did not come, or not whole; it may the next time."""

    def __init__(self, reason: str, answer: Answer | None = None) -> None:
        super().__init__(reason)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Access:
    """Where the token may go."""

    own: Origin
    trusted: frozenset[Origin]

    def check(self, url: str) -> None:
        """Refuse a file that wants the token where it must not go.

        Raises:
            BulkExportError: it does; the message names the origin.
        """
        origin = origin_of(url)
        if origin != self.own and origin not in self.trusted:
            raise BulkExportError(
                f"a file at {shown(origin)} wants the access token, which is for "
                f"{shown(self.own)} alone; nothing was sent there; if it may have it, say "
                f'trusted_origins=["{shown(origin)}"]'
            )

    def allows(self, url: str) -> bool:
        """Say whether the token may go to a URL."""
        origin = origin_of(url)
        return origin == self.own or origin in self.trusted


class Fetcher:
    """Fetches files over one pool of connections; safe in any thread."""

    def __init__(
        self, http: httpx.Client, timeout: httpx.Timeout, crew: Crew, access: Access
    ) -> None:
        self._http = http
        self._timeout = timeout
        self._crew = crew
        self._access = access
        self._may_be_insecure = access.own[0] == "http" and not is_loopback(access.own[1])

    def fetch(
        self,
        url: str,
        credentials: Mapping[str, str],
        part: PartFile,
        on_chunk: Callable[[], None],
    ) -> None:
        """Write the content of a URL into a part file.

        Args:
            url: of the manifest.
            credentials: headers for the origins that may have them.
            part: takes the content.
            on_chunk: called after every chunk.

        Raises:
            LinkRefusedError: the URL does not open the file.
            BrokenOffError: it is worth another try.
            BulkExportError: it is not.
            OSError: the disk refuses.
            StoppedError: the download ends.
        """
        response = self._opened(url, dict(credentials))
        try:
            for chunk in filter(None, _decoded(response)):
                self._crew.check()
                part.write(chunk)
                on_chunk()
        except (httpx.TransportError, httpx.StreamError) as error:
            self._crew.check()  # it may be us who cut it off
            name = type(error).__name__
            raise BrokenOffError(f"the connection broke ({name})") from None
        finally:
            response.close()

    def _opened(self, url: str, credentials: dict[str, str]) -> httpx.Response:
        """Follow redirects up to an answer with content; credentials stay where they may be."""
        for _ in range(_MOST_REDIRECTS + 1):
            self._check_transport(url)
            if credentials and not self._access.allows(url):
                credentials = {}
            response = self._sent(url, credentials)
            if response.status_code not in _REDIRECTS:
                return _checked(response)
            response.close()
            following = _joined(url, response.headers.get("Location", ""))
            if origin_of(url)[0] == "https" and origin_of(following)[0] == "http":
                self._refuse_insecure(following)
            if origin_of(following) != origin_of(url):
                credentials = {}
            url = following
        raise BulkExportError(f"more than {_MOST_REDIRECTS} redirects in a row")

    def _sent(self, url: str, credentials: Mapping[str, str]) -> httpx.Response:
        headers = {
            "Accept": "application/fhir+ndjson",
            "Accept-Encoding": "gzip",
            "User-Agent": str(self._http.headers.get("User-Agent", "pymedplum")),
            **credentials,
        }
        extensions = {"timeout": self._timeout.as_dict(), "trace": self._crew.watch}
        try:
            request = httpx.Request("GET", url, headers=headers, extensions=extensions)
        except (httpx.InvalidURL, UnicodeError):
            raise BulkExportError("the manifest gives a URL that is none") from None
        request.url = OwnURL(request.url)
        try:
            return self._http.send(request, auth=None, stream=True, follow_redirects=False)
        except httpx.TransportError as error:
            self._crew.check()
            raise BrokenOffError(f"no answer ({type(error).__name__})") from None

    def _check_transport(self, url: str) -> None:
        if origin_of(url)[0] == "http" and not self._may_be_insecure:
            self._refuse_insecure(url)

    def _refuse_insecure(self, url: str) -> None:
        origin = origin_of(url)
        if not is_loopback(origin[1]):
            raise InsecureTransportError(
                f"a file at {shown(origin)} would bring patient data in the clear"
            )


def shown(origin: Origin) -> str:
    """Return an origin as text; an origin has no path and no query, so nothing is in it."""
    scheme, host, port = origin
    name = f"[{host}]" if ":" in host else host
    is_usual = port == _USUAL_PORTS.get(scheme)
    return f"{scheme}://{name}" + ("" if is_usual else f":{port}")


def _checked(response: httpx.Response) -> httpx.Response:
    """Return an answer that has the content of a file."""
    status = response.status_code
    if status == HTTPStatus.OK:
        kind = response.headers.get("Content-Type", "")
        if "html" not in kind:
            return response
        response.close()
        raise BulkExportError("a web page came where a file was due")
    response.close()
    if status in _REFUSALS:
        raise LinkRefusedError(status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        raise BrokenOffError(f"HTTP {status}", Answer(status, response.headers, b""))
    raise BulkExportError(f"HTTP {status}")


def _decoded(response: httpx.Response) -> Iterator[bytes]:
    """Give the content chunk by chunk, and see that it is whole."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    raw = _whole(response)
    if encoding in _PLAIN:
        return raw
    if encoding in _GZIP:
        return _inflated(raw)
    raise BulkExportError("the file is encoded in a way that was not asked for")


def _whole(response: httpx.Response) -> Iterator[bytes]:
    length = response.headers.get("Content-Length", "")
    received = 0
    for chunk in response.iter_raw():
        received += len(chunk)
        yield chunk
    if length.isdecimal() and int(length) != received:
        raise BrokenOffError(f"{received} of {length} bytes came")


def _inflated(chunks: Iterable[bytes]) -> Generator[bytes, None, None]:
    member: GzipMember | None = None
    try:
        for chunk in chunks:
            left = chunk
            while left:
                if member is None or member.eof:
                    member = GzipMember()
                left = yield from member.pieces(left)
    except zlib.error:
        raise BrokenOffError("the compressed content is damaged") from None
    if member is not None and not member.eof:
        raise BrokenOffError("the compressed content is cut off")


def _joined(url: str, link: str) -> str:
    try:
        return urljoin(url, link)
    except ValueError:
        pass  # its text may quote the link
    raise UnsafeRedirectError("a redirect leads to what is no URL")

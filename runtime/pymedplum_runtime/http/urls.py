"""URLs: what may be put into one, and which of them are the configured server's.

Nothing here connects. A URL's text can hold patient data, so errors show its origin alone.
"""

import ipaddress
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from pymedplum_runtime.errors import InsecureTransportError, UnsafeRedirectError
from pymedplum_runtime.search.query import query_string

logger = logging.getLogger("pymedplum.security")

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")  # RFC 3986, section 3.1
_MISLEADING = re.compile(r"[\x00-\x20\x7f\\]")
_FHIR_PATH = re.compile(r"[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
_OPERATION = re.compile(r"\$?([A-Za-z][A-Za-z0-9-]{0,63})")
_SEGMENT = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@-]+")


@dataclass(frozen=True, slots=True)
class Server:
    """The server that a client speaks to, and no other."""

    base_url: str
    """Ends with a slash."""
    fhir_url: str
    """Ends with a slash."""
    origin: tuple[str, str, int]

    def fhir(self, *segments: str, query: Iterable[tuple[str, str]] = ()) -> str:
        """Return the URL of checked segments below the FHIR base URL."""
        return _with_query(self.fhir_url + "/".join(segments), query)

    def plain(self, *segments: str, query: Iterable[tuple[str, str]] = ()) -> str:
        """Return the URL of checked segments below the base URL."""
        return _with_query(self.base_url + "/".join(segments), query)

    @property
    def fhir_path(self) -> str:
        """The path of the FHIR API below the base URL."""
        return self.fhir_url.removeprefix(self.base_url)

    def locate(self, link: str, base: str | None = None) -> str:
        """Return the absolute URL of a link that the server gave.

        Args:
            link: absolute, or relative to `base`.
            base: the URL of what holds the link; the FHIR base URL where it is not given.

        Raises:
            UnsafeRedirectError: it leads to another server.
        """
        if _MISLEADING.search(link):
            raise UnsafeRedirectError("a link of the server's holds characters that no URL has")
        url = _joined(base or self.fhir_url, link)
        if origin_of(url) != self.origin:
            raise UnsafeRedirectError(
                f"a link leads to {_shown(url)}, away from {_shown(self.base_url)}; "
                "nothing was sent there"
            )
        return url

    def below(self, path: str) -> str:
        """Return the URL of a path below the base URL, or of an absolute URL of this server.

        Raises:
            UnsafeRedirectError: it leads to another server.
            TypeError: the path is no text.
            ValueError: the path is empty or climbs with `..`.
        """
        if not isinstance(path, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a path must be a str, got {type(path).__name__}")
        if not path.strip("/ "):
            raise ValueError("a path must not be empty; give it relative to base_url")
        if _MISLEADING.search(path) or "#" in path:
            raise ValueError("a path must not hold spaces, control characters, '\\' and '#'")
        if path.startswith("//"):
            raise UnsafeRedirectError("a path must not begin with //: that names another server")
        if ".." in path.partition("?")[0].lower().replace("%2e", ".").split("/"):
            raise ValueError("a path must not hold '..'")
        if _SCHEME.match(path):
            return self.locate(path)
        return self.locate(self.base_url + path.lstrip("/"))


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        pass  # its text may quote the link
    raise UnsafeRedirectError("a link of the server's is no URL")


def _with_query(url: str, query: Iterable[tuple[str, str]]) -> str:
    text = query_string(query)
    return f"{url}?{text}" if text else url


def server(base_url: str, fhir_url_path: str, *, allow_insecure_http: bool = False) -> Server:
    """Check the address of a server.

    Raises:
        InsecureTransportError: it is not https, and neither loopback nor allowed.
        ValueError: it is no address of a server.
    """
    if not isinstance(base_url, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"base_url must be a str, got {type(base_url).__name__}")
    split = _split(base_url)
    _check_scheme(split, allow_insecure_http=allow_insecure_http)
    if "@" in split.netloc or split.query or split.fragment:
        raise ValueError("base_url must hold neither credentials nor a query nor a fragment")
    base = f"{split.scheme}://{split.netloc.lower()}{split.path.rstrip('/')}/"
    path = fhir_url_path.strip("/")
    if not _FHIR_PATH.fullmatch(path) or ".." in path:
        raise ValueError("fhir_url_path must be a path below base_url, such as fhir/R4/")
    return Server(base, f"{base}{path}/", origin_of(base))


def _split(base_url: str) -> SplitResult:
    hint = "" if "://" in base_url else "; begin it with https://"
    try:
        split = urlsplit(base_url)
        is_address = bool(split.hostname) and (split.port is None or split.port > 0)
    except ValueError:  # its text quotes the URL
        is_address = False
    if is_address and not _MISLEADING.search(base_url):
        return urlsplit(base_url)
    raise InsecureTransportError(f"base_url is no address of a server{hint}")


def _check_scheme(split: SplitResult, *, allow_insecure_http: bool) -> None:
    if split.scheme == "https":
        return
    host = split.hostname or ""
    if split.scheme != "http":
        raise InsecureTransportError(f"base_url must begin with https://, not {split.scheme}://")
    if is_loopback(host):
        return
    if not allow_insecure_http:
        raise InsecureTransportError(
            f"http://{host} would send tokens and patient data in the clear; use https://, "
            "or pass allow_insecure_http=True"
        )
    logger.warning("tokens and patient data go to http://%s in the clear", host)


def is_loopback(host: str) -> bool:
    """Say whether a host name is this machine's own; names are not resolved."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_safe_transport(url: str) -> bool:
    """Say whether what goes to a URL can be read by nobody on the way: https, or loopback."""
    scheme, host, _ = origin_of(url)
    return scheme == "https" or is_loopback(host)


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port.

    Raises:
        UnsafeRedirectError: the URL is none of HTTP, or holds credentials.
    """
    try:
        split = urlsplit(url)
        port = split.port or _DEFAULT_PORTS.get(split.scheme)
    except ValueError:
        split, port = urlsplit(""), None  # the error's text may quote the URL
    if port is None or not split.hostname or "@" in split.netloc:
        raise UnsafeRedirectError("a link of the server's is no plain HTTP URL")
    return split.scheme, split.hostname, port


def _shown(url: str) -> str:
    scheme, host, port = origin_of(url)
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")


def id_segment(value: str, name: str = "resource_id") -> str:
    """Return an id that may stand in a URL.

    Raises:
        TypeError: it is no text.
        ValueError: it is empty, or holds what no FHIR id holds.
    """
    rule = "a bare id: 1 to 64 letters, digits, '-' and '.', no path"
    return _matching(_ID, value, name, rule)[0]


def type_segment(value: str, name: str = "resource_type") -> str:
    """Return the name of a resource type that may stand in a URL.

    Raises:
        TypeError: it is no text.
        ValueError: it is no name of a type.
    """
    return _matching(_TYPE, value, name, "the name of a resource type, such as Patient")[0]


def operation_segment(value: str) -> str:
    """Return `$name`, whether or not the `$` was given; it is never percent-encoded.

    Raises:
        TypeError: it is no text.
        ValueError: it is no name of an operation.
    """
    rule = "the name of an operation, such as everything"
    return f"${_matching(_OPERATION, value, 'operation', rule)[1]}"


def plain_segment(value: str, name: str) -> str:
    """Return any text that may stand between two slashes.

    Raises:
        TypeError: it is no text.
        ValueError: it is empty, or URLs give it a meaning.
    """
    return _matching(_SEGMENT, value, name, "one segment of a path: not empty, no '/', no '?'")[0]


def _matching(pattern: re.Pattern[str], value: object, name: str, rule: str) -> re.Match[str]:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, got {type(value).__name__}")
    found = pattern.fullmatch(value)
    if found is None or value in {".", ".."}:
        raise ValueError(f"{name} must be {rule}")
    return found

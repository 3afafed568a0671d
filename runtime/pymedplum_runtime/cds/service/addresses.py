"""URLs that are compared: each in one spelling, so that two spellings are not two servers.

Nothing here connects, and no error quotes a URL.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from pymedplum_runtime.errors import InsecureTransportError, UnsafeRedirectError
from pymedplum_runtime.http.urls import is_safe_transport, origin_of

_USUAL_PORTS = {"http": 80, "https": 443}
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,=:@-]+)*/?")
_ORIGIN = re.compile(
    r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](?::[0-9]{1,5})?"
)
_LONGEST = 2048


def texts(given: str | Iterable[str]) -> tuple[str, ...]:
    """Return texts that were given; a single one is meant as one, and not as its letters."""
    return (given,) if isinstance(given, str) else tuple(given)


def base_address(url: object, name: str) -> str:
    """Return a URL without a slash at its end: scheme and host in lower case, no usual port.

    Args:
        url: what somebody configured, or sent.
        name: what an error calls it.

    Raises:
        InsecureTransportError: it is neither https nor loopback.
        TypeError: it is no text.
        ValueError: it is no plain URL: credentials, a query, `..` or an escape is in it.
    """
    if not isinstance(url, str):
        raise TypeError(f"{name} must be a str, got {type(url).__name__}")
    try:
        scheme, host, port = origin_of(url)
    except UnsafeRedirectError:
        scheme = host = ""
        port = 0
    path = urlsplit(url).path if scheme else ""
    is_plain = url.isascii() and not re.search(r"[\x00-\x20\x7f\\?#@%]", url)
    has_dots = any(set(segment) == {"."} for segment in path.split("/") if segment)
    if not scheme or not is_plain or len(url) > _LONGEST or has_dots or not _PATH.fullmatch(path):
        raise ValueError(f"{name} must be a plain URL such as https://ehr.example.org/fhir")
    if scheme not in _USUAL_PORTS or not is_safe_transport(url):
        raise InsecureTransportError(f"{name} must begin with https://, or be on this machine")
    return _origin_text(scheme, host, port) + path.rstrip("/")


def web_origin(origin: object) -> str:
    """Check an origin as browsers send it, such as `https://ehr.example.org`; `*` is any.

    Raises:
        TypeError: it is no text.
        ValueError: it is no origin.
    """
    if not isinstance(origin, str):
        raise TypeError(f"an origin must be a str, got {type(origin).__name__}")
    if origin != "*" and not _ORIGIN.fullmatch(origin):
        raise ValueError(
            "an origin is scheme, host and port alone, such as https://ehr.example.org, "
            "in lower case and without a slash at its end; or *"
        )
    return origin


def allowed_server(url: object, servers: Iterable[str]) -> str | None:
    """Return the base URL of a FHIR server, in the one spelling; `None` where it is not allowed.

    Args:
        url: what a request names as its `fhirServer`.
        servers: the allowed ones, as `base_address` gives them; what is below one is allowed too.
    """
    try:
        base = base_address(url, "fhirServer")
    except (TypeError, ValueError):
        return None
    return base if any(f"{base}/".startswith(f"{each}/") for each in servers) else None


def _origin_text(scheme: str, host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + ("" if port == _USUAL_PORTS.get(scheme) else f":{port}")

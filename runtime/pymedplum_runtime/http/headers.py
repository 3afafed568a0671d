"""Headers of a request: the caller's laid over the client's, and what may stand in them.

https://www.rfc-editor.org/rfc/rfc9110#section-5
"""

import re
from collections.abc import Mapping
from typing import TypeGuard, cast

ON_BEHALF_OF = "X-Medplum-On-Behalf-Of"

CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", ON_BEHALF_OF.lower()})
# These decide where a request goes and where it ends.
_ROUTING = frozenset({"host", "content-length", "transfer-encoding", "connection", "te", "upgrade"})
OWN = CREDENTIALS | _ROUTING

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TEXT = re.compile(r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")


def merge_headers(
    defaults: Mapping[str, str], given: Mapping[str, str | None] | None
) -> dict[str, str]:
    """Lay the caller's headers over the defaults; names are compared without case.

    The header for acting on behalf of somebody is left to the session.

    Raises:
        TypeError: they are no mapping of texts.
        ValueError: a header is the client's own to set, or its name or value cannot be sent.
    """
    merged = dict(defaults)
    if _is_given(given):
        names = {name.lower(): name for name in merged}
        for name, value in given.items():
            lower = _checked_name(name).lower()
            if lower == ON_BEHALF_OF.lower():
                continue
            if lower in OWN:
                raise ValueError(f"the header {name} is the client's own; see auth= for tokens")
            merged.pop(names.get(lower, name), None)
            if value is not None:
                merged[name] = value
    for name, value in merged.items():
        _check_text(name, value)
    return merged


def _is_given(headers: object) -> TypeGuard[Mapping[str, str | None]]:
    if headers is None or isinstance(headers, Mapping):
        return bool(cast("Mapping[str, object] | None", headers))
    raise TypeError(f"headers must be a dict, got {type(headers).__name__}")


def _checked_name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"the name of a header must be a str, got {type(name).__name__}")
    if not _NAME.fullmatch(name):
        raise ValueError("the name of a header holds a character that no name can hold")
    return name


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"the header {name} must be a str, got {type(value).__name__}")
    if not _TEXT.fullmatch(value):
        raise ValueError(
            f"the header {name} must be printable ASCII without spaces around it; encode the rest"
        )


def header(headers: Mapping[str, str | None] | None, name: str) -> str | None:
    """Return the value of a header, whatever its case.

    Raises:
        TypeError: the headers are no mapping.
    """
    if not _is_given(headers):
        return None
    wanted = name.lower()
    found = (v for k, v in headers.items() if isinstance(k, str) and k.lower() == wanted)  # pyright: ignore[reportUnnecessaryIsInstance]
    return next(found, None)

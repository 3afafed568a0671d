"""The query of a conditional create."""

import logging
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from pymedplum_runtime.client.session import Session

_ABSOLUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")

logger = logging.getLogger("pymedplum.security")


# They shape or order a result, and select nothing.
_SHAPING = """
    _contained _containedType _count _cursor _elements _format _include _include:iterate _offset
    _pretty _revinclude _revinclude:iterate _score _sort _summary _total
"""
_RESULT_PARAMETERS = frozenset(_SHAPING.split())


def selects(pairs: Iterable[tuple[str, str]]) -> bool:
    """Say whether a search selects anything, so that it does not match every resource."""
    return any(name not in _RESULT_PARAMETERS and text.strip() for name, text in pairs)


def if_none_exist_query(session: Session, given: str) -> str:
    """Return the bare query of `If-None-Exist`.

    Raises:
        TypeError: it is no text.
        ValueError: there is no query in it.
        UnsafeRedirectError: it is the URL of another server.
    """
    if not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"if_none_exist must be a str, got {type(given).__name__}")
    text = given.strip()
    if _ABSOLUTE.match(text):
        text = urlsplit(session.server.locate(text)).query
        logger.warning("if_none_exist was given as a URL; pass the query alone")
    text = text.removeprefix("?").strip()
    if not selects(parse_qsl(text)):
        raise ValueError("if_none_exist must be a query such as identifier=http://mrn|12345")
    if not text.isascii() or not text.isprintable():
        raise ValueError("if_none_exist must be percent-encoded where it is not printable ASCII")
    return text

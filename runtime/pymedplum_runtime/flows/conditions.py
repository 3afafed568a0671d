"""The query of a conditional create."""

import logging
import re
from urllib.parse import urlsplit

from pymedplum_runtime.client.session import Session

_ABSOLUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")

logger = logging.getLogger("pymedplum.security")


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
    if not text or "=" not in text:
        raise ValueError("if_none_exist must be a query such as identifier=http://mrn|12345")
    if not text.isascii() or not text.isprintable():
        raise ValueError("if_none_exist must be percent-encoded where it is not printable ASCII")
    return text

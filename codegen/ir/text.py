"""Every rule about the sentences that FHIR's definitions carry."""

import html
import re

_SPACE = re.compile(r"\s+")


def describe(short: str | None, definition: str | None) -> str:
    """FHIR's `short`, or its `definition` where `short` is missing or just lists the codes."""
    chosen = short if short and " | " not in short else definition or short or ""
    return tidy(chosen)


def tidy(text: str) -> str:
    """Decode entities, fold white space, and make the text safe inside a docstring."""
    folded = _SPACE.sub(" ", html.unescape(text)).strip()
    return folded.replace("\\", "\\\\").replace('"""', "'''")

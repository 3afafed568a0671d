"""Media types: BCP 13, https://www.rfc-editor.org/rfc/rfc6838#section-4.2.

Parameters follow https://www.rfc-editor.org/rfc/rfc2045#section-5.1.
"""

import re

_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,127}"
_QUOTED = r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e]){0,255}"'
_TYPE = re.compile(rf"{_NAME}/{_NAME}(?: ?; ?{_WORD}=(?:{_WORD}|{_QUOTED})){{0,20}}")

# FHIR's own short names of formats: https://hl7.org/fhir/R4/http.html#parameters. Its examples
# have them where a media type is required.
_SHORT = frozenset({"xml", "json", "ttl", "html", "text"})


def is_media_type(code: str) -> bool:
    """Tell whether a code is a well-formed media type, or one of FHIR's short names of formats.

    Example:
        >>> is_media_type("text/plain; charset=utf-8"), is_media_type("plain text")
        (True, False)
    """
    return code in _SHORT or _TYPE.fullmatch(code) is not None

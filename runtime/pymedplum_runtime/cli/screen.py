"""What a terminal may receive: no control characters of others, colours where they are wanted."""

import os
import re
import sys
from typing import TextIO

# C0, DEL and C1: with these, stored text could steer the terminal of whoever looks at it.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def without_control(text: str) -> str:
    r"""Write control characters as escapes, such as `\x1b`."""
    return _CONTROL.sub(lambda found: _escaped(found[0]), text)


def json_without_control(text: str) -> str:
    """Write the control characters that JSON text may hold, as JSON's escapes."""
    return _CONTROL.sub(lambda found: found[0] if found[0] == "\n" else _json(found[0]), text)


def is_terminal(stream: TextIO | None) -> bool:
    """Say whether a person looks at a stream."""
    return stream is not None and not stream.closed and stream.isatty()


def has_colours(stream: TextIO | None = None) -> bool:
    """Say whether a stream takes colours: a terminal, and neither `NO_COLOR` nor a dumb one.

    Source: https://no-color.org
    """
    is_wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return is_wanted and is_terminal(stream or sys.stdout)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"  # noqa: PLR2004 - a byte


def _json(character: str) -> str:
    return f"\\u{ord(character):04x}"

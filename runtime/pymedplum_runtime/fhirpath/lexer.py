"""The tokens of an expression, with their places.

Source: https://hl7.org/fhirpath/N1/#lexical-elements
"""

import re
from typing import NamedTuple

from pymedplum_runtime.fhirpath.syntax import Fault

_TIME = r"[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_ZONE = r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
_TOKEN = re.compile(
    rf"""
      (?P<space>(?:[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)+)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<operator><=|>=|!=|!~|/(?!\*)|[-.\[\](){{}},+*&|<>=~])
    | (?P<string>'[^'\\]*(?:\\.[^'\\]*)*')
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<quoted>`[^`\\]*(?:\\.[^`\\]*)*`)
    | (?P<variable>\$(?:this|index|total)\b)
    | (?P<external>%(?:[A-Za-z_][A-Za-z0-9_]*|`[^`\\]*(?:\\.[^`\\]*)*`|'[^'\\]*(?:\\.[^'\\]*)*'))
    | (?P<time>@T{_TIME})
    | (?P<date>@[0-9]{{4}}(?:-[0-9]{{2}}(?:-[0-9]{{2}}(?:T(?:{_TIME}{_ZONE}?)?)?|T)?|T)?)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"f": "\f", "n": "\n", "r": "\r", "t": "\t"} | {c: c for c in "`'\"\\/"}
MOST_CHARACTERS = 100_000


class Token(NamedTuple):
    """A piece of an expression; a name in backticks is a name, and never a word of the language."""

    kind: str
    text: str
    position: int


def tokens_of(expression: str) -> list[Token]:
    """Divide an expression into tokens; the last one is of the kind `end`.

    Raises:
        Fault: something in it is no token, or it is too long.
    """
    if len(expression) > MOST_CHARACTERS:
        raise Fault(f"it has more than {MOST_CHARACTERS} characters")
    found: list[Token] = []
    position, end = 0, len(expression)
    match = _TOKEN.match
    while position < end:
        piece = match(expression, position)
        if piece is None:
            raise Fault(_no_token(expression[position]), position)
        kind = piece.lastgroup or ""
        if kind != "space":
            found.append(_token(kind, piece.group(), position))
        position = piece.end()
    found.append(Token("end", "", end))
    return found


def _token(kind: str, text: str, position: int) -> Token:
    if kind in ("string", "quoted"):
        return Token(kind, _unescaped(text[1:-1], position), position)
    if kind == "external":
        inner = text[1:]
        name = inner if inner[0] not in "`'" else _unescaped(inner[1:-1], position)
        return Token(kind, f"%{name}", position)
    return Token(kind, text, position)


def _no_token(character: str) -> str:
    if character in "'`":
        return "a text that does not end"
    if character == "/":
        return "a comment that does not end"
    if character == "@":
        return "a date or a time is expected after '@'"
    return f"an unexpected {character!a}"


def _unescaped(text: str, position: int) -> str:
    if "\\" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        code, character = match.groups()
        if code:
            return chr(int(code, 16))
        if character not in _ESCAPED:
            raise Fault("an unknown escape in a text", position)
        return _ESCAPED[character]

    return _ESCAPE.sub(one, text)

"""Regular expressions in time that is linear in the text, whatever the pattern.

Python's own engine takes exponential time for some patterns, and both the patterns and the texts
may be hostile. Rust's engine, which Pydantic brings along, never does; it knows no look-around and
no references back. It tells whether there is a match, not where, so replacing is left to Python's
engine, and only for patterns without repetition inside a repetition.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from pymedplum_runtime.fhirpath.arithmetic import MOST_CHARACTERS
from pymedplum_runtime.fhirpath.syntax import Fault

Search = Callable[[str], bool]
_LOOK_AHEAD = ("(?=", "(?!")
# The engine's own limit on what a pattern compiles to holds besides.
_MOST_PATTERN = 10_000
_MOST_STEPS = 10**8
_BACK = re.compile(r"\\[1-9]|\(\?P=|\\k<")
_REPEATED = re.compile(r"[*+?]|\{([0-9]{1,5})(,)?([0-9]{1,5})?\}")
_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z_])")
_REFERENCE = re.compile(r"\\(.)|\$(?:([0-9]{1,2})|\{([A-Za-z0-9_]+)\})", re.DOTALL)


def searcher(pattern: str) -> Search:
    """Return what tells whether a pattern matches somewhere in a text; `.` matches line ends too.

    A pattern may begin with look-aheads, after `^`: each is a search of its own.

    Raises:
        Fault: the pattern is wrong, or needs what cannot be had in linear time.
    """
    if len(pattern) > _MOST_PATTERN:
        raise Fault(f"a regular expression has more than {_MOST_PATTERN} characters")
    return _searcher(pattern)


@lru_cache(maxsize=512)
def _searcher(pattern: str) -> Search:
    parts = _look_aheads(pattern)
    searches = [(_search(part), is_wanted) for part, is_wanted in parts]
    if len(searches) == 1:
        return searches[0][0]
    return lambda text: all(search(text) is is_wanted for search, is_wanted in searches)


def _search(pattern: str) -> Search:
    from pydantic_core import SchemaError, SchemaValidator  # noqa: PLC0415 - for patterns alone

    try:
        found = SchemaValidator(
            {
                "type": "str",
                "pattern": f"(?s){pattern}",
                "regex_engine": "rust-regex",
                "strict": True,
            }
        )
    except SchemaError:
        message = "a regular expression is wrong, or uses look-around or references back"
        raise Fault(message) from None
    return found.isinstance_python


def _look_aheads(pattern: str) -> list[tuple[str, bool]]:
    """Take the look-aheads at the start of a pattern apart, which Rust's engine does not know."""
    parts: list[tuple[str, bool]] = []
    rest = pattern.removeprefix("^")
    if rest == pattern:
        return [(pattern, True)]
    while rest.startswith(_LOOK_AHEAD):
        end = _closing(rest)
        if end is None:
            return [(pattern, True)]
        parts.append((f"^(?:{rest[3:end]})", rest[2] == "="))
        rest = rest[end + 1 :]
    return [*parts, (f"^{rest}", True)]


def _closing(pattern: str) -> int | None:
    """Return where the group that a pattern begins with ends."""
    depth = 0
    for at, character in _plain_characters(pattern):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return at
    return None


def _plain_characters(pattern: str) -> list[tuple[int, str]]:
    """Return the characters outside sets that no backslash precedes, with their places."""
    found: list[tuple[int, str]] = []
    at, set_start = 0, None
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at += 1
        elif set_start is not None:
            is_first = at == set_start + 1 or (at == set_start + 2 and pattern[at - 1] == "^")
            if character == "]" and not is_first:
                set_start = None
        elif character == "[":
            set_start = at
        else:
            found.append((at, character))
        at += 1
    return found


def replaced(text: str, pattern: str, new: str) -> str:
    """Return a text with each match of a pattern replaced; `$1` stands for its first group.

    Raises:
        Fault: the pattern is wrong, or the text is too long for it.
    """
    if not pattern:
        return text
    if (len(text) + 1) * _ways(pattern, len(text)) > _MOST_STEPS:
        raise Fault("replaceMatches() cannot be used on a text of this length")
    try:
        compiled = re.compile(_NAMED_GROUP.sub("(?P<", pattern), re.DOTALL)
    except (re.error, OverflowError, RecursionError):
        raise Fault("a regular expression is wrong") from None
    pieces = _template(new, compiled)
    left = MOST_CHARACTERS

    def one(match: re.Match[str]) -> str:
        nonlocal left
        made = "".join(match[each] or "" if isinstance(each, int) else each for each in pieces)
        left -= len(made)
        if left < 0:
            raise Fault(f"a text has more than {MOST_CHARACTERS} characters")
        return made

    return compiled.sub(one, text)


def _ways(pattern: str, length: int) -> int:
    """Return in how many ways a pattern may be tried from one place of a text, at most.

    Raises:
        Fault: a part that can match in several ways repeats, or the pattern refers back; no bound
            is known for such.
    """
    if len(pattern) > _MOST_PATTERN or _BACK.search(pattern):
        raise Fault("replaceMatches() takes no references back")
    groups = [1]
    part, before = 1, ""  # the ways of what was read last, and its last character
    for at, character in _plain_characters(pattern):
        repeated = _REPEATED.match(pattern, at)
        if character == "(":
            groups.append(1)
        elif character == ")" and len(groups) > 1:
            part = groups.pop()
            groups[-1] *= part
            before = character
            continue
        elif character == "|":
            groups[-1] *= 2
        elif repeated is not None and not (character == "?" and before in "(*+?}"):
            groups[-1] *= _ways_repeated(repeated, part, length)
        part, before = 1, character
    return groups[0]


def _ways_repeated(repeated: re.Match[str], part: int, length: int) -> int:
    least, comma, most = repeated.groups()
    if repeated[0] == "?":
        return 2
    if part > 1:
        raise Fault("replaceMatches() takes no repetition inside a repetition")
    if least is None or (comma and not most):
        return length + 1
    return int(most) - int(least) + 1 if most else 1


def _template(new: str, compiled: re.Pattern[str]) -> list[str | int]:
    """Take a replacement apart into texts and numbers of groups."""
    pieces: list[str | int] = []
    at = 0
    for match in _REFERENCE.finditer(new):
        pieces.append(new[at : match.start()])
        escaped, number, name = match.groups()
        if escaped is not None:
            pieces.append(escaped)
        else:
            group = int(number) if number else compiled.groupindex.get(name or "")
            if group is None and name and name.isdigit():
                group = int(name)
            if group is None or group > compiled.groups:
                raise Fault("a replacement names a group that the regular expression has not")
            pieces.append(group)
        at = match.end()
    pieces.append(new[at:])
    return pieces

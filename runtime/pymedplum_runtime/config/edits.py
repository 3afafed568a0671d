"""Changes to the text of an INI file that leave all other lines as they are."""

import re
from collections.abc import Mapping

_HEADER = re.compile(r"\[(.+)\]")  # what configparser takes for one
_COMMENT = ("#", ";")


def edited(content: str, section: str, texts: Mapping[str, str | None]) -> str:
    """Return the text with keys of a section set, or taken out where the text is `None`."""
    lines = content.splitlines()
    start, end = _bounds(lines, section)
    kept = _without(lines[start:end], texts)
    blank = _trailing_blanks(kept)
    body, rest = kept[: len(kept) - blank], kept[len(kept) - blank :]
    added = [f"{key} = {text}" for key, text in texts.items() if text is not None]
    if start == end:
        gap = [""] if lines and lines[-1].strip() else []
        body = [*gap, f"[{section}]"]
    return "\n".join([*lines[:start], *body, *added, *rest, *lines[end:]]).rstrip("\n") + "\n"


def _bounds(lines: list[str], section: str) -> tuple[int, int]:
    """Return where a section begins and ends; twice the end of the text where it is not there."""
    headers = [(i, match[1]) for i, line in enumerate(lines) if (match := _HEADER.match(line))]
    for place, (start, name) in enumerate(headers):
        if name == section:
            following = headers[place + 1 :]
            return start, following[0][0] if following else len(lines)
    return len(lines), len(lines)


def _without(lines: list[str], keys: Mapping[str, object]) -> list[str]:
    """Leave out the lines of some keys, and the indented ones that go on with them."""
    kept: list[str] = []
    is_dropped = False
    for line in lines:
        is_continued = line[:1].isspace() and bool(line.strip())
        if not is_continued and not line.startswith(_COMMENT):
            is_dropped = line.partition("=")[0].strip().lower() in keys
        if not is_dropped or line.startswith(_COMMENT):
            kept.append(line)
    return kept


def _trailing_blanks(lines: list[str]) -> int:
    count = 0
    while count < len(lines) and not lines[-1 - count].strip():
        count += 1
    return count

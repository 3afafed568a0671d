"""The docstrings of the clients' methods, in Google's style."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from codegen.ir.api import Argument

WIDTH = 92  # of 100, behind the indent of a method's body
_INDENT = "    "
_ITEM = re.compile(r"^(?:[-*]|\d+\.) ")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")


@dataclass(frozen=True, slots=True)
class Texts:
    """What is said of a method."""

    summary: str
    description: str
    result: str
    raises: tuple[tuple[str, str], ...]
    example: str


def docstring(texts: Texts, arguments: Iterable[Argument], example: str) -> tuple[str, ...]:
    """Lay out the lines between the quotation marks; the last is empty where there are several."""
    first, *more = _wrap(texts.summary, WIDTH - len('"""'))
    lines = [first, *more]
    if texts.description:
        lines += ["", *_paragraphs(texts.description)]
    lines += _section("Args", (_argument(a) for a in arguments))
    lines += _section("Returns", [texts.result] if texts.result else [])
    lines += _section("Raises", (f"{error}: {reason}" for error, reason in texts.raises))
    if example:
        lines += ["", "Example:", *_indented(["```python", *example.splitlines(), "```"])]
    safe = [line.replace("\\", "\\\\").replace('"""', "'''") for line in lines]
    return (*safe, "") if len(safe) > 1 or len(safe[0]) > WIDTH - 2 * len('"""') else tuple(safe)


def long_lines(example: str) -> Iterator[tuple[int, int]]:
    """Number the lines of an example that do not fit into a docstring, with their excess."""
    for number, line in enumerate(example.splitlines(), 1):
        excess = len(line) + len(_INDENT) - WIDTH
        if excess > 0:
            yield number, excess


def first_sentence(text: str) -> str:
    """Cut a specification's paragraph down to what fits behind a parameter's name."""
    sentence = _SENTENCE.split(" ".join(text.split()), maxsplit=1)[0]
    return sentence if not sentence or sentence.endswith((".", "!", "?", ":")) else f"{sentence}."


def _argument(argument: Argument) -> str:
    stars = "**" if argument.kind == "keywords" else ""
    return f"{stars}{argument.name}: {argument.description}"


def _section(title: str, items: Iterable[str]) -> list[str]:
    lines = [line for item in items for line in _item(item)]
    return ["", f"{title}:", *_indented(lines)] if lines else []


def _item(text: str) -> Iterator[str]:
    """Wrap one entry of a section; what follows its first line is indented."""
    first, *more = _wrap(" ".join(text.split()), WIDTH - len(_INDENT), _INDENT)
    yield first
    yield from more


def _paragraphs(text: str) -> Iterator[str]:
    """Wrap a text, keeping its empty lines and its lists."""
    for number, block in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ""
        for entry in _entries(block):
            yield from _wrap(entry, WIDTH, "  " if _ITEM.match(entry) else "")


def _entries(block: str) -> list[str]:
    """Split a paragraph at the items of its lists."""
    entries: list[str] = []
    for line in (line.strip() for line in block.splitlines()):
        if entries and not _ITEM.match(line):
            entries[-1] += f" {line}"
        else:
            entries.append(line)
    return entries


def _wrap(text: str, width: int, later: str = "") -> list[str]:
    return textwrap.wrap(
        text, width, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"{_INDENT}{line}" if line else "" for line in lines]

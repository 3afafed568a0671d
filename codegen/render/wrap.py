"""Lays sentences out as docstrings within the line length."""

import textwrap

WIDTH = 100
LITERAL = 85  # of the width, behind an indent and between quotation marks


def docstring(text: str, indent: int = 0) -> str:
    """Return a docstring literal: on one line where it fits, else wrapped."""
    margin = " " * indent
    text = f"{text} " if text.endswith('"') else text
    single = f'"""{text}"""'
    if len(margin) + len(single) <= WIDTH:
        return single
    lines = _wrap(text, WIDTH - indent)
    if len(lines) == 1:  # ruff would join the closing quotes to it, beyond the width
        lines = _wrap(text, WIDTH - indent - len('"""'))
    return f"\n{margin}".join([*lines, '"""'])


def row(pair: tuple[str, str]) -> str:
    """Return a row of a table of texts: on one line where it fits, else wrapped."""
    key, text = map(repr, pair)
    if len(key) + len(text) <= LITERAL:
        return f"{key}: {text}"
    parts = textwrap.wrap(pair[1], LITERAL, drop_whitespace=False, break_on_hyphens=False)
    return "\n".join([f"{key}: (", *map(repr, parts), ")"])


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent='"""', break_long_words=False, break_on_hyphens=False
    )

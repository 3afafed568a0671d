"""Results, on stdout as UTF-8: readable in a terminal, plain and by the line in a pipe."""

import sys
from collections.abc import Iterable
from typing import Any

from pymedplum_runtime.cli.exits import CommandError, ReaderGoneError
from pymedplum_runtime.cli.screen import has_colours, is_terminal, json_without_control


def write(text: str) -> None:
    """Write a part of the result.

    Raises:
        ReaderGoneError: nobody reads any more.
    """
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] - started without
        raise CommandError("stdout is closed, so the result went nowhere")
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass"))
        if is_terminal(sys.stdout):
            sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGoneError from None


def finish() -> None:
    """Hand over what is still in the buffer.

    Raises:
        ReaderGoneError: nobody reads any more.
    """
    try:
        if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison] - started without
            sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGoneError from None


def write_json(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write one JSON value: indented in a terminal, one line in a pipe; decimals as they were."""
    if is_terminal(sys.stdout):
        _show(json_text(value, is_indented=True))
    else:
        write(json_text(value) + "\n")


def write_ndjson(values: Iterable[Any]) -> None:
    """Write JSON values, one a line."""
    for value in values:
        write(json_text(value) + "\n")


def write_json_array(values: Iterable[Any]) -> None:
    """Write JSON values as one array, each as soon as it is there."""
    opening = "["
    for value in values:
        write(f"{opening}\n{json_text(value)}")
        opening = ","
    write("\n]\n" if opening == "," else "[]\n")


def json_text(value: Any, *, is_indented: bool = False) -> str:  # noqa: ANN401 - any JSON value
    """Return JSON text, numbers to the digit; without control characters for a terminal."""
    from pymedplum_runtime.models import codec  # noqa: PLC0415 - msgspec, with the first result

    raw = codec.encode(value)
    text = (codec.indent(raw, 2) if is_indented else raw).decode()
    return json_without_control(text) if is_terminal(sys.stdout) else text


def _show(text: str) -> None:
    if not has_colours():
        write(text + "\n")
        return
    from rich.console import Console  # noqa: PLC0415 - needed in terminals alone
    from rich.highlighter import JSONHighlighter  # noqa: PLC0415 - the same

    console = Console(soft_wrap=True)
    console.print(JSONHighlighter()(text))

"""How far long work is, on stderr: a bar in a terminal, a line now and then elsewhere."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from pymedplum_runtime.cli.exits import tell
from pymedplum_runtime.cli.screen import has_colours, is_terminal, without_control

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

_STEPS = 20  # lines for the whole way, about


class Progress(Protocol):
    """Shows how far work is."""

    def show(self, what: str, done: int = 0, total: int | None = None, more: str = "") -> None:
        """Show that so much of the total is done; without a total, that it goes on."""
        ...


@contextmanager
def progress() -> Generator[Progress, None, None]:
    """Show progress until the block ends."""
    if not is_terminal(sys.stderr):
        yield Lines()
        return
    from rich.console import Console  # noqa: PLC0415 - needed in terminals alone
    from rich.progress import (  # noqa: PLC0415 - the same
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
    )

    texts = TextColumn("{task.description}", markup=False)
    more = TextColumn("{task.fields[more]}", markup=False)
    console = Console(stderr=True, no_color=not has_colours(sys.stderr))
    with Progress(
        SpinnerColumn(), texts, BarColumn(), MofNCompleteColumn(), more, console=console
    ) as bars:
        yield _Bar(bars)


class Lines:
    """Writes a line when work has come a step further."""

    def __init__(self) -> None:
        self._last: tuple[str, int] | None = None

    def show(self, what: str, done: int = 0, total: int | None = None, more: str = "") -> None:
        """Write a line, unless the last one says about the same."""
        step = (what, done * _STEPS // total if total else 0)
        if step == self._last:
            return
        self._last = step
        far = "" if total is None else f": {done} of {total}"
        tell(f"{what}{far}{f', {more}' if more else ''}")


class _Bar:
    """Moves a bar."""

    def __init__(self, bars: "Bars") -> None:
        self._bars = bars
        self._task = bars.add_task("", total=None, more="")

    def show(self, what: str, done: int = 0, total: int | None = None, more: str = "") -> None:
        """Move the bar."""
        self._bars.update(
            self._task,
            description=without_control(what),
            completed=done,
            total=total,
            more=without_control(more),
        )

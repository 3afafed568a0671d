"""How the demo tells what happened, and notes what did not come out as expected."""

from rich.console import Console
from rich.markup import escape

console = Console(highlight=False)

STEP, CALL = 10, 46  # columns


class Story:
    """Prints one line for each thing that was done."""

    def __init__(self) -> None:
        self.surprises: list[str] = []
        self.checked = 0

    def begin(self, title: str) -> None:
        """Print the heading of a part."""
        console.print()
        console.rule(title)

    def tell(self, step: str, call: str, found: object, expected: object) -> None:
        """Print what a call gave, and whether that is what was expected.

        Args:
            step: one word for what is shown; printed in bold.
            call: the call, as short as can be.
            found: what it gave; `True` prints as `yes`, `False` as `no`.
            expected: what it should have given.
        """
        self.checked += 1
        is_right = found == expected
        shown = {True: "yes", False: "no"}[found] if isinstance(found, bool) else str(found)
        if not is_right:
            self.surprises.append(f"{step}, {call}: {found!r} instead of {expected!r}")
        mark = "[green]✓[/green]" if is_right else "[red]✗[/red]"
        line = f"{mark} [bold]{step:{STEP}}[/bold] {escape(f'{call:{CALL}}')} {escape(shown)}"
        console.print(line, soft_wrap=True)

"""Constraints of the definitions, evaluated from their FHIRPath where the walk meets a value."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.profiles.tables import ElementTable
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.corrections import corrected
from pymedplum_runtime.validation.natives import NATIVE

if TYPE_CHECKING:
    from pymedplum_runtime.fhirpath import Expression

Check = Callable[[Place, Context], None]
Holds = Callable[[Place, Context], bool | None]


def constraint_checks(
    table: ElementTable, definition: str, element: str, profile: str | None = None
) -> list[Check]:
    """Return the checks of an element's constraints, to be called at each value of it."""
    rows = table.get("constraints", ())
    return [constraint_check(row, definition, element, profile) for row in rows]


def constraint_check(
    row: Sequence[str], definition: str, element: str, profile: str | None = None
) -> Check:
    """Return the check of one constraint: `[key, severity, human, expression]`.

    The expression is compiled when the first value is met. One that fails on a value is reported
    as a warning: then nothing is known about the value.
    """
    key, severity, human, text = row
    expression = corrected(key, text)
    holds = NATIVE.get((key, expression)) or _compiled(expression)
    found: Literal["error", "warning"] = "warning" if severity == "warning" else "error"

    def check(place: Place, context: Context) -> None:
        try:
            result = holds(place, context)
        except (FHIRPathError, RecursionError):
            # Its message may say what was met, so it stays out of the report.
            message = f"{key} could not be evaluated: {human}"
            context.report(
                "warning",
                "processing",
                place,
                message,
                definition=definition,
                element=element,
                key=key,
                profile=profile,
            )
            return
        if result is False:
            context.report(
                found,
                "invariant",
                place,
                f"{key}: {human}",
                definition=definition,
                element=element,
                key=key,
                profile=profile,
            )

    return check


def _compiled(text: str) -> Holds:
    ready: list[Expression] = []

    def holds(place: Place, context: Context) -> bool | None:
        if not ready:
            from pymedplum_runtime.fhirpath import (  # noqa: PLC0415 - read for the first value
                compile_expression,
            )

            ready.append(compile_expression(text))
        return ready[0].holds(place.node, context.environment(place))

    return holds

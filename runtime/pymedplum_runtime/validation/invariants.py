"""Constraints of the definitions, evaluated from their FHIRPath where the walk meets a value."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.profiles.tables import ElementTable
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.corrections import corrected
from pymedplum_runtime.validation.natives import NATIVE
from pymedplum_runtime.validation.report import Severity

if TYPE_CHECKING:
    from pymedplum_runtime.fhirpath import Expression

Check = Callable[[Place, Context], None]
Unknown = tuple[str, str]
"""The canonical of what is not known, if it has one, and what would have to be known."""


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
    found: Severity = "warning" if severity == "warning" else "error"

    def report(severity: Severity, code: str, message: str, place: Place, context: Context) -> None:
        context.report(
            severity,
            code,
            place,
            message,
            definition=definition,
            element=element,
            key=key,
            profile=profile,
        )

    def check(place: Place, context: Context) -> None:
        try:
            result = holds(place, context)
        except (FHIRPathError, RecursionError):
            # Its message may say what was met, so it stays out of the report.
            message = f"{key} could not be evaluated: {human}"
            report("warning", "processing", message, place, context)
            return
        if result is False:
            report(found, "invariant", f"{key}: {human}", place, context)
        elif result is not True:
            canonical, reason = result
            context.leave_unchecked(place, canonical or definition, f"{key}: {reason}")

    return check


def _compiled(text: str) -> Callable[[Place, Context], bool | Unknown]:
    """Return whether an expression is true, or what is not known for telling it.

    One that gives nothing is broken: HL7's validator takes an empty result for false, and
    Medplum's wants one that is true. Nothing may come of what nobody knows here, such as the
    codes of a value set; then the constraint is neither kept nor broken.
    """
    ready: list[Expression] = []
    # What does not depend on the value may have been evaluated before, for another one.
    is_shared = "%" in text

    def holds(place: Place, context: Context) -> bool | Unknown:
        if not ready:
            from pymedplum_runtime.fhirpath import (  # noqa: PLC0415 - read for the first value
                compile_expression,
            )

            ready.append(compile_expression(text))
        around = context.surroundings(place)
        before = 0 if is_shared else len(around.unknown)
        if ready[0].holds(place.node, around.environment):
            return True
        unknown = around.unknown[before : before + 1]
        return unknown[0] if unknown else False

    return holds

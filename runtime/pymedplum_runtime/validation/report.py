"""What a validation found: rules and places, never values of the resource.

Named tuples, since dataclasses would take a third of the time that a first validation may take.
"""

from typing import Any, Literal, NamedTuple

from pymedplum_runtime.errors import InvalidResourceError

Severity = Literal["fatal", "error", "warning", "information"]

_NAMED = 3  # errors that an exception's message names
_WIDEST = 72  # characters of a message in one line of the table


class Issue(NamedTuple):
    """One rule that the resource breaks, and where."""

    severity: Severity
    """`error` and `fatal` make a resource invalid."""
    code: str
    """FHIR's type of issue: `structure`, `required`, `value`, `invariant`, `code-invalid`, ..."""
    expression: str
    """Where, as FHIRPath: `Patient.contact[0].name`."""
    message: str
    """What is wrong and what would be right; it quotes no value of the resource."""
    key: str | None = None
    """The key of the constraint, such as `pat-1`."""
    profile: str | None = None
    """The canonical URL of the profile whose rule it is; `None` for a rule of the base type."""
    definition: str = ""
    """The canonical URL of the definition that decides."""
    element: str = ""
    """The element of that definition: `Patient.contact`."""

    @property
    def rule(self) -> str:
        """The rule in short: the constraint's key or the element, and the profile's name."""
        name = self.key or self.element
        return f"{name} ({_tail(self.profile)})" if self.profile else name

    def __str__(self) -> str:
        return f"{self.severity}: {self.expression}: {self.message}"


class MustSupport(NamedTuple):
    """An element that a profile marks as must-support and the resource does not have."""

    profile: str
    """The canonical URL of the profile."""
    element: str
    """The path of the element: `Patient.name.family`."""


class Unchecked(NamedTuple):
    """A rule that could not be checked: neither passed nor broken."""

    expression: str
    """Where, as FHIRPath."""
    canonical: str
    """The value set or the profile in question."""
    reason: str
    """Why nothing could be said about it."""


class ValidationReport(NamedTuple):
    """What a validation found. Printing it gives a table; it never shows values.

    Example:
        >>> report = validate({"resourceType": "Patient", "birthDate": "1990-02-30"})
        >>> report.ok, report.errors[0].expression
        (False, 'Patient.birthDate')
    """

    resource_type: str | None
    """The type of the resource; `None` where it names none."""
    issues: tuple[Issue, ...] = ()
    """Everything that was found, in the order of the walk."""
    profiles: tuple[str, ...] = ()
    """The canonical URLs of the profiles that were applied to the resource."""
    must_support_missing: tuple[MustSupport, ...] = ()
    """Must-support elements that are absent; that is allowed."""
    unchecked: tuple[Unchecked, ...] = ()
    """What could not be checked, such as codes of value sets that only a server can list."""

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings and unchecked rules do not count."""
        return not self.errors

    @property
    def errors(self) -> tuple[Issue, ...]:
        """The issues that make the resource invalid."""
        return tuple(i for i in self.issues if i.severity in ("fatal", "error"))

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """The issues of severity `warning`."""
        return tuple(i for i in self.issues if i.severity == "warning")

    def raise_for_errors(self) -> None:
        """Raise if the resource is invalid.

        Raises:
            InvalidResourceError: with the report as `report`; its message names the first errors.
        """
        errors = self.errors
        if not errors:
            return
        named = "; ".join(f"{e.expression}: {e.message}" for e in errors[:_NAMED])
        more = f"; and {len(errors) - _NAMED} more" if len(errors) > _NAMED else ""
        raise InvalidResourceError(f"{self._summary()}: {named}{more}", self)

    def to_operation_outcome(self) -> dict[str, Any]:
        """Return the report as FHIR's OperationOutcome, a dict.

        Unchecked rules become issues of severity `information` and code `incomplete`.

        Source: https://hl7.org/fhir/R4/operationoutcome.html
        """
        rows = [_outcome_issue(i) for i in self.issues]
        rows += [_outcome_unchecked(u) for u in self.unchecked]
        return {"resourceType": "OperationOutcome", "issue": rows or [_ALL_OK]}

    def __str__(self) -> str:
        rows: list[_Row] = [(i.severity, i.expression, i.message, i.rule) for i in self.issues]
        rows += [("unchecked", u.expression, u.reason, _tail(u.canonical)) for u in self.unchecked]
        return "\n".join([self._summary(), *_table(rows)])

    def _summary(self) -> str:
        errors, warnings = len(self.errors), len(self.warnings)
        verdict = "is invalid" if errors else "is valid"
        counts = [_count(errors, "error"), _count(warnings, "warning")]
        counts += [f"{len(self.unchecked)} unchecked"] if self.unchecked else []
        return f"{self.resource_type or 'The resource'} {verdict} ({', '.join(counts)})"


_ALL_OK = {
    "severity": "information",
    "code": "informational",
    "details": {"text": "No issue was found"},
}


def _outcome_issue(issue: Issue) -> dict[str, Any]:
    rule = [issue.definition, issue.element, issue.key or "", issue.profile or ""]
    row: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"text": issue.message},
    }
    words = " ".join(w for w in rule if w)
    if words:
        row["diagnostics"] = f"Rule: {words}"
    if issue.expression:
        row["expression"] = [issue.expression]
    return row


def _outcome_unchecked(row: Unchecked) -> dict[str, Any]:
    return {
        "severity": "information",
        "code": "incomplete",
        "details": {"text": f"{row.reason}: {row.canonical}"},
        "expression": [row.expression],
    }


def _tail(canonical: str | None) -> str:
    return (canonical or "").rpartition("/")[2]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_Row = tuple[str, str, str, str]
_HEADINGS = ("severity", "path", "message", "rule")


def _table(rows: list[_Row]) -> list[str]:
    if not rows:
        return []
    import textwrap  # noqa: PLC0415 - only for reports that are printed

    table = [_HEADINGS, *rows]
    widths = [max(len(row[0]) for row in table), max(len(row[1]) for row in table)]
    message_width = min(_WIDEST, max(len(row[2]) for row in table))
    lines: list[str] = []
    for severity, path, message, rule in table:
        first, *rest = textwrap.wrap(message, message_width) or [""]
        start = f"{severity:<{widths[0]}}  {path:<{widths[1]}}  "
        lines.append(f"{start}{first:<{message_width}}  {rule}".rstrip())
        lines += [" " * len(start) + line for line in rest]
    return lines

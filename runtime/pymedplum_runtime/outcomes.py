"""OperationOutcomes as they are read for errors: dicts or models, of any shape."""

import re
from collections.abc import Iterator, Mapping
from typing import cast

_CODE = re.compile(r"[a-z-]{1,40}")  # https://hl7.org/fhir/R4/valueset-issue-type.html


def issue_codes(outcome: object) -> Iterator[tuple[str | None, str | None]]:
    """Give severity and code of each issue of an OperationOutcome, dict or model."""
    for issue in _entries(_member(outcome, "issue")):
        yield _code(issue, "severity"), _code(issue, "code")


def is_outcome(data: object) -> bool:
    """Tell whether an answer is an OperationOutcome, dict or model."""
    kind = _text(data, "resourceType") or _text(data, "resource_type")
    return kind == "OperationOutcome" or (kind is None and _member(data, "issue") is not None)


def summary_of(outcome: object) -> str:
    """Return severities and codes, which say nothing of patients."""
    codes = "; ".join(f"{severity}/{code}" for severity, code in issue_codes(outcome))
    return f"OperationOutcome: {codes or 'no issues'}"


def words_of(outcome: object) -> Iterator[str]:
    """Give what the server said in words; it may hold patient data."""
    for issue in _entries(_member(outcome, "issue")):
        said = (_text(_member(issue, "details"), "text"), _text(issue, "diagnostics"))
        yield from (words for words in said if words)


def _member(data: object, name: str) -> object:
    if isinstance(data, Mapping):
        return cast("Mapping[str, object]", data).get(name)
    return getattr(data, name, None)


def _code(data: object, name: str) -> str | None:
    text = _text(data, name)
    return text if text and _CODE.fullmatch(text) else None


def _text(data: object, name: str) -> str | None:
    value = _member(data, name)
    return value if isinstance(value, str) else None


def _entries(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []

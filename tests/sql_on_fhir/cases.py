"""The conformance cases of SQL on FHIR: a view, resources, and the rows that must come of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

PUBLISHED = Path(__file__).with_name("cases")

Json: TypeAlias = Any  # what the cases hold is JSON of every shape


@dataclass(frozen=True)
class Case:
    """One test of a file.

    What it expects is a list of rows (`rows`), a number of rows (`count`), the order of the
    columns (`columns`), or an error.
    """

    file: str
    title: str
    view: Json
    resources: Sequence[Mapping[str, Json]]
    rows: Sequence[Mapping[str, Json]] | None
    count: int | None
    columns: Sequence[str] | None
    error: bool

    @property
    def name(self) -> str:
        return f"{self.file}: {self.title}"


_EXPECTATIONS = {"expect", "expectCount", "expectColumns", "expectError"}


def read_cases(folder: Path = PUBLISHED) -> list[Case]:
    """Read every file of a folder that holds cases, in the order of their names.

    Raises:
        ValueError: there are none, or a case expects something that is not known here.
    """
    cases = [case for path in sorted(folder.glob("*.json")) for case in _of_file(path)]
    if not cases:
        raise ValueError(f"{folder} holds no cases of SQL on FHIR")
    return cases


def _of_file(path: Path) -> list[Case]:
    text = path.read_text(encoding="utf-8")
    content = json.loads(text)
    if not isinstance(content, dict) or "tests" not in content:
        return []
    resources = json.loads(text, parse_float=Decimal).get("resources", [])  # 1.0 is not 1.00
    return [_case(path.name, test, resources) for test in content["tests"]]


def _case(file: str, test: Mapping[str, Json], resources: Sequence[Mapping[str, Json]]) -> Case:
    unknown = {name for name in test if name.startswith("expect")} - _EXPECTATIONS
    if unknown:
        raise ValueError(f"{file}, {test['title']!r}: nobody checks {', '.join(sorted(unknown))}")
    case = Case(
        file=file,
        title=test["title"],
        view=test.get("view"),
        resources=resources,
        rows=test.get("expect"),
        count=test.get("expectCount"),
        columns=test.get("expectColumns"),
        error=bool(test.get("expectError") or test.get("error")),  # older files say `error`
    )
    if not case.error and case.rows is case.count is case.columns is None:
        raise ValueError(f"{case.name}: expects nothing")
    return case

"""Resources and definitions that the tests of the walk share."""

from functools import lru_cache
from importlib.resources import files
from typing import Any

from pymedplum_runtime.profiles.definitions import Definitions, Shelf
from pymedplum_runtime.profiles.tables import DefinitionTable, ElementTable, ValueSetTable
from pymedplum_runtime.validation import Issue, Level, ValidationReport, validate

SD = "http://hl7.org/fhir/StructureDefinition/"
ADA: dict[str, Any] = {
    "resourceType": "Patient",
    "text": {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">Ada</div>',
    },
    "name": [{"family": "Lovelace", "given": ["Ada"]}],
    "birthDate": "1815-12-10",
}


def ada(**members: Any) -> dict[str, Any]:
    """A valid patient with other members; they are named as in FHIR."""
    return {**ADA, **members}


@lru_cache(maxsize=1)
def base_definitions() -> Definitions:
    """FHIR's types alone, without profiles, extensions and value sets."""
    lines = (files("pymedplum.definitions") / "types.jsonl").read_text("utf-8").splitlines()
    return Definitions([Shelf(lines)])


def known(*tables: DefinitionTable, value_sets: list[ValueSetTable] | None = None) -> Definitions:
    return base_definitions().extended(tables, value_sets or [])


def extension(url: str, root: ElementTable, *contexts: list[str]) -> DefinitionTable:
    return {
        "url": url,
        "type": "Extension",
        "profile": True,
        "root": root,
        "contexts": list(contexts),
    }


def found(report: ValidationReport) -> list[tuple[str, str]]:
    """Path and rule of each error and warning."""
    return [(i.expression, i.rule) for i in report.issues]


def errors(resource: Any, level: Level = "structure", **options: Any) -> list[tuple[str, str]]:
    """Path and message of each error."""
    report = validate(resource, level=level, **options)
    return [(i.expression, i.message) for i in report.errors]


def only(report: ValidationReport) -> Issue:
    """The one issue of a report."""
    (issue,) = report.issues
    return issue

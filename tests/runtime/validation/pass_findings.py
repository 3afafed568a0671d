"""Runs the pass of a profile alone, and says what it found in short."""

from importlib.resources import files
from typing import Any, NamedTuple

from pymedplum_runtime.profiles.definitions import Definitions, Shelf
from pymedplum_runtime.profiles.tables import DefinitionTable, ElementTable
from pymedplum_runtime.validation.context import Context, Level, Place
from pymedplum_runtime.validation.profile_pass import check

PROFILE = "http://example.org/StructureDefinition/tried"


# The base types alone: profiles are what the tests bring.
_TYPES = Shelf((files("pymedplum.definitions") / "types.jsonl").read_text("utf-8").splitlines())
BASE = Definitions([_TYPES])


class Findings(NamedTuple):
    """What a pass left in the context."""

    errors: list[str]
    """`path: message` of each error."""
    warnings: list[str]
    must_support: list[str]
    unchecked: list[tuple[str, str]]
    context: Context


def profile(type_: str, root: ElementTable, url: str = PROFILE, **members: Any) -> DefinitionTable:
    return {"url": url, "type": type_, "profile": True, "root": root, **members}  # type: ignore[typeddict-item]


def known(*tables: DefinitionTable, value_sets: Any = ()) -> Definitions:
    return BASE.extended(tables, value_sets)


def findings(
    resource: Any,
    table: DefinitionTable,
    *more: DefinitionTable,
    value_sets: Any = (),
    level: Level = "profile",
) -> Findings:
    definitions = known(table, *more, value_sets=value_sets)
    context = Context(definitions, level)
    type_ = resource.get("resourceType", table["type"])
    place = Place(None, type_, None, resource, type_, type_, is_resource=True)
    check(resource, place, table, context)
    return Findings(
        [f"{i.expression}: {i.message}" for i in context.issues if i.severity == "error"],
        [f"{i.expression}: {i.message}" for i in context.issues if i.severity == "warning"],
        [each.element for each in context.must_support_missing()],
        [(each.expression, each.canonical) for each in context.unchecked],
        context,
    )


def errors(
    resource: Any, table: DefinitionTable, *more: DefinitionTable, **given: Any
) -> list[str]:
    return findings(resource, table, *more, **given).errors

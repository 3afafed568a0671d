"""From a view's definition to its plan, with everything gathered that is wrong with its paths."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pymedplum_runtime.fhirpath import syntax as tree
from pymedplum_runtime.fhirpath.parser import parse
from pymedplum_runtime.fhirpath.syntax import Fault, Syntax
from pymedplum_runtime.tables import plan
from pymedplum_runtime.tables.paths.constants import (
    Typed,
    defined_variables,
    with_constants,
)
from pymedplum_runtime.tables.paths.operators import check_levels
from pymedplum_runtime.tables.paths.path_expressions import PathExpression
from pymedplum_runtime.tables.paths.repeats import reached, repeat_path
from pymedplum_runtime.tables.paths.resolve import Choice, Resolver
from pymedplum_runtime.tables.views.column_types import (
    check_columns,
    check_union,
    column_type,
    plain_name,
    shared_columns,
    unified,
)
from pymedplum_runtime.tables.views.problems import Problems, entries, text_of

_NOTHING = PathExpression("{}", tree.Literal(None, "", 0))


class Planner:
    """Makes the plan of one view.

    Args:
        name: the view's name.
        resource: the type of its resources.
        constants: type and value of its constants by name.
        problems: takes what is wrong.
    """

    def __init__(
        self, name: str, resource: str, constants: Mapping[str, Typed], problems: Problems
    ) -> None:
        self._name = name
        self._root = plan.Focus(resource)
        self._constants = constants
        self._problems = problems

    def planned(self, definition: Mapping[str, Any]) -> plan.Plan:
        """Return the plan of the view; it is of use if there were no problems."""
        where = [
            self._condition(text_of(each, "path"), f"where[{i}]")
            for i, each in entries(definition, "where")
        ]
        rows = self._selects(definition, "select", "", self._root)
        columns = [column for each in rows for column in shared_columns(each)]
        check_columns(columns, self._problems)
        constants = tuple((name, *typed) for name, typed in self._constants.items())
        found = [each for each in where if each is not None]
        return plan.Plan(self._name, self._root.type, tuple(found), rows, tuple(columns), constants)

    def _selects(
        self, holder: Mapping[str, Any], name: str, place: str, focus: plan.Focus
    ) -> tuple[plan.Rows, ...]:
        prefix = f"{place}." if place else ""
        return tuple(
            self._rows(select, f"{prefix}{name}[{i}]", focus) for i, select in entries(holder, name)
        )

    def _rows(self, select: Mapping[str, Any], place: str, focus: plan.Focus) -> plan.Rows:
        or_null = "forEachOrNull" in select
        member = "forEachOrNull" if or_null else "forEach"
        each = None
        if isinstance(select.get(member), str):
            each = self._path(select[member], f"{place}.{member}", focus)
        repeat: Sequence[plan.Path] = ()
        item = focus if each is None else plan.Focus(each.value.type)
        if "repeat" in select:
            repeat, item = self._repeat(select, place, focus)
        if each is None and member in select:
            item = plan.Focus("")  # a path that is at fault already
        cells = [
            self._cell(column, f"{place}.column[{i}]", item)
            for i, column in entries(select, "column")
        ]
        nested = self._selects(select, "select", place, item)
        union = self._selects(select, "unionAll", place, item)
        check_union(union, f"{place}.unionAll", self._problems)
        return plan.Rows(
            each,
            or_null,
            tuple(repeat),
            item.type,
            tuple(cells),
            nested,
            unified(union),
        )

    def _repeat(
        self, select: Mapping[str, Any], place: str, focus: plan.Focus
    ) -> tuple[Sequence[plan.Path], plan.Focus]:
        given = select["repeat"]
        texts = cast("list[object]", given) if isinstance(given, list) else []
        parsed: list[tuple[str, str, Syntax]] = []
        for i, text in enumerate(texts):
            syntax = self._parsed(text, f"{place}.repeat[{i}]")
            if syntax is not None:
                parsed.append((str(text), f"{place}.repeat[{i}]", syntax))
        pairs = [(text, syntax) for text, _, syntax in parsed]
        types = reached(pairs, focus, self._root)
        item = plan.Focus(types[0] if len(types) == 1 else "")
        paths: list[plan.Path] = []
        for text, its_place, syntax in parsed:
            try:
                found = repeat_path(text, syntax, [focus.type, *types], self._root)
                paths.append(plan.Path(found, PathExpression(text, syntax), text, its_place))
            except Fault as fault:
                self._problems.add(its_place, *_told(fault, text))
        return paths, item

    def _cell(self, column: Mapping[str, Any], place: str, focus: plan.Focus) -> plan.Cell:
        text, name = text_of(column, "path"), text_of(column, "name")
        declared = text_of(column, "type")
        is_collection = column.get("collection") is True
        path = self._path(text, place, focus, is_value=True) if text else None
        if path is None:  # it is at fault already
            type_name = plain_name(declared)
            return plan.Cell(name, type_name, is_collection, focus, _NOTHING, text, place)
        type_name = column_type(declared, path, self._problems)
        return plan.Cell(name, type_name, is_collection, path.value, path.exact, text, place)

    def _condition(self, text: str, place: str) -> plan.Path | None:
        path = self._path(text, place, self._root, is_value=True) if text else None
        if path is None or path.value.type in ("", "boolean"):
            return path
        said = f"the condition '{text}' gives {path.value.type}, not true or false"
        self._problems.add(place, said, text)
        return None

    def _path(
        self, text: str, place: str, focus: plan.Focus, *, is_value: bool = False
    ) -> plan.Path | None:
        syntax = self._parsed(text, place)
        if syntax is None:
            return None
        resolver = Resolver(text, self._root)
        try:
            resolve = _single_type if is_value else Resolver.value
            value = resolve(resolver, syntax, focus)
            if any(defined_variables(syntax)):
                value = resolver.opaque(syntax, focus, value.type, many=value.many)
            return plan.Path(value, PathExpression(text, syntax), text, place)
        except Fault as fault:
            self._problems.add(place, *_told(fault, text))
            return None

    def _parsed(self, text: object, place: str) -> Syntax | None:
        if not isinstance(text, str) or not text:
            return None  # its structure is at fault
        try:
            syntax = parse(text)
            check_levels(syntax)
            return with_constants(syntax, self._constants)
        except Fault as fault:
            self._problems.add(place, *_told(fault, text))
            return None


_MOST_SHOWN = 200


def _told(fault: Fault, text: str) -> tuple[str, str]:
    shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
    at = "" if fault.position is None else f", at character {fault.position + 1}"
    return f"in '{shown}'{at}: {fault.message}", text


_MOST_NAMED = 4


def _single_type(resolver: Resolver, syntax: Syntax, focus: plan.Focus) -> plan.Value:
    found = resolver.found(syntax, focus)
    if isinstance(found, Choice):
        raise Fault(_open_choice(found), syntax.position)
    return found


def _open_choice(choice: Choice) -> str:
    types = [option.type for option in choice.field.options]
    listed = ", ".join([*types[:_MOST_NAMED], "..."] if len(types) > _MOST_NAMED else types)
    return (
        f"'{choice.field.name}[x]' may be of several types ({listed}): say which one is meant, as"
        f" in {choice.field.name}.ofType({types[0]})"
    )

"""The types of columns: what they are declared and what fills them, alone and in unions."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.tables import plan
from pymedplum_runtime.tables.columns import name_clashes
from pymedplum_runtime.tables.paths.fields import is_a, is_known, type_names
from pymedplum_runtime.tables.paths.type_families import MOMENTS, PRIMITIVES, WHOLE, fits
from pymedplum_runtime.tables.views.problems import Problems

_PREFIXES = ("http://hl7.org/fhir/StructureDefinition/", "http://hl7.org/fhirpath/System.")


def column_type(declared: str, path: plan.Path, problems: Problems) -> str:
    """Return the type of a column: the declared one, else that of its path, else `string`."""
    found, place, text = path.value.type, path.place, path.text
    if not declared:
        if found and found not in PRIMITIVES:
            its_type = "BackboneElement" if "." in found else found
            problems.add(
                place,
                f"'{text}' gives {found}, which is no single value: name one of its elements,"
                f" or give the column the type {its_type} to have it as JSON",
                text,
            )
        return found or "string"
    name = plain_name(declared)
    if not is_known(name):
        hint = did_you_mean(name, type_names())
        problems.add(f"{place}.type", f"there is no type '{name}'{hint}", text)
    elif not fits(found, name) and (found in PRIMITIVES or not is_a(found, name)):
        problems.add(place, f"the column is declared {name}, and '{text}' gives {found}", text)
    return name


def plain_name(declared: str) -> str:
    """Return the name of a type that may be written as a URL."""
    for prefix in _PREFIXES:
        if declared.startswith(prefix):
            name = declared.removeprefix(prefix)
            return name if prefix == _PREFIXES[0] else f"{name[:1].lower()}{name[1:]}"
    return declared


def shared_columns(rows: plan.Rows) -> Iterator[plan.Cell]:
    """Give the columns of a select in the order of the table; those of a union once."""
    yield from rows.cells
    for nested in rows.nested:
        yield from shared_columns(nested)
    if rows.union:
        yield from shared_columns(rows.union[0])


def check_columns(columns: Sequence[plan.Cell], problems: Problems) -> None:
    """Gather what is wrong with the names of all columns."""
    if not columns and not problems.found:
        problems.add("select", "the view has no columns")
    first: dict[str, plan.Cell] = {}
    for cell in columns:
        known = first.setdefault(cell.name, cell)
        if known is not cell and cell.name:
            problems.add(cell.place, f"there is a column '{cell.name}' already, at {known.place}")
    for time, other in name_clashes(list(first.values())):
        problems.add(
            other.place,
            f"'{other.name}' is the name of a column that tables have for '{time.name}', which is a"
            f" {time.type}: choose another name",
        )


def check_union(branches: Sequence[plan.Rows], place: str, problems: Problems) -> None:
    """Gather what the alternatives of a union, which stand at a place, do not have in common."""
    columns = [list(shared_columns(branch)) for branch in branches]
    shared = columns[0] if columns else []
    for i, cells in enumerate(columns[1:], start=1):
        _check_branch((f"{place}[0]", shared), f"{place}[{i}]", cells, problems)
        if len(cells) == len(shared):
            shared = list(map(_joined, shared, cells))


def _check_branch(
    first: tuple[str, list[plan.Cell]], place: str, cells: list[plan.Cell], problems: Problems
) -> None:
    wanted, names = ([cell.name for cell in each] for each in (first[1], cells))
    if names != wanted:
        problems.add(
            place,
            f"it has the columns {_listed(names)}, and {first[0]} has {_listed(wanted)}: those of"
            " a union must have the same names in the same order",
        )
        return
    for one, other in zip(first[1], cells, strict=True):
        if one.collection != other.collection:
            problems.add(
                other.place,
                f"the column '{other.name}' is a collection either here or at {one.place}",
            )
        elif _common_type(one, other) is None:
            problems.add(
                other.place,
                f"the column '{other.name}' is {other.type} here, and {one.type} at {one.place}",
            )


def unified(branches: Sequence[plan.Rows]) -> tuple[plan.Rows, ...]:
    """Return the alternatives of a union with every column of one type in all of them.

    Those that have not the same columns, which `check_union` tells, stay as they are.
    """
    columns = [list(shared_columns(branch)) for branch in branches]
    if len({tuple(cell.name for cell in cells) for cells in columns}) != 1:
        return tuple(branches)
    shared = columns[0]
    for cells in columns[1:]:
        shared = list(map(_joined, shared, cells))
    types = [cell.type for cell in shared]
    return tuple(_retyped(branch, iter(types)) for branch in branches)


def _retyped(rows: plan.Rows, types: Iterator[str]) -> plan.Rows:
    """Give columns their types; of a union that is at fault, some may have none left."""
    cells = tuple(replace(cell, type=next(types, cell.type)) for cell in rows.cells)
    nested = tuple(_retyped(each, types) for each in rows.nested)
    of_union = [
        next(types, cell.type) for branch in rows.union[:1] for cell in shared_columns(branch)
    ]
    union = tuple(_retyped(branch, iter(of_union)) for branch in rows.union)
    return replace(rows, cells=cells, nested=nested, union=union)


def _joined(one: plan.Cell, other: plan.Cell) -> plan.Cell:
    """Return the column that both fill, as far as they can."""
    which = other if _is_nothing(one) else one
    return replace(which, type=_common_type(one, other) or one.type)


def _common_type(one: plan.Cell, other: plan.Cell) -> str | None:
    """Return the type that a column has which both fill, or None where they cannot."""
    types = {one.type, other.type}
    for cell, its_other in ((one, other), (other, one)):
        if _is_nothing(cell):
            return its_other.type
    if len(types) > 1 and types <= MOMENTS:
        return "dateTime"
    if len(types) > 1 and types <= WHOLE:
        return "integer64" if "integer64" in types else "integer"
    if fits(other.type, one.type):
        return one.type
    return other.type if fits(one.type, other.type) else None


def _is_nothing(cell: plan.Cell) -> bool:
    return cell.type == "string" and cell.text.replace(" ", "") == "{}"


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"

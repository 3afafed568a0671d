"""Compiled guides as small Python modules: lines of JSON that are read when they are asked for."""

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

from pymedplum_runtime.errors import ProfileError
from pymedplum_runtime.profiles.tables import DefinitionTable, ValueSetTable

_NAMES = ("PROFILES", "VALUE_SETS")
_HEAD = '''"""Profiles of {}, compiled by `pymedplum profile`.

Load them with `pymedplum.validation.load_profile(this_module)`.
"""
'''


class Lines(NamedTuple):
    """The tables of a module, each as a line of JSON."""

    place: str
    profiles: Sequence[str]
    value_sets: Sequence[str]


def write_module(
    tables: Iterable[DefinitionTable],
    value_sets: Iterable[ValueSetTable] = (),
    *,
    package: str = "",
    version: str = "",
) -> str:
    """Return the text of a module that holds compiled profiles and value sets.

    The same tables give the same text. Importing the module computes nothing; `load_profile` takes
    it.

    Args:
        tables: as `compile_profiles` gives them.
        value_sets: as `value_set_tables` gives them.
        package: the name of the implementation guide.
        version: its version.

    Example:
        >>> Path("mcode.py").write_text(write_module(tables, package="hl7.fhir.us.mcode"))
    """
    named = " ".join(filter(None, (_plain(package), _plain(version)))) or "an implementation guide"
    head = _HEAD.format(named)
    return "\n".join((head, _tuple(_NAMES[0], tables), _tuple(_NAMES[1], value_sets)))


def _plain(text: str) -> str:
    """Return a text that can stand in a docstring."""
    return "".join(c for c in text if c.isalnum() or c in "@/._-+")


def _tuple(name: str, tables: Iterable[Mapping[str, Any]]) -> str:
    lines = sorted(json.dumps(_url_first(t), ensure_ascii=True, **_COMPACT) for t in tables)
    if not lines:
        return f"{name}: tuple[str, ...] = ()\n"
    return f"{name}: tuple[str, ...] = (\n" + "".join(f"    {line!r},\n" for line in lines) + ")\n"


_COMPACT: dict[str, Any] = {"separators": (",", ":")}


def _url_first(table: Mapping[str, Any]) -> dict[str, Any]:
    return {"url": table["url"], **table}


def lines_of(module: ModuleType) -> Lines:
    """Return the lines of a module that was imported.

    Raises:
        ProfileError: it is none that `write_module` wrote.
    """
    return _lines(module.__name__, {name: getattr(module, name, None) for name in _NAMES})


def lines_in(path: Path) -> Lines:
    """Return the lines of a module's file; it is read, not run.

    Raises:
        ProfileError: it is none that `write_module` wrote.
        OSError: it cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    try:
        found = {t.id: ast.literal_eval(v) for t, v in _assignments(ast.parse(text))}
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        found = {}
    return _lines(str(path), found)


def _assignments(module: ast.Module) -> Iterable[tuple[ast.Name, ast.expr]]:
    for node in module.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target, node.value


def _lines(place: str, found: Mapping[str, Any]) -> Lines:
    values = [found.get(name) for name in _NAMES]
    if not all(_is_lines(value) for value in values):
        raise ProfileError("it is no module that `pymedplum profile` wrote", place)
    return Lines(place, *cast("list[tuple[str, ...]]", values))


def _is_lines(value: object) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(line, str) for line in cast("tuple[object, ...]", value)
    )


def tables_of(lines: Iterable[str], place: str) -> list[Mapping[str, Any]]:
    """Return the tables that lines of JSON stand for.

    Raises:
        ProfileError: a line is none.
    """
    try:
        tables: list[object] = [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        tables = [None]
    if not all(map(_is_table, tables)):
        raise ProfileError("a line of the module is no table", place)
    return cast("list[Mapping[str, Any]]", tables)


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) and isinstance(
        cast("Mapping[str, object]", value).get("url"), str
    )

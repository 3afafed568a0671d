"""The tables of many value sets at once: what the generator and `load_profile` ask for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from pymedplum_runtime.profiles.tables import ANY_SYSTEM, ValueSetTable
from pymedplum_runtime.terminology.expand import Expander, Lookup
from pymedplum_runtime.terminology.expansion import Expansion
from pymedplum_runtime.terminology.grammars import NAMED
from pymedplum_runtime.terminology.versions import split_canonical, version_number

Json = Mapping[str, Any]  # FHIR JSON as parsed


def value_sets_of(tables: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Give the value sets that profiles bind elements to, as they name them."""
    todo: list[object] = list(tables)
    while todo:
        item = todo.pop()
        if isinstance(item, list):
            todo += cast("list[object]", item)
        elif isinstance(item, dict):
            members = cast("dict[str, object]", item)
            names = [members.get(n) for n in ("binding", "value_set", "max_value_set")]
            yield from (name for name in names if isinstance(name, str))
            todo += members.values()


def value_set_tables(
    bindings: Iterable[str], value_sets: Lookup, code_systems: Lookup
) -> tuple[list[ValueSetTable], dict[str, str]]:
    """Compile the value sets that elements are bound to, each once, sorted by URL.

    Args:
        bindings: canonical URLs of value sets, as bindings name them, in any number.
        value_sets: the ValueSets at hand as JSON, by URL without version.
        code_systems: the CodeSystems at hand as JSON, by URL without version.

    Returns:
        The tables of all sets of which something is known, and the reason why codes cannot be told
        of those that are open in part or in all, by URL.
    """
    expander = Expander(value_sets, code_systems)
    tables: list[ValueSetTable] = []
    reasons: dict[str, str] = {}
    for url in sorted({split_canonical(canonical)[0] for canonical in bindings}):
        known = value_sets.get(url)
        if known is None and url in NAMED:
            found = Expansion(grammars={NAMED[url]: frozenset()})
        else:
            found = expander.by_canonical(url)
        if found.open:
            reasons[url] = "; ".join(dict.fromkeys(found.open.values()))
        if found.codes or found.grammars or ANY_SYSTEM not in found.open:
            version = known.get("version", "") if known is not None else ""
            tables.append(found.table(url, version_number(version)))
    return tables, reasons

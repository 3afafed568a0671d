"""Loading implementation guides: profiles and value sets are compiled, and known from then on.

Stands here since it takes both profiles and terminology.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pymedplum_runtime.profiles.compiler import Resolve, compile_profiles
from pymedplum_runtime.profiles.contents import Contents, GuideSource, read_guide
from pymedplum_runtime.profiles.definitions import Definitions, packaged
from pymedplum_runtime.profiles.tables import DefinitionTable, ValueSetTable
from pymedplum_runtime.terminology.tables import value_set_tables, value_sets_of

Json = Mapping[str, Any]  # FHIR JSON as parsed


@dataclass(frozen=True, slots=True)
class CompiledGuide:
    """An implementation guide as tables."""

    name: str
    version: str
    profiles: tuple[DefinitionTable, ...]
    value_sets: tuple[ValueSetTable, ...]


def load_profile(
    source: GuideSource,
    *,
    definitions: Definitions | None = None,
    resolve: Resolve | None = None,
    tolerated: Sequence[tuple[str, str, str]] = (),
) -> tuple[str, ...]:
    """Compile the profiles of an implementation guide, so that `validate` knows them.

    Either all of a guide is loaded or, where a profile is broken, nothing. Profiles with a snapshot
    need no other package; those with a differential alone need their base.

    Args:
        source: a StructureDefinition as a dict or a model; a Bundle; the path of a JSON file, of
            a folder, of an npm package (`.tgz`) or of a module that `pymedplum profile` wrote;
            such a module, imported; or several of these.
        definitions: where to add them; to what the whole process knows unless given.
        resolve: finds what the guide refers to and does not hold, by canonical URL: a
            StructureDefinition, or None.
        tolerated: problems of the guide that are known: the URL of the profile, the id of the
            element, and why. The rule that is wrong is left out; so is a profile that cannot be
            compiled at all, whose row has an empty id.

    Returns:
        The canonical URLs of the profiles.

    Raises:
        ProfileError: a profile does not resolve, contradicts its base or is broken; `problems`
            has all that is wrong.
        OSError: a file cannot be read.
        TypeError: the source is something else.

    Example:
        >>> load_profile("hl7.fhir.us.mcode-4.0.0.tgz")
        ('http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-cancer-patient', ...)
    """
    known = packaged() if definitions is None else definitions
    guide = compile_guide(read_guide(source), known, resolve=resolve, tolerated=tolerated)
    known.add(guide.profiles, guide.value_sets)
    return tuple(table["url"] for table in guide.profiles)


def compile_guide(
    contents: Contents,
    known: Definitions,
    *,
    resolve: Resolve | None = None,
    tolerated: Sequence[tuple[str, str, str]] = (),
) -> CompiledGuide:
    """Compile what was read of a guide; nothing is added to what is known.

    Raises:
        ProfileError: as `load_profile` says.
    """
    base = known.extended(contents.compiled, contents.compiled_value_sets)
    compiled = compile_profiles(contents.profiles, base, tolerated, resolve=resolve)
    tables = [*contents.compiled, *compiled]
    bound = {*value_sets_of(compiled), *contents.value_sets}
    wanted = (url for url in bound if url.partition("|")[0] in contents.value_sets)
    sets = _Known(contents.value_sets, lambda url: _as_value_set(base.value_set(url)))
    expanded, _ = value_set_tables(wanted, sets, _Known(contents.code_systems))
    return CompiledGuide(
        contents.name,
        contents.version,
        tuple(sorted(tables, key=lambda table: table["url"])),
        (*contents.compiled_value_sets, *expanded),
    )


def reduced(guide: CompiledGuide, only: Iterable[str]) -> CompiledGuide:
    """Return a guide with some of its profiles, and what these name of it."""
    profiles = {table["url"]: table for table in guide.profiles}
    named = _closure(only, lambda url: _texts(profiles[url]) & profiles.keys())
    kept = tuple(table for url, table in profiles.items() if url in named)
    bound = {url.partition("|")[0] for url in value_sets_of(kept)}
    value_sets = tuple(table for table in guide.value_sets if table["url"] in bound)
    return CompiledGuide(guide.name, guide.version, kept, value_sets)


def _closure(start: Iterable[str], further: Callable[[str], set[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(start)
    while todo:
        item = todo.pop()
        if item not in found:
            found.add(item)
            todo += further(item)
    return found


def _texts(table: DefinitionTable) -> set[str]:
    """Return all texts of a table, those that may be canonical URLs without their versions."""
    found: set[str] = set()
    todo: list[object] = [table]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            found.add(item.partition("|")[0])
        elif isinstance(item, list):
            todo += cast("list[object]", item)
        elif isinstance(item, dict):
            todo += cast("dict[str, object]", item).values()
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """Definitions of a guide, and what is known besides."""

    own: Mapping[str, Json]
    others: Callable[[str], Json | None] = lambda _url: None

    def get(self, key: str, /) -> Json | None:
        return self.own.get(key) or self.others(key)


def _as_value_set(table: ValueSetTable | None) -> Json | None:
    """Return a compiled value set as a ValueSet, where all its codes are known."""
    if table is None or table.get("open") or table.get("grammars"):
        return None
    include = [
        {"system": system, "concept": [{"code": code} for code in codes]}
        for system, codes in table["systems"].items()
    ]
    return {"url": table["url"], "compose": {"include": include}}

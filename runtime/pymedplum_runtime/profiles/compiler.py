"""Compiles profiles: StructureDefinitions with the derivation `constraint`, to tables.

A snapshot is held against the base type; a differential is laid over the table of the base profile.
Either way the table has only what is tighter than the base type.
Source: https://hl7.org/fhir/R4/profiling.html and https://hl7.org/fhir/R4/elementdefinition.html
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from pymedplum_runtime.errors import ProfileError
from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.elements import Elements
from pymedplum_runtime.profiles.heads import head_of
from pymedplum_runtime.profiles.outline import Definition, has_snapshot, outline_of
from pymedplum_runtime.profiles.problems import (
    Problems,
    raise_problems,
    untolerated,
)
from pymedplum_runtime.profiles.shapes import shaped_definition
from pymedplum_runtime.profiles.slices import Slices
from pymedplum_runtime.profiles.tables import DefinitionTable

_MOST_BASES = 100

Resolve = Callable[[str], "Definition | DefinitionTable | None"]


@dataclass(slots=True)
class Draft:
    """A profile on its way to be a table."""

    table: DefinitionTable | None
    """None where it cannot be made at all."""
    problems: Problems
    is_done: bool = False


@dataclass(slots=True)
class Compiler:
    """Compiles profiles that refer to each other, each once, in whatever order they are asked for.

    Discriminators are resolved last, by `finished`: the profiles that they lead through may
    themselves lead back.
    """

    resolve: Resolve
    definitions: Definitions
    _drafts: dict[str, Draft] = field(default_factory=dict[str, Draft])
    _under_way: list[str] = field(default_factory=list[str])

    def finished(self, definition: Definition) -> Draft:
        """Return a profile's complete table, with its problems."""
        draft = self._draft(definition)
        if draft.table is not None and not draft.is_done:
            draft.is_done = True
            Slices(self.definitions, self.table_of, draft.problems).resolve_all(draft.table)
        return draft

    def table_of(self, canonical: str) -> DefinitionTable | None:
        """Return a table by its canonical URL, without its matches where it is still under way."""
        found = self.resolve(canonical)
        if found is None:
            return self.definitions.table(canonical)
        if not is_definition(found):
            return cast("DefinitionTable", found)
        definition = cast("Definition", found)
        url = str(definition.get("url"))
        if not is_profile(definition) or url in self._under_way:
            return self.definitions.table(canonical)
        return self._draft(definition).table

    def type_at(self, canonical: str) -> str | None:
        """Return what a canonical URL is a definition of, without compiling it."""
        found = self.resolve(canonical)
        if found is None or (is_definition(found) and not is_profile(found)):
            found = self.definitions.table(canonical)
        type_ = None if found is None else found.get("type")
        return type_ if isinstance(type_, str) else None

    def _draft(self, definition: Definition) -> Draft:
        url = str(definition.get("url") or definition.get("id") or "a profile without url")
        if url not in self._drafts:
            problems = Problems(url)
            self._under_way.append(url)
            try:
                table = self._drafted(definition, problems)
            finally:
                self._under_way.pop()
            self._drafts[url] = Draft(table, problems)
        return self._drafts[url]

    def _drafted(self, given: Definition, problems: Problems) -> DefinitionTable | None:
        definition = shaped_definition(given, partial(problems.add, None))
        table = head_of(definition, problems)
        if problems.found:
            return None
        if self.definitions.type_table(table["type"]) is None:
            problems.add(None, f"the type {table['type']} is unknown")
            return None
        if not (has_snapshot(definition) or definition.keys() & {"differential"}):
            problems.add(None, "it has neither snapshot nor differential")
            return None
        if not has_snapshot(definition):
            base = self._base(definition, problems)
            if base is None:
                return None
            if base.get("profile"):
                table["root"] = deepcopy(base.get("root", {}))
        outline = outline_of(definition)
        Elements(table, self.definitions, self.table_of, self.type_at, problems).read(outline)
        return table

    def _base(self, definition: Definition, problems: Problems) -> DefinitionTable | None:
        """Return the table that a differential is laid over."""
        canonical = str(definition.get("baseDefinition", ""))
        if canonical.partition("|")[0] in self._under_way:
            problems.add(None, f"its base {canonical} is based on it")
            return None
        if len(self._under_way) > _MOST_BASES:
            problems.add(None, f"more than {_MOST_BASES} profiles are based on each other")
            return None
        base = self.table_of(canonical)
        if base is None and canonical.partition("|")[0] in self._drafts:
            problems.add(None, f"its base {canonical} cannot be compiled")
        elif base is None:
            problems.add(None, f"its base {canonical} is unknown, and it has no snapshot")
        elif base.get("type") != definition.get("type"):
            problems.add(None, f"it is of {definition.get('type')}, its base of {base.get('type')}")
        else:
            return base
        return None


def is_definition(found: Mapping[str, Any]) -> bool:
    """Tell a published StructureDefinition from a table."""
    return found.get("resourceType") == "StructureDefinition"


def is_profile(found: Mapping[str, Any]) -> bool:
    """Tell whether a StructureDefinition is a profile of a type that FHIR has."""
    if not is_definition(found):
        return False
    # One that does not say what it is, and has a base, is told to be broken rather than left out.
    untold = "constraint" if "baseDefinition" in found else ""
    return str(found.get("derivation", untold)) == "constraint"


def compile_profile(
    definition: Definition, resolve: Resolve, definitions: Definitions
) -> DefinitionTable:
    """Compile one profile.

    Args:
        definition: a StructureDefinition with the derivation `constraint`, as JSON has it.
        resolve: finds StructureDefinitions or tables by their canonical URL, or returns None;
            asked for base profiles and for the profiles of types.
        definitions: the base types, and what else is known.

    Raises:
        ProfileError: the profile contradicts its base, does not resolve, or is broken; all that
            is wrong stands in `problems`.

    Example:
        >>> compile_profile(json.loads(text), lambda canonical: None, packaged())["type"]
        'Patient'
    """
    draft = Compiler(resolve, definitions).finished(definition)
    raise_problems(draft.problems.found)
    return cast("DefinitionTable", draft.table)


def compile_profiles(
    definitions: Iterable[Definition],
    known: Definitions,
    tolerated: Sequence[tuple[str, str, str]] = (),
    *,
    resolve: Resolve | None = None,
) -> list[DefinitionTable]:
    """Compile profiles that may refer to each other, in the order of their URLs.

    Args:
        definitions: StructureDefinitions; those that are no profiles are left out.
        known: the base types, and what else is known.
        tolerated: problems of published profiles that are known, as `Tolerated` has them: the URL
            of the profile, the id of the element, and why. The rule that is wrong is left out.
        resolve: finds what is neither among the definitions nor known.

    Raises:
        ProfileError: profiles are broken, or a tolerated problem does not occur; all that is
            wrong, in all profiles, stands in `problems`.

    Example:
        >>> [table["name"] for table in compile_profiles(bundle_of_profiles, packaged())]
        ['bmi', 'bodyheight', 'bodytemp']
    """
    profiles = [d for d in definitions if is_profile(d)]
    by_url = {str(d.get("url")): d for d in profiles}
    compiler = Compiler(_finder(by_url, known, resolve), known)
    drafts = [compiler.finished(d) for d in profiles]
    found = [problem for draft in drafts for problem in draft.problems.found]
    found += _twice(profiles)
    left, unused = untolerated(found, tolerated)
    raise_problems([*left, *unused])
    return sorted((d.table for d in drafts if d.table is not None), key=lambda t: t["url"])


def _twice(profiles: Iterable[Definition]) -> list[ProfileError]:
    counted = Counter(str(d.get("url")) for d in profiles)
    again = sorted(url for url, count in counted.items() if count > 1)
    return [ProfileError("it is there twice", url) for url in again]


def _finder(
    by_url: Mapping[str, Definition], known: Definitions, others: Resolve | None
) -> Resolve:
    """Return what finds definitions: among those at hand, among the known, and elsewhere."""

    def find(canonical: str) -> "Definition | DefinitionTable | None":
        url, _, version = canonical.partition("|")
        found = by_url.get(url)
        if found is not None and (not version or found.get("version", version) == version):
            return found
        return known.table(canonical) or (others(canonical) if others else None)

    return find

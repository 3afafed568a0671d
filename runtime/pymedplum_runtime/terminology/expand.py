"""Expands value sets into their codes, as far as the definitions at hand list them.

Follows https://hl7.org/fhir/R4/valueset.html#compositions: within an include everything named
must match, includes add up, excludes are taken away.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.profiles.tables import ValueSetTable
from pymedplum_runtime.terminology.concepts import Concepts, is_inactive, text_of
from pymedplum_runtime.terminology.expansion import Expansion, nothing, open_system
from pymedplum_runtime.terminology.grammars import grammar_parts
from pymedplum_runtime.terminology.versions import split_canonical, version_number, versions_agree

Json = Mapping[str, Any]  # FHIR JSON as parsed
Grammars = Callable[[str, Sequence[Json]], frozenset[str] | None]

DEPTH = 100  # value sets within value sets


class Lookup(Protocol):
    """Definitions by their URL without version, as a mapping gives them."""

    def get(self, key: str, /) -> Json | None:
        """Return a definition, or None."""
        ...


class CannotExpandError(MedplumError, ValueError):
    """The codes of a value set cannot all be told from the definitions at hand.

    Attributes:
        table: what can be said of the set all the same.
    """

    def __init__(self, reason: str, table: ValueSetTable | None = None) -> None:
        super().__init__(reason)
        self.table = table


def expand(value_set: Json, value_sets: Lookup, code_systems: Lookup) -> ValueSetTable:
    """List the codes of a ValueSet.

    A system that has a grammar here, such as UCUM, is not listed but named under `grammars`.

    Args:
        value_set: a ValueSet as JSON, with `compose` or `expansion`.
        value_sets: the ValueSets that it may name, by URL without version.
        code_systems: the CodeSystems that it may name, by URL without version.

    Raises:
        CannotExpandError: a part of it cannot be listed; the message names the part and why.

    Example:
        >>> include = {"system": "http://example.org/colours", "concept": [{"code": "red"}]}
        >>> expand({"url": "http://example.org/warm", "compose": {"include": [include]}}, {}, {})
        {'url': 'http://example.org/warm', 'systems': {'http://example.org/colours': ['red']}}
    """
    found = Expander(value_sets, code_systems).expansion(value_set)
    table = found.table(value_set.get("url", ""), version_number(value_set.get("version", "")))
    if found.open:
        raise CannotExpandError(next(iter(found.open.values())), table)
    return table


class Expander:
    """Expands many value sets over the same definitions, each once.

    `grammars` tells which systems are told by a grammar; `no_grammars` has all of them listed.
    """

    def __init__(
        self,
        value_sets: Lookup,
        code_systems: Lookup,
        grammars: Grammars = grammar_parts,
    ) -> None:
        self._value_sets = value_sets
        self._code_systems = code_systems
        self._grammars = grammars
        self._expanded: dict[str, Expansion] = {}
        self._concepts: dict[str, Concepts] = {}

    def expansion(self, value_set: Json) -> Expansion:
        """Return what can be told of a ValueSet."""
        return self._composed(value_set, (value_set.get("url", ""),))

    def by_canonical(self, canonical: str) -> Expansion:
        """Return what can be told of a ValueSet by its canonical URL."""
        return self._named(canonical, ())

    def _named(self, canonical: str, parents: tuple[str, ...]) -> Expansion:
        url, version = split_canonical(canonical)
        if url in parents:
            return nothing(f"{url} includes itself")
        if len(parents) >= DEPTH:
            return nothing(f"{url} is more than {DEPTH} value sets deep")
        if canonical not in self._expanded:
            value_set = self._value_sets.get(url)
            if value_set is None:
                found = nothing(f"{url} is not among the definitions")
            elif not versions_agree(version, value_set.get("version", "")):
                found = nothing(f"{canonical} is not among the definitions, another version is")
            else:
                found = self._composed(value_set, (*parents, url))
            self._expanded[canonical] = found
        return self._expanded[canonical]

    def _composed(self, value_set: Json, parents: tuple[str, ...]) -> Expansion:
        try:
            return self._read(value_set, parents)
        except (AttributeError, KeyError, TypeError):
            url = value_set.get("url", "a value set")
            return nothing(f"{url}, or a code system that it names, is not well-formed")

    def _read(self, value_set: Json, parents: tuple[str, ...]) -> Expansion:
        compose = value_set.get("compose", {})
        found = Expansion()
        for concept_set in compose.get("include", ()):
            found.add(self._concept_set(concept_set, parents, compose))
        for concept_set in compose.get("exclude", ()):
            found.without(self._concept_set(concept_set, parents, compose))
        if found.open or not compose.get("include"):
            return _listed(value_set) or found
        return found

    def _concept_set(self, concept_set: Json, parents: tuple[str, ...], compose: Json) -> Expansion:
        parts = [self._named(url, parents) for url in concept_set.get("valueSet", ())]
        system = concept_set.get("system", "")
        if "concept" in concept_set:
            texts = [text_of(concept["code"]) for concept in concept_set["concept"]]
            codes = [(text_of(system), code) for code in texts]
            parts.append(Expansion(dict.fromkeys(codes), folded=self._folded(system)))
        elif system:
            parts.append(self._system(system, concept_set, inactive=compose.get("inactive", True)))
        if not parts:
            return nothing("an include names neither system nor value set")
        found, *others = parts
        for other in others:
            found = found.within(other)
        return found

    def _system(self, system: str, concept_set: Json, *, inactive: bool) -> Expansion:
        url, version = split_canonical(system)
        filters = concept_set.get("filter", ())
        parts = self._grammars(url, filters)
        if parts is not None:
            return Expansion(grammars={url: parts})
        source = self._code_systems.get(url)
        if source is None:
            return open_system(url, f"the code system {url} is not among the definitions")
        asked = concept_set.get("version") or version
        if not versions_agree(asked, source.get("version", "")):
            return open_system(url, f"the code system {url} is there, but not in version {asked}")
        found = Expansion(folded=self._folded(url))
        if source["content"] != "complete":
            reason = f"has content '{source['content']}', not 'complete'"
            found.open[url] = f"the code system {url} {reason}"
        if not (found.open and filters):  # a filter may ask for what a fragment does not say
            concepts = self._filtered(url, source, filters, found)
            kept = (c for c in concepts if inactive or not is_inactive(c))
            found.codes = {(url, c["code"]): None for c in kept}
        return found

    def _filtered(
        self, url: str, source: Json, filters: Sequence[Json], found: Expansion
    ) -> list[Json]:
        if url not in self._concepts:
            self._concepts[url] = Concepts(source)
        concepts = self._concepts[url]
        chosen = list(concepts.by_code.values())
        for filter_ in filters:
            test = concepts.test(filter_)
            if test is None:
                words = " ".join(str(filter_.get(k)) for k in ("property", "op", "value"))
                found.open[url] = f"the filter '{words}' on {url} cannot be listed"
                return []
            chosen = [c for c in chosen if test(c)]
        return chosen

    def _folded(self, system: str) -> set[str]:
        source = self._code_systems.get(system)
        return {system} if source is not None and source.get("caseSensitive") is False else set()


def no_grammars(system: str, filters: Sequence[Json]) -> None:
    """Tell that no system is told by a grammar."""
    del system, filters


def _listed(value_set: Json) -> Expansion | None:
    """Return the expansion that a ValueSet brings along, where it is whole."""
    expansion = value_set.get("expansion", {})
    todo = list(reversed(expansion.get("contains", ())))
    found = Expansion()
    count = 0
    while todo:
        entry = todo.pop()
        count += 1
        if "code" in entry and not entry.get("abstract"):
            found.codes[text_of(entry.get("system", "")), text_of(entry["code"])] = None
        todo += reversed(entry.get("contains", ()))
    is_page = expansion.get("offset", 0) > 0 or expansion.get("total", 0) > count
    return found if found.codes and not is_page else None

"""Expands required value sets into their codes.

Follows https://hl7.org/fhir/R4/valueset.html#compositions: within an include everything named
must match, includes add up, excludes are taken away.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from codegen.ir.names import pascal_case
from codegen.ir.types import CodeList
from codegen.load import Json, Specs

Codes = dict[str, None]  # an ordered set


class CannotExpandError(Exception):
    """The codes of a value set cannot be listed from the definitions at hand."""


class ValueSets:
    """The value sets of one release, expanded once each and named uniquely."""

    def __init__(self, specs: Specs) -> None:
        self._specs = specs
        self._expanded: dict[str, Codes] = {}
        self._lists: dict[str, CodeList] = {}
        self._names = _unique_names(specs)

    def code_list(self, canonical: str) -> CodeList:
        """Return the codes of a value set under its Python name.

        Raises:
            CannotExpandError: the value set, or a code system of it, cannot be listed.
        """
        url = canonical.partition("|")[0]
        if url not in self._lists:
            codes = self._expand(url, ())
            if not codes:
                raise CannotExpandError(f"{url} has no codes")
            self._lists[url] = CodeList(self._names[url], url, tuple(codes))
        return self._lists[url]

    def used(self) -> tuple[CodeList, ...]:
        """Give every list that was asked for."""
        return tuple(self._lists.values())

    def _expand(self, canonical: str, parents: tuple[str, ...]) -> Codes:
        url = canonical.partition("|")[0]
        if url in parents:
            raise CannotExpandError(f"{url} includes itself")
        if url not in self._expanded:
            source = self._specs.value_sets.get(url)
            if source is None:
                raise CannotExpandError(f"{url} is not among the definitions")
            compose = source.json["compose"]
            codes: Codes = {}
            for concept_set in compose.get("include", ()):
                codes |= self._concept_set(concept_set, (*parents, url))
            for concept_set in compose.get("exclude", ()):
                for code in self._concept_set(concept_set, (*parents, url)):
                    codes.pop(code, None)
            self._expanded[url] = codes
        return self._expanded[url]

    def _concept_set(self, concept_set: Json, parents: tuple[str, ...]) -> Codes:
        parts = [self._expand(url, parents) for url in concept_set.get("valueSet", ())]
        if "concept" in concept_set:
            parts.append({c["code"]: None for c in concept_set["concept"]})
        elif "system" in concept_set:
            parts.append(self._system(concept_set))
        if not parts:
            raise CannotExpandError("an include names neither system nor value set")
        return {code: None for code in parts[0] if all(code in part for part in parts[1:])}

    def _system(self, concept_set: Json) -> Codes:
        url = concept_set["system"]
        source = self._specs.code_systems.get(url)
        if source is None:
            raise CannotExpandError(f"the code system {url} is not among the definitions")
        if source.json["content"] != "complete":
            raise CannotExpandError(
                f"the code system {url} has content '{source.json['content']}', not 'complete'"
            )
        tests = [_filter(f, url) for f in concept_set.get("filter", ())]
        concepts = _walk(source.json.get("concept", ()), ())
        return {c["code"]: None for c, line in concepts if all(test(c, line) for test in tests)}


def _unique_names(specs: Specs) -> dict[str, str]:
    """Name each value set; where two have one name, both go by the end of their URL."""
    names = {
        url: pascal_case(source.json.get("name") or source.json.get("title") or _last(url))
        for url, source in specs.value_sets.items()
    }
    uses = Counter(names.values())
    return {
        url: name if uses[name] == 1 else pascal_case(_last(url)) for url, name in names.items()
    }


def _last(url: str) -> str:
    return url.rpartition("/")[2]


Line = tuple[str, ...]  # the codes above a concept, outermost first


def _walk(concepts: list[Json], line: Line) -> Iterator[tuple[Json, Line]]:
    for concept in concepts:
        yield concept, line
        yield from _walk(concept.get("concept", []), (*line, concept["code"]))


def _filter(filter_: Json, system: str) -> Callable[[Json, Line], bool]:
    """Turn a filter into a test; https://hl7.org/fhir/R4/valueset-filter-operator.html."""
    name, op, value = filter_["property"], filter_["op"], filter_["value"]
    hierarchy: dict[str, Callable[[Json, Line], bool]] = {
        "is-a": lambda c, line: value == c["code"] or value in line,
        "descendent-of": lambda _, line: value in line,
        "is-not-a": lambda c, line: value != c["code"] and value not in line,
    }
    properties: dict[str, Callable[[Json, Line], bool]] = {
        "=": lambda c, _: value in _values(c, name),
        "in": lambda c, _: bool(set(value.split(",")) & set(_values(c, name))),
        "not-in": lambda c, _: not set(value.split(",")) & set(_values(c, name)),
        "regex": lambda c, _: any(re.fullmatch(value, v) for v in _values(c, name)),
        "exists": lambda c, _: bool(_values(c, name)) == (value == "true"),
    }
    known = hierarchy if name in ("concept", "code") and op in hierarchy else properties
    if op not in known:
        raise CannotExpandError(f"the filter '{name} {op} {value}' on {system} cannot be listed")
    return known[op]


def _values(concept: Json, name: str) -> list[str]:
    if name in ("code", "concept"):
        return [concept["code"]]
    if name == "display":
        return [concept["display"]] if "display" in concept else []
    return [
        str(value).lower() if isinstance(value, bool) else str(value)
        for entry in concept.get("property", ())
        if entry["code"] == name
        for key, value in entry.items()
        if key.startswith("value")
    ]

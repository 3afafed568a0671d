"""Compares our description of the API with what a server says of itself.

Knows facts and how to report them; where they come from is spec_facts' business.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from codegen.load import Specs
from codegen.load_api import ApiSpecs
from codegen.server_documents import ServerDocuments
from codegen.spec_facts import (
    ApiFacts,
    FhirFacts,
    our_api,
    our_fhir,
    server_api,
    server_fhir,
)

LINES_PER_SECTION = 12


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of fact, and what either side lacks of it."""

    title: str
    we_lack: tuple[str, ...]
    server_lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OurSpecs:
    """Everything that we say of the API and of FHIR."""

    api: ApiSpecs
    specs: Specs
    searches: Mapping[str, Mapping[str, str]]


def read_searches(folder: Path) -> dict[str, dict[str, str]]:
    """Read the extract of the search parameters: by type, name and kind."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.json"))
    }


def compare(ours: OurSpecs, server: ServerDocuments) -> list[Section]:
    """Compare everything that both sides talk about."""
    fhir = our_fhir(ours.api, ours.specs, ours.searches)
    return [
        *_compare_api(our_api(ours.api, ours.specs), server_api(server.openapi)),
        *_compare_fhir(fhir, server_fhir(server.capabilities, fhir.special)),
    ]


def lacks_something(sections: list[Section]) -> bool:
    """Tell whether the server has anything that our description lacks."""
    return any(section.we_lack for section in sections)


def report(sections: list[Section]) -> Iterator[str]:
    """Say what either side lacks, line by line."""
    yield from _half("Our description lacks", [(s.title, s.we_lack) for s in sections])
    yield ""
    yield from _half(
        "The server does not mention",
        [(s.title, s.server_lacks) for s in sections],
        LINES_PER_SECTION,
    )


def _half(
    heading: str, sections: list[tuple[str, tuple[str, ...]]], lines: int | None = None
) -> Iterator[str]:
    total = sum(len(facts) for _, facts in sections)
    yield f"{heading}: {total or 'nothing'}"
    for title, facts in sections:
        if not facts:
            continue
        yield f"  {title} ({len(facts)})"
        yield from (f"    {fact}" for fact in facts[:lines])
        if lines is not None and len(facts) > lines:
            yield f"    ... and {len(facts) - lines} more"


def _compare_api(ours: ApiFacts, server: ApiFacts) -> Iterator[Section]:
    yield _section("paths and methods", frozenset(ours.operations), frozenset(server.operations))
    both = sorted(ours.operations.keys() & server.operations.keys())
    yield _section(
        "parameters, bodies and responses of the methods that both have",
        frozenset(f"{name}: {fact}" for name in both for fact in ours.operations[name]),
        frozenset(f"{name}: {fact}" for name in both for fact in server.operations[name]),
    )
    yield _section("security schemes", ours.security, server.security)
    yield _section("schemas", ours.schemas, server.schemas, ours.also_known)


def _compare_fhir(ours: FhirFacts, server: FhirFacts) -> Iterator[Section]:
    yield _section("resource types", ours.types, server.types)
    unknown = tuple(f"{name}: " for name in ours.types - server.types)
    yield _section(
        "interactions and conditional capabilities",
        frozenset(fact for fact in ours.interactions if not fact.startswith(unknown)),
        server.interactions,
    )
    yield _section("operations", ours.operations, server.operations)
    yield _section(
        "search parameters by type",
        frozenset(fact for fact in ours.searches if not fact.startswith(unknown)),
        server.searches,
    )
    yield _section("parameters of every search", ours.special, server.special)


def _section(
    title: str,
    ours: frozenset[str],
    server: frozenset[str],
    also_known: frozenset[str] = frozenset(),
) -> Section:
    return Section(title, tuple(sorted(server - ours - also_known)), tuple(sorted(ours - server)))

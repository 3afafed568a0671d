"""Draws broken payloads from valid examples: seeded, spread over the resource types."""

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from definitions import Json, Place, walk
from edits import DROP, KINDS, Edit, Edits

PER_KIND = 220
LARGEST = 30_000  # bytes: larger examples say the same, slower
IN_CONTAINED = "error inside contained"
IN_ENTRY = "error inside a Bundle entry"
ALL_KINDS = (*KINDS, IN_CONTAINED, IN_ENTRY)

Change = Callable[[Place, random.Random], Edits]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One example with one change: what was done to it, where, and what came of it."""

    kind: str
    example: str
    resource_type: str
    where: str
    payload: Json
    json_only: bool

    @property
    def text(self) -> bytes:
        return json.dumps(self.payload, ensure_ascii=False).encode()


class Pool:
    """Valid examples and every place in them."""

    def __init__(self, examples: dict[str, bytes]) -> None:
        small = {name: text for name, text in examples.items() if len(text) <= LARGEST}
        self.resources: dict[str, Json] = {name: json.loads(text) for name, text in small.items()}
        self.places = [p for name, r in self.resources.items() for p in walk(name, r)]
        random.Random(0).shuffle(self.places)  # noqa: S311 - the same order in every run

    def in_zone(self, zone: str) -> list[Place]:
        return [place for place in self.places if place.zone == zone]

    def by_type(self, places: list[Place]) -> list[list[Place]]:
        """Sort places by the resource type of their example."""
        found: dict[str, list[Place]] = defaultdict(list)
        for place in places:
            found[self.resources[place.example]["resourceType"]].append(place)
        return [found[type_] for type_ in sorted(found)]


def mutations_by_kind(pool: Pool, per_kind: int = PER_KIND) -> dict[str, list[Mutation]]:
    """Return broken payloads of every kind."""
    everywhere = pool.by_type(pool.places)
    found = {
        name: draw(pool, name, everywhere, _one(kind), per_kind) for name, kind in KINDS.items()
    }
    for name, zone in ((IN_CONTAINED, "contained"), (IN_ENTRY, "entry")):
        places = pool.by_type(pool.in_zone(zone))
        found[name] = draw(pool, name, places, _any_kind, per_kind)
    return found


def draw(
    pool: Pool, kind: str, places: list[list[Place]], change: Change, count: int
) -> list[Mutation]:
    """Draw different payloads, as long as there are any, one resource type after the other."""
    rng = random.Random(kind)  # noqa: S311 - the same payloads in every run
    drawn: dict[bytes, Mutation] = {}
    for place, edit in _in_turn(_spread(places, rng), change, rng):
        mutation = mutate(pool, kind, place, edit)
        drawn.setdefault(mutation.text, mutation)
        if len(drawn) == count:
            break
    return list(drawn.values())


def mutate(pool: Pool, kind: str, place: Place, edit: Edit) -> Mutation:
    """Apply an edit to a copy of the example."""
    resource = pool.resources[place.example]
    return Mutation(
        kind=kind,
        example=place.example,
        resource_type=resource["resourceType"],
        where=f"{place.text} {edit.what}",
        payload=edited(resource, place.keys, edit.changes),
        json_only=edit.json_only,
    )


def _one(kind: Callable[[Place], Edits]) -> Change:
    return lambda place, rng: _shuffled(kind(place), rng)


def _any_kind(place: Place, rng: random.Random) -> Edits:
    kinds = _shuffled(list(KINDS.values()), rng)
    return _shuffled(next((e for e in (kind(place) for kind in kinds) if e), []), rng)


def _in_turn(
    places: Iterable[Place], change: Change, rng: random.Random
) -> Iterator[tuple[Place, Edit]]:
    """Give one edit of every place, then a second of every place that has one, and so on."""
    waiting: list[tuple[Place, Edits]] = []
    for place in places:
        edits = change(place, rng)
        if edits:
            yield place, edits.pop()
            waiting.append((place, edits))
    while waiting:
        yield from ((place, edits.pop()) for place, edits in waiting if edits)
        waiting = [(place, edits) for place, edits in waiting if edits]


def _spread(by_type: list[list[Place]], rng: random.Random) -> Iterator[Place]:
    """Give all places, a type at a time in turn, each type from a point of its own."""
    starts = [rng.randrange(len(places)) for places in by_type]
    for step in range(max(map(len, by_type))):
        for start, places in zip(starts, by_type, strict=True):
            if step < len(places):
                yield places[(start + step) % len(places)]


def _shuffled(things: Iterable[Any], rng: random.Random) -> list[Any]:
    found = list(things)
    rng.shuffle(found)
    return found


def edited(
    node: Any,
    keys: tuple[str | int, ...],
    changes: dict[str, Any],
) -> Any:
    """Copy what leads to the change, share the rest."""
    copy: Any = list(node) if isinstance(node, list) else dict(node)
    if keys:
        copy[keys[0]] = edited(node[keys[0]], keys[1:], changes)
        return copy
    for name, value in changes.items():
        if value is DROP:
            copy.pop(name, None)
        else:
            copy[name] = value
    return copy

"""The rows of a journal: resources of the source, and what became of each."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from pymedplum_runtime.loading.links import Target


class State(IntEnum):
    """What is known of a resource."""

    PENDING = 0
    CREATED = 1
    EXISTED = 2
    UPDATED = 3
    UNVERIFIED = 4
    """Stored; whether its references within its knot are right is to be seen."""
    REFUSED = 5
    """By the server: it would refuse it again."""
    UNANSWERED = 6
    """The server was busy, down or in conflict, and stayed so."""
    ORPHANED = 7
    """What it refers to failed."""
    UNUSABLE = 8
    """The line is no resource, or repeats another."""


STORED = frozenset({State.CREATED, State.EXISTED, State.UPDATED, State.UNVERIFIED})
FAILED = frozenset({State.REFUSED, State.UNANSWERED, State.ORPHANED, State.UNUSABLE})


class Row(NamedTuple):
    """A resource of the source, as it is entered."""

    n: int
    source: str
    line: int
    resource_type: str | None
    old_id: str | None
    digest: bytes
    problem: str | None
    targets: frozenset[Target] | set[Target]


class Entry(NamedTuple):
    """A resource of the source, as it is found again."""

    n: int
    resource_type: str
    old_id: str | None
    knot: int
    state: int
    new_id: str | None


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a resource."""

    n: int
    state: State
    new_id: str | None = None
    status: int | None = None
    reason: str | None = None
    codes: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()

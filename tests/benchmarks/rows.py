"""One line of the table: what everybody measured, and what the design asks of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.benchmarks.contestants import OURS, PYMEDPLUM

Unit = Literal["ms", "s", "us", "MiB", "files"]


@dataclass(frozen=True, slots=True)
class Target:
    """A limit for ours: so many times what the floor, or pymedplum 0.6.0, measured."""

    text: str
    base: Literal["floor", "peer"]
    factor: float


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of all contestants; who is missing failed, or has nothing to measure."""

    measure: str
    unit: Unit
    values: Mapping[str, float]
    floor: float | None = None
    target: Target | None = None
    counts: Mapping[str, str] = field(default_factory=dict[str, str])  # printed beside the value

    @property
    def ours(self) -> float | None:
        return self.values.get(OURS.name)

    @property
    def to_floor(self) -> float | None:
        return _ratio(self.ours, self.floor)

    @property
    def to_peer(self) -> float | None:
        return _ratio(self.ours, self.values.get(PYMEDPLUM.name))

    @property
    def goal(self) -> str:
        return self.target.text if self.target else ""

    @property
    def is_met(self) -> bool | None:
        """Say whether ours keeps to the limit; None where nothing can be said."""
        if self.target is None:
            return None
        ratio = self.to_floor if self.target.base == "floor" else self.to_peer
        return None if ratio is None else ratio <= self.target.factor


@dataclass(frozen=True, slots=True)
class CountRow:
    """How many of HL7's examples each contestant manages; ours must manage certain ones."""

    measure: str
    values: Mapping[str, float]
    goal: str
    is_met: bool | None
    unit: Unit = "files"
    floor: float | None = None
    to_floor: float | None = None
    to_peer: float | None = None
    counts: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Report:
    """Rows, and what could not be measured with the reason."""

    rows: tuple[Row | CountRow, ...]
    notes: tuple[str, ...] = ()


def notes_of(failures: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}: {reason}" for name, reason in failures.items())


def _ratio(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else value / base

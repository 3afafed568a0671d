"""In which order resources that refer to each other can be stored: targets first.

Resources that refer to each other in a circle form a knot: none of them can be first, so they go
together. Knows numbers alone; a few integers for each resource and reference are all it keeps.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """The order of resources, which are numbered from 1; place 0 means nothing."""

    waves: "array[int]"
    """0 for those that wait for none; else one more than the latest that they wait for."""
    knots: "array[int]"
    """The least number in the resource's knot; 0 where it is in none."""


class Graph:
    """Who refers to whom; `order` takes time in proportion to resources and references."""

    def __init__(self, count: int, links: Iterable[tuple[int, int]]) -> None:
        """Take links from a number to the number that it refers to, sorted by the first."""
        self._count = count
        self._targets = array("q")
        self._starts = array("q", bytes(8 * (count + 2)))
        for number, target in links:
            self._targets.append(target)
            self._starts[number + 1] += 1
        for number in range(1, count + 2):
            self._starts[number] += self._starts[number - 1]

    def order(self) -> Order:
        """Find the knots, targets before those that refer to them (Tarjan, 1972)."""
        self._seen = array("q", bytes(8 * (self._count + 1)))
        self._least = array("q", bytes(8 * (self._count + 1)))
        self._waves = array("q", [-1]) * (self._count + 1)
        self._knots = array("q", bytes(8 * (self._count + 1)))
        self._open: list[int] = []
        self._visits = 0
        for number in range(1, self._count + 1):
            if not self._seen[number]:
                self._explore(number)
        return Order(self._waves, self._knots)

    def _explore(self, root: int) -> None:
        path = [(root, self._visit(root))]
        while path:
            number, place = path.pop()
            end = self._starts[number + 1]
            while place < end:
                target = self._targets[place]
                if not self._seen[target]:
                    path += [(number, place), (target, self._visit(target))]
                    break
                if self._waves[target] < 0:  # still open: a way back
                    self._least[number] = min(self._least[number], self._least[target])
                place += 1
            else:
                if self._least[number] == self._seen[number]:
                    self._close(number)

    def _visit(self, number: int) -> int:
        self._visits += 1
        self._seen[number] = self._least[number] = self._visits
        self._open.append(number)
        return self._starts[number]

    def _close(self, first: int) -> None:
        """Take everything that was opened since `first` as a knot, or `first` alone as none."""
        place = len(self._open) - 1
        while self._open[place] != first:
            place -= 1
        members = self._open[place:]
        del self._open[place:]
        targets = [t for n in members for t in self._targets[self._starts[n] : self._starts[n + 1]]]
        wave = 1 + max((self._waves[target] for target in targets), default=-1)
        is_knot = len(members) > 1 or first in targets
        for number in members:
            self._waves[number] = wave
            self._knots[number] = min(members) if is_knot else 0

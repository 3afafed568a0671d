"""What is wrong with profiles, collected so that all of it is told at once."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pymedplum_runtime.errors import ProfileError

_MOST_TOLD = 20


class Tolerated(NamedTuple):
    """A problem of a published profile that is known, and does not keep the profile out."""

    profile: str
    """The canonical URL, without version."""
    element: str
    """The id of the element, as the error names it."""
    reason: str
    """Why it is tolerated."""


class Problems:
    """The problems of one profile."""

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self.found: list[ProfileError] = []

    def add(self, element: str | None, message: str, expression: str | None = None) -> None:
        """Note a problem."""
        self.found.append(ProfileError(message, self.profile, element, expression))


def raise_problems(found: Sequence[ProfileError]) -> None:
    """Raise the first of several problems, whose text tells the others too; or do nothing.

    Raises:
        ProfileError: there is one; all of them stand in its `problems`.
    """
    if not found:
        return
    first = found[0]
    told = [str(problem) for problem in found[:_MOST_TOLD]]
    if len(found) > _MOST_TOLD:
        told.append(f"and {len(found) - _MOST_TOLD} more")
    error = first if len(found) == 1 else ProfileError.__new__(ProfileError)
    if len(found) > 1:
        error.args = (f"{len(found)} problems:\n" + "\n".join(told),)
        error.__dict__.update(first.__dict__)
    error.problems = tuple(found)
    raise error


def untolerated(
    found: Iterable[ProfileError], tolerated: Sequence[tuple[str, str, str]]
) -> tuple[list[ProfileError], list[ProfileError]]:
    """Part problems from the tolerated ones.

    Returns:
        The problems that are left; and a problem for each tolerated one that does not occur.
    """
    known = [(profile, element) for profile, element, _ in tolerated]
    met: set[tuple[str, str]] = set()
    left: list[ProfileError] = []
    for problem in found:
        place = (problem.profile.partition("|")[0], problem.element or "")
        if place in known:
            met.add(place)
        else:
            left.append(problem)
    unused = [
        ProfileError("is tolerated, and has no problem: take the row away", *place)
        for place in known
        if place not in met
    ]
    return left, unused

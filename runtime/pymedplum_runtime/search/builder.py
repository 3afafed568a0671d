"""A search put together step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymedplum_runtime.search.options import (
    SummaryMode,
    TotalMode,
    joined,
    summary_text,
    texts,
    total_text,
    whole_number,
)
from pymedplum_runtime.search.parameters import check_name, parameter_pairs


@dataclass(frozen=True, slots=True, repr=False)
class Search:
    """The parameters of a search. Every method returns a new search and leaves this one alone.

    Printing one shows the names of its parameters, never their values.

    Example:
        >>> adults = Search().where("birthdate", le(date(2006, 1, 1))).sort("-birthdate").count(50)
        >>> adults.pairs
        (('birthdate', 'le2006-01-01'), ('_sort', '-birthdate'), ('_count', '50'))
    """

    pairs: tuple[tuple[str, str], ...] = ()
    """Names and texts in order, not yet percent-encoded."""

    # The annotation of `value` is `Any`: everything that `search_value` reads.
    def where(self, name: str, value: Any, *, modifier: str | None = None) -> "Search":  # noqa: ANN401
        """Add a condition; several must all hold.

        Args:
            name: the parameter, chained ones included: `subject:Patient.name`.
            value: what `search_value` reads. A tuple is alternatives, a list repeats the
                parameter (all must hold), `None` adds nothing.
            modifier: such as `exact`, `contains`, `missing`, `not` or `Patient`.

        Raises:
            TypeError: the value has no search text.
            ValueError: the name or the value cannot be one.

        Example:
            >>> Search().where("family", "Smith", modifier="exact").pairs
            (('family:exact', 'Smith'),)
        """
        check_name(name)
        if modifier is not None:
            check_name(modifier)
            name = f"{name}:{modifier}"
        return Search((*self.pairs, *parameter_pairs(name, value)))

    def has(self, resource_type: str, reference: str, name: str, value: Any) -> "Search":  # noqa: ANN401
        """Add a condition on the resources that refer to those searched for.

        Args:
            resource_type: the type that refers, such as `Observation`.
            reference: its search parameter that refers, such as `patient`.
            name: its search parameter to look at, such as `code`.
            value: what `search_value` reads.

        Example:
            >>> Search().has("Observation", "patient", "code", "1234-5").pairs
            (('_has:Observation:patient:code', '1234-5'),)
        """
        return self.where(f"_has:{resource_type}:{reference}:{name}", value)

    def include(self, *paths: str, iterate: bool = False) -> "Search":
        """Return what the matches refer to as well.

        Args:
            paths: such as `Patient:organization`.
            iterate: follow the references of what is included, too.

        Example:
            >>> Search().include("Observation:patient").pairs
            (('_include', 'Observation:patient'),)
        """
        return self._repeat("_include", "include", paths, iterate=iterate)

    def revinclude(self, *paths: str, iterate: bool = False) -> "Search":
        """Return what refers to the matches as well, by paths such as `Observation:patient`."""
        return self._repeat("_revinclude", "revinclude", paths, iterate=iterate)

    def sort(self, *names: str) -> "Search":
        """Sort by parameters; `-` before a name sorts downwards.

        Example:
            >>> Search().sort("-date", "code").pairs
            (('_sort', '-date,code'),)
        """
        return self._once("_sort", joined("sort", names))

    def count(self, number: int) -> "Search":
        """Ask for pages of so many matches; the server has a limit of its own."""
        return self._once("_count", whole_number("count", number))

    def offset(self, number: int) -> "Search":
        """Leave out the first matches."""
        return self._once("_offset", whole_number("offset", number))

    def elements(self, names: str | Sequence[str]) -> "Search":
        """Ask for these elements alone; the resources are then incomplete, and stay dicts."""
        return self._once("_elements", joined("elements", names))

    def summary(self, mode: SummaryMode) -> "Search":
        """Ask for less of each resource, or with `count` for no resources at all."""
        return self._once("_summary", summary_text(mode))

    def total(self, mode: TotalMode) -> "Search":
        """Ask how many match; Medplum counts only when asked to."""
        return self._once("_total", total_text(mode))

    def _once(self, name: str, text: str | None) -> "Search":
        others = tuple(pair for pair in self.pairs if pair[0] != name)
        return Search((*others, (name, text)) if text is not None else others)

    def _repeat(self, name: str, method: str, paths: Sequence[str], *, iterate: bool) -> "Search":
        name = f"{name}:iterate" if iterate else name
        return Search((*self.pairs, *((name, path) for path in texts(method, paths))))

    def __repr__(self) -> str:
        return f"Search({', '.join(name for name, _ in self.pairs)})"

"""Slices of a list: to which of them each item belongs, how many there are, and in which order."""

from collections.abc import Sequence
from typing import Any

from pymedplum_runtime.profiles.tables import ElementTable
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.json_values import as_object
from pymedplum_runtime.validation.profile_conformance import verdict
from pymedplum_runtime.validation.profile_plans import Plan
from pymedplum_runtime.validation.report import Severity
from pymedplum_runtime.validation.slicing_match import Matcher, matcher_of

_NAMED = 8  # slices that a message lists
_DEFAULT = "@default"  # the slice of what is in no other one


class Slice:
    """One slice, with how its items are known."""

    __slots__ = (
        "element",
        "is_supported",
        "key",
        "matcher",
        "maximum",
        "minimum",
        "name",
        "rank",
        "table",
    )

    def __init__(self, name: str, rank: int, table: ElementTable, element: str) -> None:
        self.name = name
        self.rank = rank
        self.table = table
        self.element = element
        self.minimum = table.get("min", 0)
        most = table.get("max")
        self.maximum = most if isinstance(most, int) else None
        self.is_supported = bool(table.get("must_support")) and self.maximum != 0
        self.key = _key(table)
        self.matcher: Matcher


class Slicing:
    """The slices of one list, made ready."""

    def __init__(self, table: ElementTable, element: str, plan: Plan) -> None:
        self.element = element
        self.rules = table.get("slicing", {}).get("rules", "open")
        self.ordered = table.get("slicing", {}).get("ordered", False)
        slash = "/" if ":" in element.rpartition(".")[2] else ":"
        self.slices = [
            Slice(name, rank, child, f"{element}{slash}{name}")
            for rank, (name, child) in enumerate(table.get("slices", {}).items())
        ]
        for each in self.slices:
            each.matcher = matcher_of(each.table, plan, _satisfies(each, plan))
        self.default = next((s for s in self.slices if s.name == _DEFAULT), None)
        self._by_key: dict[str, dict[str, list[Slice]]] = {}
        for each in self.slices:
            if each.key:
                path, value = each.key
                self._by_key.setdefault(path, {}).setdefault(value, []).append(each)
        self._others = [s for s in self.slices if not s.key and s is not self.default]

    def find(self, place: Place, context: Context) -> "tuple[list[Slice], list[Slice]]":
        """Return the slices that an item belongs to, and those that it may belong to."""
        sure: list[Slice] = []
        maybe: list[Slice] = []
        for path, slices in self._by_key.items():
            value = _at(path, place)
            if isinstance(value, str):
                sure += slices.get(value, ())
        for each in self._others:
            answer = each.matcher(place, context)
            if answer is not False:
                (sure if answer else maybe).append(each)
        return sure, maybe


def _key(table: ElementTable) -> "tuple[str, str] | None":
    """Return path and text of a slice whose items are known by one text, such as their `url`."""
    rows = table.get("match", ())
    fixed, path = (rows[0].get("fixed"), rows[0].get("path", "")) if len(rows) == 1 else (None, "")
    return (path, fixed) if isinstance(fixed, str) and path in {"url", "$this"} else None


def _at(path: str, place: Place) -> Any:  # noqa: ANN401 - a JSON value
    if path == "$this":
        return place.value
    return as_object(place.value).get(path)


def _satisfies(slice_: Slice, plan: Plan) -> Matcher:
    def satisfies(place: Place, context: Context) -> bool | None:
        trial = context.trial()
        _check_item(slice_, place, plan, trial)
        return verdict(trial)

    return satisfies


def _check_item(slice_: Slice, place: Place, plan: Plan, context: Context) -> None:
    from pymedplum_runtime.validation.profile_pass import check_node  # noqa: PLC0415 - a cycle

    check_node(plan.node(slice_.table, place.type, slice_.element), place, plan, context)


def check_slices(  # noqa: PLR0913, PLR0917 - what the pass has at hand
    table: ElementTable,
    element: str,
    parent: Place,
    places: Sequence[Place],
    plan: Plan,
    context: Context,
) -> None:
    """Check the slices of a list: each item once, then their numbers and order.

    Args:
        table: the element with `slicing` and `slices`, or a slice that has slices itself.
        element: its path, with the slice's name if it is one.
        parent: the place that the list is in.
        places: the items.
        plan: the profile's plan.
        context: where issues go.
    """
    key = (id(table), element)
    slicing = plan.slicings.get(key)
    if slicing is None:
        slicing = plan.slicings[key] = Slicing(table, element, plan)
    _Sorting(slicing, plan, context).run(parent, places)


class _Sorting:
    """Sorts the items of one list into the slices."""

    def __init__(self, slicing: Slicing, plan: Plan, context: Context) -> None:
        self.slicing = slicing
        self.plan = plan
        self.context = context
        self.items: dict[int, list[Place]] = {}
        self.maybe: set[int] = set()
        self.last: Slice | None = None
        self.outside: Place | None = None

    def run(self, parent: Place, places: Sequence[Place]) -> None:
        for place in places:
            self._sort(place)
        for each in self.slicing.slices:
            found = self.items.get(each.rank, [])
            self._count(each, len(found), parent)
            for place in found:
                _check_item(each, place, self.plan, self.context)
            if "slices" in each.table:
                check_slices(each.table, each.element, parent, found, self.plan, self.context)

    def _sort(self, place: Place) -> None:
        sure, maybe = self.slicing.find(place, self.context)
        if sure:
            self._take(place, sure)
        elif maybe:
            self.maybe.update(each.rank for each in maybe)
            names = " or ".join(each.name for each in maybe)
            reason = f"whether the item belongs to slice {names} cannot be told"
            self.context.leave_unchecked(place, self.plan.url, reason)
        elif self.slicing.default is not None:
            self._take(place, [self.slicing.default])
        else:
            self._leave_out(place)

    def _take(self, place: Place, slices: "list[Slice]") -> None:
        first = slices[0]
        if len(slices) > 1:
            names = " and ".join(f"'{each.name}'" for each in slices)
            message = f"matches the slices {names}, and may be in one alone"
            self._report("error", "multiple-matches", place, message, first.element)
        self.items.setdefault(first.rank, []).append(place)
        if self.slicing.ordered:
            self._follow(place, first)
        if self.outside is not None and self.slicing.rules == "openAtEnd":
            message = f"must come before the items that are in no slice of {self.slicing.element}"
            self._report("error", "structure", place, message, first.element)

    def _follow(self, place: Place, slice_: Slice) -> None:
        if self.last is not None and slice_.rank < self.last.rank:
            message = f"slice '{slice_.name}' must come before slice '{self.last.name}'"
            self._report("error", "structure", place, message, slice_.element)
        else:
            self.last = slice_

    def _leave_out(self, place: Place) -> None:
        self.outside = place
        if self.slicing.rules == "closed":
            named = [each.name for each in self.slicing.slices[:_NAMED]]
            more = len(self.slicing.slices) - len(named)
            names = ", ".join([*named, f"{more} more"] if more else named)
            message = f"is in no slice of {self.slicing.element}, which has only {names}"
            self._report("error", "structure", place, message, self.slicing.element)

    def _count(self, slice_: Slice, count: int, parent: Place) -> None:
        if slice_.is_supported and not count and slice_.rank not in self.maybe:
            self.context.must_support(self.plan.url, slice_.element)
        code = "structure"
        if count < slice_.minimum and slice_.rank not in self.maybe:
            code, wrong = "required", f"at least {slice_.minimum} is required"
        elif slice_.maximum is not None and count > slice_.maximum:
            wrong = f"at most {slice_.maximum} is allowed"
        else:
            return
        base = self.slicing.element
        message = f"slice '{slice_.name}' of {base}: {wrong}, {count} found"
        name = base.rpartition(".")[2].partition(":")[0].removesuffix("[x]")
        self._report("error", code, parent.child(name, None, None, ""), message, slice_.element)

    def _report(
        self, severity: Severity, code: str, place: Place, message: str, element: str
    ) -> None:
        url = self.plan.url
        self.context.report(
            severity, code, place, message, definition=url, element=element, profile=url
        )

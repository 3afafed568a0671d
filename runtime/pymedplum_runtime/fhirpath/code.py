"""What an expression is compiled to: closures over the scope in which they are evaluated.

A part of an expression gives items; a condition gives true, false or nothing (None) without making
items. What a part needs tells how long its result may be kept.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Fault

if TYPE_CHECKING:
    from pymedplum_runtime.fhirpath.nodes import Environment
    from pymedplum_runtime.fhirpath.shapes import Shapes

# What a part needs besides what it says itself.
FOCUS = 1  # the item under evaluation: `$this`, `$index`, or a name that stands first
CONTEXT = 2  # `%context`
RESOURCE = 4  # the environment: `%resource`, variables, the types, the time
DYNAMIC = 8  # a variable that the expression itself defines
TOTAL = 16  # `$total`
VARYING = FOCUS | DYNAMIC | TOTAL

MOST_ITEMS = 500_000
# Steps of one evaluation: an item that a lambda is evaluated on is one. What else is made counts in
# proportion to its cost, so that the most that can be asked for takes about a second.
MOST_STEPS = 3_000_000
_STEPS = "steps"
_ITEMS_IN_STEP = 4
_CHARACTERS_IN_STEP = 30


class Scope:
    """What is evaluated on, at one level of an expression; `where()` and its like open another."""

    __slots__ = (
        "cache",
        "context",
        "env",
        "focus",
        "index",
        "shapes",
        "total",
        "variables",
    )

    def __init__(
        self,
        env: "Environment",
        shapes: "Shapes",
        focus: list[Node],
        context: list[Node],
        cache: dict[str, Any],
    ) -> None:
        self.env = env
        self.shapes = shapes
        self.focus = focus
        self.context = context
        self.cache = cache
        self.index = 0
        self.total: list[Node] | None = None
        self.variables: dict[str, list[Node]] | None = None

    def inner(self) -> "Scope":
        """Return a scope inside this one; its focus is still to be set."""
        scope = Scope(self.env, self.shapes, self.focus, self.context, self.cache)
        scope.total = self.total
        scope.variables = self.variables
        return scope


def spend(scope: Scope, steps: int) -> None:
    """Count steps of the evaluation.

    Raises:
        Fault: there are so many that the expression was made to take all the time or memory.
    """
    cache = scope.cache
    spent: int = cache.get(_STEPS, 0) + steps
    if spent > MOST_STEPS:
        raise Fault(f"the evaluation takes more than {MOST_STEPS} steps")
    cache[_STEPS] = spent


def weigh(scope: Scope, items: list[Node]) -> list[Node]:
    """Count what was made of items or of a text, and return it."""
    if len(items) > _ITEMS_IN_STEP:
        spend(scope, len(items) // _ITEMS_IN_STEP)
    elif len(items) == 1 and items[0].type == "System.String":
        length = len(items[0].value)
        if length > _CHARACTERS_IN_STEP:
            spend(scope, length // _CHARACTERS_IN_STEP)
    return items


Items = Callable[[Scope], list[Node]]
Truth = Callable[[Scope], bool | None]

NOTHING: list[Node] = []
TRUE = [Node(True, "System.Boolean")]  # noqa: FBT003 - a value of the language
FALSE = [Node(False, "System.Boolean")]  # noqa: FBT003 - the same


def as_items(truth: bool | None) -> list[Node]:  # noqa: FBT001 - a value of the language
    """Return a claim as items."""
    return TRUE if truth is True else FALSE if truth is False else NOTHING


def as_truth(items: list[Node]) -> bool | None:
    """Return what items mean as a condition: a single one that is no boolean is true.

    Source: https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections

    Raises:
        Fault: there are several items.
    """
    if not items:
        return None
    if len(items) > 1:
        raise Fault("a condition gives several items")
    value = items[0].value
    if value is None:
        return None
    return value is not False


class Code:
    """A compiled part of an expression."""

    __slots__ = ("is_claim", "items", "needs", "present", "truth")

    def __init__(
        self,
        needs: int,
        items: Items | None = None,
        truth: Truth | None = None,
        present: Callable[[Scope], bool] | None = None,
    ) -> None:
        self.needs = needs
        self.is_claim = items is None
        """Whether it is true, false or nothing whatever it is evaluated on."""
        self.items = items or _items_of(truth)
        self.truth = truth or _truth_of(self.items)
        self.present = present or _present_of(self.items)


def _items_of(truth: Truth | None) -> Items:
    if truth is None:
        raise TypeError("give the items, the truth, or both")
    return lambda scope: as_items(truth(scope))


def _truth_of(items: Items) -> Truth:
    return lambda scope: as_truth(items(scope))


def _present_of(items: Items) -> Callable[[Scope], bool]:
    return lambda scope: bool(items(scope))

"""The elements of a StructureDefinition as a tree: what stands where, by id or by path.

Knows nothing of what the elements say.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

Definition = Mapping[str, Any]  # a StructureDefinition or an ElementDefinition: JSON, as published
Step = tuple[str, str | None]  # the name of an element and of its slice

MOST_LEVELS = 100
CHOICE = "[x]"


@dataclass(slots=True)
class Outline:
    """An element, and those below it in their order."""

    name: str
    """As it is written: `value[x]`, or `valueQuantity` for short."""
    slice_name: str | None
    id: str
    """Its id for messages: `Observation.component:systolic.code`."""
    definition: Definition = field(default_factory=dict[str, Any])
    """Empty where the profile says nothing of the element itself."""
    children: dict[Step, "Outline"] = field(default_factory=dict[Step, "Outline"])
    is_repeated: bool = False
    """Whether the profile has it twice."""
    is_cut: bool = False
    """Whether the profile goes on below it, further than is read."""

    def in_order(self) -> Iterator["Outline"]:
        """Give the elements below, the slices of an element after the element."""
        yield from sorted(self.children.values(), key=lambda child: child.slice_name is not None)


def outline_of(definition: Definition) -> Outline:
    """Return the root of the elements of a snapshot, or of the differential where there is none."""
    listed = elements_of(definition)
    first = cast("str", listed[0]["path"]) if listed else str(definition.get("type", ""))
    root = Outline(first.partition(".")[0], None, first.partition(".")[0])
    for element, steps in _steps(listed):
        _place(root, element, steps)
    return root


def elements_of(definition: Definition) -> list[Definition]:
    """Return the ElementDefinitions of a snapshot, or of the differential where there is none."""
    part = definition.get("snapshot" if has_snapshot(definition) else "differential")
    listed = cast("Definition", part or {}).get("element", [])
    return [e for e in cast("list[Definition]", listed) if "path" in e]


def has_snapshot(definition: Definition) -> bool:
    """Tell whether a StructureDefinition has a snapshot."""
    return bool(cast("Definition", definition.get("snapshot") or {}).get("element"))


def _place(root: Outline, element: Definition, steps: list[Step]) -> None:
    node = root
    for name, slice_name in steps[1 : MOST_LEVELS + 1]:
        label = name if slice_name is None else f"{name}:{slice_name}"
        node = node.children.setdefault(
            (name, slice_name), Outline(name, slice_name, f"{node.id}.{label}")
        )
    if len(steps) > MOST_LEVELS + 1:
        node.is_cut = True
    elif node.definition:
        node.is_repeated = True
    else:
        node.definition = element


def _steps(elements: Iterable[Definition]) -> Iterator[tuple[Definition, list[Step]]]:
    """Give each element with its steps: by its id where that fits its path, or by its place.

    An id may be any text; sliceName and the order of the elements say the same.
    """
    seen: dict[str, tuple[int, str | None]] = {}
    for number, element in enumerate(elements):
        path, slice_name = element["path"], element.get("sliceName")
        names = path.split(".", MOST_LEVELS + 2)
        seen[path] = (number, slice_name if isinstance(slice_name, str) else None)
        yield element, _steps_of_id(element.get("id"), names) or list(_steps_of_path(names, seen))


def _steps_of_path(names: list[str], seen: Mapping[str, tuple[int, str | None]]) -> Iterator[Step]:
    """Give the steps of a path; an element lies in the slices that were begun last above it."""
    latest = -1
    for level, name in enumerate(names):
        number, slice_name = seen.get(".".join(names[: level + 1]), (-1, None))
        yield name, slice_name if number >= latest else None
        latest = max(latest, number)


def _steps_of_id(given: object, names: list[str]) -> list[Step] | None:
    if not isinstance(given, str):
        return None
    steps = [
        (n, s or None)
        for n, _, s in (part.partition(":") for part in given.split(".", MOST_LEVELS + 2))
    ]
    is_same = len(steps) == len(names) and all(map(_is_same, steps, names))
    return [_written(s, n) for s, n in zip(steps, names, strict=True)] if is_same else None


def _is_same(step: Step, name: str) -> bool:
    stem = step[0].removesuffix(CHOICE)
    return step[0] == name or (stem != step[0] and name.startswith(stem))


def _written(step: Step, name: str) -> Step:
    """Return a step under the name in the path, where the id says the slice no clearer."""
    return (name, None) if step[1] is None else step

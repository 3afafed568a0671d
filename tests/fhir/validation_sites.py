"""Where an element of a profile stands, or could stand, in an instance, and how to change that."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from definitions import Json
from edits import DROP
from validation_instances import sample_of_type
from validation_published import Keys, Spot, holders, json_names, spots, value_at
from validation_seeds import Instance

Change = tuple[Keys, dict[str, Any]]  # the keys of an object, and new values in it


@dataclass(frozen=True, slots=True)
class Site:
    """Where an element stands, or could stand, in an instance."""

    url: str
    element: Json
    instance: Json
    spots: tuple[Spot, ...]  # every value of it; for a slice its items
    holder: Keys

    @property
    def name(self) -> str:
        return self.spots[0].name if self.spots else json_names(self.url, self.element["id"])[0]

    @property
    def value(self) -> Any:
        """The first value, or a sample where there is none."""
        if self.spots:
            return value_at(self.instance, self.spots[0].keys)
        return sample_of_type(self.element["type"][0]) if self.element.get("type") else {}

    @property
    def is_list(self) -> bool:
        return bool(self.element["base"]["max"] != "1")

    def put(self, value: Any) -> Change:
        """Put one value where the first one stands, or where it could."""
        if not self.is_list:
            return self.holder, {self.name: value}
        items = list(value_at(self.instance, self.holder).get(self.name, []))
        if self.spots:
            items[self.spots[0].index or 0] = value
        else:
            items.append(value)
        return self.holder, {self.name: items}

    def put_items(self, count: int) -> Change:
        """Leave or make so many values, for a slice of its items."""
        items = list(value_at(self.instance, self.holder).get(self.name, []))
        mine = [spot.index for spot in self.spots]
        others = [item for index, item in enumerate(items) if index not in mine]
        kept = [items[index] for index in mine if index is not None][:count]
        more = [self.value] * (count - len(kept))
        changed = [*kept, *more, *others]
        return self.holder, {self.name: changed or DROP}


def sites(url: str, element: Json, instance: Instance) -> Iterator[Site]:
    element_id, payload = element["id"], instance.payload
    if "." not in element_id:
        yield Site(url, element, payload, (), instance.root)
        return
    found: dict[Keys, list[Spot]] = {}
    for spot in spots(url, payload, element_id, instance.root):
        found.setdefault(spot.holder, []).append(spot)
    for holder, there in found.items():
        yield Site(url, element, payload, tuple(there), holder)
    for holder in holders(url, payload, element_id, instance.root):
        if holder not in found:
            yield Site(url, element, payload, (), holder)


Maker = Callable[[Site], Change | None]

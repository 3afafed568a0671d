"""Random edits without an aim: some leave the resource valid, most do not."""

import random
from typing import Any

from definitions import Place, slots
from edits import DROP, EXTENDED, Edit, Edits, with_value
from mutations import Change, Mutation, Pool, draw

KIND = "random edit"
ODD_VALUES: list[Any] = [
    "", " ", "x", "2020", "2020-01-01", "10:00:00", "2020-01-01T10:00:00.1234567890123Z", "é",
    "http://example.org", "a b", "a" * 70, "\u0000", "\u00a0", "YWJj", "YW Jj", "true", "null",
    0, 1, -1, 1.5, 1e300, 2**31, 2**53, True, False, None,
    {}, [], [[]], [None], [{}], {"id": "a"}, {"value": 1}, {"text": "x"}, EXTENDED, [EXTENDED],
    {"resourceType": "Patient"}, {"reference": "#x"}, {"extension": []}, {"extension": [{}]},
]  # fmt: skip


def random_edits(pool: Pool, count: int) -> list[Mutation]:
    """Draw payloads, each with one random edit, spread over the resource types."""
    return draw(pool, KIND, pool.by_type(pool.places), _change(pool), count)


def _change(pool: Pool) -> Change:
    def change(place: Place, rng: random.Random) -> Edits:
        slot, value = place.slot, place.value
        other = rng.choice(pool.places)
        neighbour = rng.choice(list(slots(place.home).values()))
        odd = rng.choice(ODD_VALUES)
        edits = [
            Edit("dropped", {slot.name: DROP}),
            Edit(f"first is {odd!r}", {slot.name: with_value(place, odd)}),
            Edit(f"is {odd!r}", {slot.name: odd}),
            Edit(f"has {odd!r}", {f"_{slot.name}": odd}),
            Edit("only has an extension", {slot.name: DROP, f"_{slot.name}": EXTENDED}),
            Edit(f"is {other.text}", {slot.name: other.value}),
            Edit(f"renamed {neighbour.name}", {slot.name: DROP, neighbour.name: value}),
            Edit(f"copied to {neighbour.name}", {neighbour.name: value}),
            Edit(f"{neighbour.name} is {odd!r}", {neighbour.name: odd}),
            Edit(f"{other.slot.name} added", {other.slot.name: other.value}),
        ]
        if slot.is_list:
            nulls = [None] * len(value)
            edits += [
                Edit("doubled", {slot.name: value + value}),
                Edit("ends in null", {slot.name: [*value, None]}),
                Edit("begins with null", {slot.name: [None, *value]}),
                Edit("is all nulls", {slot.name: nulls}),
                Edit(
                    "is all extensions",
                    {slot.name: nulls, f"_{slot.name}": [EXTENDED] * len(value)},
                ),
                Edit("has extensions", {f"_{slot.name}": [EXTENDED, *nulls[1:]]}),
                Edit("has more extensions", {f"_{slot.name}": [*nulls, EXTENDED]}),
            ]
        return rng.sample(edits, 2)

    return change

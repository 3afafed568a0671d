"""Which members of JSON a view reads: what DuckDB has to take out of each line.

Single values but texts are taken as JSON, so that it is seen if they are not what they should be.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pymedplum_runtime.tables.duckdb.sql.spelling import Untranslatable, text_literal


@dataclass(slots=True)
class Shape:
    """An object with the members that are read so far, or a single value if there are none."""

    members: "dict[str, tuple[Shape, bool]]" = field(default_factory=dict[str, Any])
    """What each is, and whether it is an array."""
    is_text: bool = False
    """Whether it is a single value that should be a text."""
    is_whole: bool = False
    """Whether its JSON is wanted as it is."""

    def member(self, name: str, *, repeats: bool = False, is_text: bool = False) -> "Shape":
        """Return a member, which is read from now on.

        Raises:
            Untranslatable: DuckDB cannot tell it from another one.
        """
        if self.is_whole:
            raise Untranslatable(f"'{name}' is read of what is also taken as a whole")
        found = self.members.get(name)
        if found is None:
            if name.lower() in map(str.lower, self.members):
                raise Untranslatable(f"two members differ by case alone, '{name}' is one of them")
            found = self.members[name] = (Shape(is_text=is_text), repeats)
        shape, is_array = found
        if is_array is not repeats:
            raise Untranslatable(f"'{name}' is taken as an array and as a single value")
        return shape

    def take_whole(self) -> None:
        """Have the JSON of the whole object, which no member is then read of.

        Raises:
            Untranslatable: there is one already.
        """
        if self.members:
            name = next(iter(self.members))
            raise Untranslatable(f"'{name}' is read of what is also taken as a whole")
        self.is_whole = True

    def oddities(self, sql: str = "r", path: str = "$") -> Iterator[str]:
        """Give expressions that tell whether an array or object is something else in the JSON.

        DuckDB takes nothing of it then. Where there is something, or no such name in the line,
        that costs nothing. What is inside of arrays is not looked at.
        """
        for name, (shape, is_array) in self.members.items():
            inner, its_path = member(sql, name), f'{path}."{name}"'
            if is_array:
                yield _odd(f"{inner} IS NULL", name, its_path, "ARRAY")
            elif shape.members:
                nothing = " AND ".join(f"{member(inner, each)} IS NULL" for each in shape.members)
                yield _odd(nothing, name, its_path, "OBJECT")
                yield from shape.oddities(inner, its_path)

    def structure(self) -> str:
        """Return the text that `json_transform` takes."""
        return json.dumps(_structure(self))


def _structure(shape: Shape) -> Any:  # noqa: ANN401 - objects, arrays and texts in each other
    if not shape.members:
        return "VARCHAR" if shape.is_text else "JSON"
    pairs = ((name, _structure(of), is_array) for name, (of, is_array) in shape.members.items())
    return {name: [inner] if is_array else inner for name, inner, is_array in pairs}


def member(sql: str, name: str) -> str:
    """Return the expression for a member of an object."""
    return f"struct_extract({sql}, {text_literal(name)})"


def _odd(nothing: str, name: str, path: str, wanted: str) -> str:
    quoted = text_literal(f'"{name}"')
    its_type = f"coalesce(json_type(json, {text_literal(path)}), '{wanted}')"
    return (
        f"CASE WHEN {nothing} THEN CASE WHEN contains(json, {quoted})"
        f" THEN {its_type} <> '{wanted}' END END"
    )

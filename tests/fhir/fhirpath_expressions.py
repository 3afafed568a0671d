"""Random FHIRPath expressions over a resource, from a seeded grammar with types.

An expression is made for the type of its result, so that most of them mean something.
"""

import random
from collections.abc import Callable
from typing import Any

from fhirpath_invariants import paths_in

Json = dict[str, Any]
STRINGS = ("''", "'a'", "'Peter'", "'official'", "'1'", "'1.50'", "'true'", "'2015-02'", "'a,b'")
INTEGERS = ("0", "1", "2", "3", "10", "(-1)")
DECIMALS = ("0.0", "1.5", "1.50", "2.25", "(-0.5)")
DATES = ("@2015", "@2015-02", "@2015-02-04", "@1974-12-25", "@2016-03-28")
TIMES = ("@T10", "@T10:30", "@T10:30:00", "@T09:59:59.5")
MOMENTS = ("@2015T", "@2015-02-04T14:34Z", "@2015-02-04T14:34:28+10:00", "@2016-03-28T00:00:00Z")
STRING_TYPES = frozenset({"string", "code", "uri", "id", "markdown", "canonical", "url"})
SPANS = ("1 year", "2 months", "3 days", "1 week")
TYPES = ("string", "code", "boolean", "Quantity", "HumanName", "Coding", "FHIR.date", "integer")


class Grammar:
    """Makes expressions of every type for one resource.

    Args:
        resource: the resource that paths are taken from.
        seed: what makes the same expressions come again.
    """

    def __init__(self, resource: Json, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a test's choices, not a secret
        self._paths = sorted({(path, place.slot.type) for path, place in paths_in(resource)})
        self._depth = 0

    def expressions(self, count: int) -> tuple[str, ...]:
        """Return different expressions, in the order in which they were made."""
        kinds = (self._collection, self._truth, self._truth, self._text, self._number, self._when)
        found: dict[str, None] = {}
        while len(found) < count:
            self._depth = 0
            found[self._pick(kinds)()] = None
        return tuple(found)

    def _pick(self, choices: Any) -> Any:
        return self._random.choice(choices)

    def _deeper(self, simple: Callable[[], str], *complex_: Callable[[], str]) -> str:
        self._depth += 1
        made = simple() if self._depth > self._random.randint(1, 5) else self._pick(complex_)()
        self._depth -= 1
        return str(made)

    def _path(self) -> str:
        return str(self._pick(self._paths)[0])

    def _path_of(self, types: frozenset[str]) -> str:
        return str(self._pick([p for p, t in self._paths if t in types] or [("{}", "")])[0])

    # Collections

    def _collection(self) -> str:
        return self._deeper(self._path, self._path, self._part, self._pair, self._filtered)

    def _part(self) -> str:
        part = self._pick(
            ("first()", "last()", "tail()", "skip(1)", "take(2)", "[0]", "[1]", "distinct()",
             "children()", "single()", f"ofType({self._pick(TYPES)})", "descendants().take(3)")
        )  # fmt: skip
        return f"{self._collection()}{'' if part[0] == '[' else '.'}{part}"

    def _pair(self) -> str:
        left, right = self._collection(), self._collection()
        name = self._pick(("|", "union", "combine", "intersect", "exclude"))
        return f"({left} | {right})" if name == "|" else f"{left}.{name}({right})"

    def _filtered(self) -> str:
        condition = self._pick(
            ("$this.exists()", "$index = 0", "$index > 0", "true", "children().exists()",
             f"$this is {self._pick(TYPES)}", "hasValue()", "extension.empty()",
             "children().count() > 1")
        )  # fmt: skip
        form = self._pick(("where({})", "where(({}).not())", "select(iif({}, $this, {{}}))"))
        return f"{self._collection()}.{form.format(condition).replace('{{}}', '{}')}"

    # Conditions

    def _truth(self) -> str:
        return self._deeper(
            self._exists, self._exists, self._logic, self._equal, self._ordered, self._about_text,
            self._member, self._of_type, self._for_all, self._converts,
        )  # fmt: skip

    def _exists(self) -> str:
        name = self._pick(("exists()", "empty()", "empty().not()", "count() > 1", "isDistinct()"))
        return f"{self._collection()}.{name}"

    def _logic(self) -> str:
        name = self._pick(("and", "or", "xor", "implies"))
        right = self._pick((self._truth, lambda: "{}"))()
        return f"({self._truth()} {name} {right})"

    def _equal(self) -> str:
        kind = self._pick((self._text, self._number, self._when, self._collection))
        return f"({kind()} {self._pick(('=', '!=', '~', '!~'))} {kind()})"

    def _ordered(self) -> str:
        kind = self._pick((self._text, self._number, self._when))
        return f"({kind()} {self._pick(('<', '<=', '>', '>='))} {kind()})"

    def _about_text(self) -> str:
        name = self._pick(("startsWith", "endsWith", "contains", "matches"))
        return f"{self._text()}.{name}({self._pick(STRINGS)})"

    def _member(self) -> str:
        one, many = self._pick((self._text, self._number))(), self._collection()
        return str(self._pick((f"({one} in {many})", f"({many} contains {one})")))

    def _of_type(self) -> str:
        return f"({self._path()}.first() is {self._pick(TYPES)})"

    def _for_all(self) -> str:
        inner = self._pick(("$this.exists()", "hasValue()", "children().empty()", "id.empty()"))
        return f"{self._collection()}.{self._pick(('all', 'exists'))}({inner})"

    def _converts(self) -> str:
        kind = self._pick((self._text, lambda: self._pick(INTEGERS + DECIMALS)))
        to = self._pick(("Integer", "Decimal", "Boolean", "String", "Date", "DateTime", "Time"))
        return f"{kind()}.convertsTo{to}()"

    # Single values

    def _text(self) -> str:
        return self._deeper(
            lambda: self._pick(STRINGS), lambda: f"{self._path_of(STRING_TYPES)}.first()",
            lambda: f"({self._text()} & {self._text()})",
            lambda: f"({self._text()} + {self._text()})",
            lambda: f"{self._text()}.{self._pick(('upper()', 'lower()', 'toString()'))}",
            lambda: f"{self._text()}.substring({self._pick(('0', '1', '2, 1', '9'))})",
            lambda: f"{self._text()}.replace('e', {self._pick(STRINGS)})",
            # Computed decimals keep their scale with us; JavaScript's numbers have none.
            lambda: f"{self._pick(INTEGERS + DECIMALS)}.toString()",
            lambda: f"{self._collection()}.count().toString()",
            lambda: f"iif({self._truth()}, {self._text()}, {self._text()})",
        )  # fmt: skip

    def _number(self) -> str:
        return self._deeper(
            lambda: self._pick(INTEGERS + DECIMALS), lambda: f"{self._collection()}.count()",
            lambda: f"({self._number()} {self._pick(('+', '-', '*'))} {self._number()})",
            lambda: f"({self._number()} {self._pick(('/', 'div', 'mod'))} {self._number()})",
            lambda: f"{self._text()}.{self._pick(('length()', 'toInteger()', 'toDecimal()'))}",
            lambda: f"{self._text()}.indexOf({self._pick(STRINGS)})",
            lambda: f"{self._number()}.{self._pick(('abs()', 'floor()', 'ceiling()', 'round(1)'))}",
            lambda: f"{self._number()}.truncate()",
        )  # fmt: skip

    def _when(self) -> str:
        return self._deeper(
            lambda: self._pick(DATES + TIMES + MOMENTS), lambda: self._pick(DATES),
            lambda: f"{self._path_of(frozenset({'date', 'dateTime', 'instant'}))}.first()",
            lambda: f"({self._pick(DATES)} {self._pick('+-')} {self._pick(SPANS)})",
            lambda: f"{self._pick(STRINGS)}.toDate()",
        )  # fmt: skip

"""How names and values are spelled in DuckDB's SQL, and what says that a view cannot be.

Source: https://duckdb.org/docs/stable/sql/dialect/keywords_and_identifiers
"""

from collections.abc import Callable
from decimal import Decimal
from itertools import count

from pymedplum_runtime.tables.columns import TableColumn

_MOST_INTEGER = 2**63
_SCALE = 18
_MOST_DECIMAL = 10**20
_DECIMAL = f"DECIMAL(38, {_SCALE})"
_TYPES = {
    "boolean": "BOOLEAN",
    "integer": "INTEGER",
    "integer64": "BIGINT",
    "decimal": _DECIMAL,
    "text": "VARCHAR",
    "time": "VARCHAR",
}


class Untranslatable(Exception):  # noqa: N818 - a reason, not an error of anybody's
    """The view cannot be said in SQL; the message says which part of it."""


class Names:
    """Gives names to the items of lambdas, each only once."""

    def __init__(self) -> None:
        self._numbers = count()

    def new(self) -> str:
        """Return a name that was not given before."""
        return f"x{next(self._numbers)}"


def identifier(name: str) -> str:
    """Return a name as SQL has it, whatever it consists of."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """Return a text as SQL has it, whatever it consists of."""
    return "'" + text.replace("'", "''") + "'"


def literal(value: str | bool | int | Decimal) -> str:  # noqa: FBT001 - one of its kinds
    """Return a value as SQL has it.

    Raises:
        Untranslatable: it is a number that SQL's types do not hold.
    """
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if -_MOST_INTEGER <= value < _MOST_INTEGER:
            return f"CAST({value} AS BIGINT)"
    elif value.is_finite() and abs(value) < _MOST_DECIMAL and value == round(value, _SCALE):
        return f"CAST('{value:f}' AS {_DECIMAL})"
    raise Untranslatable("a number in it is too large or too fine")


def type_of(column: TableColumn) -> str:
    """Return the SQL type of the values of one of the view's columns."""
    one = _TYPES[column.kind]
    return f"{one}[]" if column.collection else one


def let(names: Names, sql: str, body: Callable[[str], str]) -> str:
    """Return what `body` makes of an expression that is evaluated once, however often it is used.

    What has no lambda in it costs little, so it may stand there several times.
    """
    if "lambda" not in sql:
        return body(sql)
    name = names.new()
    return f"list_extract(list_transform([{sql}], lambda {name}: {body(name)}), 1)"

"""Single values of JSON as values of SQL; one of another kind makes the expression fail.

What fails is inside of `TRY`, and Python then sees to the line. Numbers are taken by their text:
DuckDB's own way to a decimal leads over a float, and rounds what should be an integer. Texts are
taken as texts, which is much quicker than as JSON; DuckDB makes texts of all other values too.
"""

import re

from pymedplum_runtime.tables.duckdb.sql.spelling import Names, let

# DuckDB writes numbers with a fraction anew, from floats. Of those with up to 7 digits after the
# point, which alone come here, the ones with up to 8 before it survive that.
_LONG = "[0-9]{9}[.]|[eE]"
_SHORT = 10  # characters, which cannot be such a number
_FRACTION = "[:,[]-?[0-9]+[.eE]"
LONG_FRACTION = "[.][0-9]{8}"

_ODD = r"(?s)-?[0-9.]+(?:[eE][-+]?[0-9]+)?|true|false|[\[{].*"


def text(names: Names, sql: str) -> str:
    """Return a text; what looks like something else must stand between quotes in the line."""
    return let(
        names,
        sql,
        lambda x: (
            f"CASE WHEN regexp_full_match({x}, '{_ODD}')"
            f" THEN CASE WHEN contains(json, '\"' || {x} || '\"') THEN {x}"
            f" ELSE {_failure(x, 'VARCHAR')} END ELSE {x} END"
        ),
    )


def looks_odd(text: str) -> bool:
    """Tell whether a text may be another value of JSON that DuckDB made text of."""
    return re.fullmatch(_ODD, text) is not None


def integer(names: Names, sql: str, sql_type: str) -> str:
    """Return a whole number."""
    return let(
        names,
        sql,
        lambda x: (
            f"CASE WHEN regexp_full_match({x}, '-?[0-9]+') THEN CAST(CAST({x} AS VARCHAR) AS"
            f" {sql_type}) ELSE {_failure(x, sql_type)} END"
        ),
    )


def decimal(names: Names, sql: str) -> str:
    """Return a number as a decimal."""
    return let(
        names,
        sql,
        lambda x: (
            f"CASE WHEN CASE WHEN len({x}) > {_SHORT} OR contains({x}, 'e')"
            f" THEN regexp_matches({x}, '{_LONG}') END THEN {_failure(x, 'DECIMAL(38, 18)')}"
            f" ELSE CAST(CAST({x} AS VARCHAR) AS DECIMAL(38, 18)) END"
        ),
    )


def boolean(names: Names, sql: str) -> str:
    """Return a boolean."""
    return let(
        names,
        sql,
        lambda x: (
            f"CASE WHEN {x} = 'true' THEN true WHEN {x} = 'false' THEN false"
            f" ELSE {_failure(x, 'BOOLEAN')} END"
        ),
    )


def json_text(names: Names, sql: str) -> str:
    """Return the JSON of an object, which DuckDB and msgspec write alike but for numbers."""
    return let(
        names,
        sql,
        lambda x: (
            f"CASE WHEN starts_with({x}, '{{') AND NOT contains({x}, '\\u00') AND NOT"
            f" regexp_matches({x}, '{_FRACTION}') THEN CAST({x} AS VARCHAR)"
            f" ELSE {_failure(x, 'VARCHAR')} END"
        ),
    )


def several(count: str) -> str:
    """Return what fails, in the place of an integer."""
    return f"CAST('several ' || {count} AS BIGINT)"


def _failure(sql: str, sql_type: str) -> str:
    """Return null where there is nothing, and else what fails; `error()` is not for `TRY`."""
    return f"CAST(CAST('odd ' || {sql} AS INTEGER) AS {sql_type})"

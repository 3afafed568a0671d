"""Rows as Arrow tables: types, times, and values that do not fit."""

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.fhirpath import compile_expression
from pymedplum_runtime.models import codec
from pymedplum_runtime.models.number import WrittenDecimal
from pymedplum_runtime.tables.arrow.batches import ArrowRows, RowError, arrow_schema
from pymedplum_runtime.tables.columns import name_clashes
from pymedplum_runtime.tables.plan import Cell, Focus, Plan

_THIS = compile_expression("$this")


def _plan(**types: str) -> Plan:
    """Return a plan with a column for each type; `[string]` is a collection of texts."""
    cells = tuple(
        Cell(name, kind.strip("[]"), kind.startswith("["), Focus(kind), _THIS, "$this", name)
        for name, kind in types.items()
    )
    return Plan("test", "Observation", (), (), cells, ())


def _column(kind: str, *values: object, decimals: Any = "decimal") -> list[object]:
    rows = ArrowRows(_plan(x=kind), decimals=decimals).batch([(value,) for value in values])
    found: list[object] = rows.column("x").to_pylist()
    return found


def test_every_fhir_type_has_its_arrow_type() -> None:
    schema = arrow_schema(
        _plan(
            a="boolean", b="integer", c="positiveInt", d="integer64", e="decimal", f="code",
            g="[decimal]", h="Quantity", i="time", j="[date]",
        )
    )  # fmt: skip
    assert schema.types == [
        pa.bool_(),
        pa.int32(),
        pa.int32(),
        pa.int64(),
        pa.decimal128(38, 18),
        pa.string(),
        pa.list_(pa.decimal128(38, 18)),
        pa.string(),
        pa.string(),
        pa.list_(pa.string()),
    ]


def test_a_time_has_three_columns() -> None:
    plan = _plan(id="id", effective="dateTime", status="code")
    rows: Any = [("a", "2024-05-01T09:30:00.5+02:00", "final"), ("b", None, "final")]
    assert ArrowRows(plan).batch(rows).to_pylist() == [
        {
            "id": "a",
            "effective": "2024-05-01T09:30:00.5+02:00",
            "effective_utc": datetime(2024, 5, 1, 7, 30, 0, 500_000, tzinfo=timezone.utc),
            "effective_precision": "millisecond",
            "status": "final",
        },
        {
            "id": "b",
            "effective": None,
            "effective_utc": None,
            "effective_precision": None,
            "status": "final",
        },
    ]


def test_columns_whose_names_times_need_are_told() -> None:
    plan = _plan(born="date", born_utc="string", other_precision="string", other="instant")
    assert [(time.name, other.name) for time, other in name_clashes(plan.columns)] == [
        ("born", "born_utc"),
        ("other", "other_precision"),
    ]


def test_a_collection_of_times_needs_no_other_names() -> None:
    assert name_clashes(_plan(born="[date]", born_utc="string").columns) == []


def test_a_batch_of_no_rows_has_the_schema() -> None:
    batch = ArrowRows(_plan(a="dateTime", b="[string]")).batch([])
    assert (batch.num_rows, batch.schema.names) == (0, ["a", "a_utc", "a_precision", "b"])


def test_decimals_are_exact() -> None:
    assert _column("decimal", Decimal("0.1"), 7, WrittenDecimal("1e2"), None, 0.3) == [
        Decimal("0.1"),
        7,
        100,
        None,
        Decimal("0.3"),
    ]


def test_decimals_as_text_keep_their_digits() -> None:
    numbers = codec.decode(b"[1.00, 7, 1e2, 12345678901234567890123456789.5, -0.0]")
    assert _column("decimal", *numbers, None, decimals="text") == [
        "1.00", "7", "1e2", "12345678901234567890123456789.5", "-0.0", None,
    ]  # fmt: skip


@pytest.mark.parametrize("number", ["1e20", "0.1234567890123456789", "1e100000"])
def test_a_decimal_that_does_not_fit_names_the_way_out(number: str) -> None:
    with pytest.raises(RowError, match='decimals="text"') as raised:
        _column("decimal", Decimal(1), Decimal(number))
    assert raised.value.row == 1
    assert number not in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("boolean", "true"),
        ("boolean", 1),
        ("integer", True),
        ("integer", 2**31),
        ("integer", 1.0),
        ("integer", "12345"),
        ("integer64", 2**63),
        ("decimal", "98.6"),
        ("decimal", True),
        ("decimal", float("nan")),
        ("dateTime", 20240501),
        ("string", "half \ud800 a pair"),
        ("[string]", "text"),
        ("[integer]", [1, "12345"]),
    ],
)
def test_a_value_of_another_kind_is_an_error_that_does_not_quote_it(
    kind: str, value: object
) -> None:
    with pytest.raises(RowError) as raised:
        _column(kind, None, value)
    assert (raised.value.row, raised.value.column) == (1, "x")
    assert "12345" not in repr(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_what_is_no_text_becomes_its_json() -> None:
    value = codec.decode(b'{"value":1.00,"unit":"mg"}')
    others: list[object] = [True, 1, WrittenDecimal("1e2"), 0.5, "text"]
    assert _column("Quantity", value, *others) == [
        '{"value":1.00,"unit":"mg"}', "true", "1", "1e2", "0.5", "text",
    ]  # fmt: skip


def test_lists_keep_nulls_and_emptiness() -> None:
    assert _column("[decimal]", [Decimal("1.5"), 2], None, [], [None]) == [
        [Decimal("1.5"), 2],
        None,
        [],
        [None],
    ]
    assert _column("[integer64]", ["9007199254740993"]) == [[9007199254740993]]


def test_resources_that_do_not_fit_are_left_out_with_all_their_rows() -> None:
    told: list[tuple[int, str]] = []
    rows: list[tuple[object, ...]] = [(1,), (2,), ("no",), (4,), (2**40,), (6,)]
    batch = ArrowRows(_plan(x="integer")).batch_of_resources(
        rows, [1, 1, 4, 5, 6], lambda resource, error: told.append((resource, error.column))
    )
    assert batch.to_pylist() == [{"x": 1}, {"x": 6}]
    assert told == [(2, "x"), (3, "x")]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_KINDS = st.sampled_from(["boolean", "integer", "integer64", "decimal", "date", "string", "[code]"])


@given(_KINDS, st.lists(_JSON, min_size=1, max_size=4))
def test_any_values_are_a_row_or_an_error_with_its_place(kind: str, values: list[object]) -> None:
    left_out: list[int] = []
    rows = [(value,) for value in values]
    batch = ArrowRows(_plan(x=kind)).batch_of_resources(
        rows, range(1, len(rows) + 1), lambda resource, _: left_out.append(resource)
    )
    assert left_out == sorted(set(left_out))
    assert batch.num_rows + len(left_out) == len(values)


@given(st.text())
def test_text_comes_back_as_it_was(text: str) -> None:
    try:
        assert _column("string", text) == [text]
    except RowError:
        assert "\\ud" in json.dumps(text)

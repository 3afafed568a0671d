"""Lines that SQL cannot do go to Python, each in its place, and the table is the same."""

import json
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from duckdb_tables_made import (
    OBSERVATIONS,
    CountedLines,
    agreed,
    made,
    ndjson,
    observation,
    rows,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

QUICK = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ORDINARY = observation(
    id="ordinary",
    subject={"reference": "Patient/p1"},
    effectiveDateTime="2024-05-01T09:30:00+02:00",
    valueQuantity={"value": 1.5},
    code={"coding": [{"system": "s", "code": "a"}, {"display": "no code"}, {"code": 'b"\\ü\n'}]},
    component=[{"code": {"text": "x"}, "valueQuantity": {"value": 120}}, {}],
)


def number_line(text: str, id: str = "n") -> str:  # noqa: A002 - FHIR's name
    line = json.dumps(observation(id=id, valueQuantity={"value": 0}))
    return line.replace('"value": 0', f'"value": {text}')


def test_ordinary_lines_never_come_to_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedLines(monkeypatch)
    path = ndjson(tmp_path / "o.ndjson", ORDINARY, {"resourceType": "Patient", "name": 5})
    found = rows(OBSERVATIONS, path)
    assert [row["label"] for row in found] == ["x", None]
    assert found[0]["codes"] == ["a", 'b"\\ü\n']
    assert found[0]["at_utc"] == datetime(2024, 5, 1, 7, 30, tzinfo=timezone.utc)
    assert counted.lines == []


@pytest.mark.parametrize("text", ["271649006", "1.5", "-1e5", "true", "[lb_av]", "{a}", "[]"])
def test_texts_that_look_like_other_values_are_texts(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedLines(monkeypatch)
    lines = [observation(status=text), observation(code={"coding": [{"code": text}]})]
    found = rows(OBSERVATIONS, ndjson(tmp_path / "o.ndjson", *lines))
    assert [found[0]["status"], found[1]["codes"]] == [text, [text]]
    assert counted.lines == []


SPECIAL: dict[str, Any] = {
    "extension of a primitive": observation(_status={"extension": []}),
    "null beside an extension": observation(code={"coding": [None, {"code": "c"}]}),
    "null": observation(subject=None, component=[None, {"code": {"text": "y"}}]),
    "spaced null": '{"resourceType": "Observation", "id": "x", "code": {"coding": [ null ]}}',
    "many digits": number_line("0.12345678901234567"),
    "long number": number_line("123456789.123456"),
    "exponent": number_line("1e-5"),
    "great exponent": number_line("12E3"),
    "long whole number": number_line("12345678901234567890"),
    "17 digits": number_line("9007199254740993.5"),
    "small": number_line("0.0000001"),
    "trailing zeros": number_line("1.50"),
    "negative": number_line("-0.0"),
}


@pytest.mark.parametrize("line", SPECIAL.values(), ids=SPECIAL)
def test_special_lines_stay_in_their_place(line: Any, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "o.ndjson", ORDINARY, line, {**ORDINARY, "id": "last"})
    assert [row["id"] for row in rows(OBSERVATIONS, path)][-1] == "last"


ODD: dict[str, Any] = {
    "number as status": observation(status=5),
    "number as id": observation(id=5),
    "text as number": observation(valueQuantity={"value": "1.5"}),
    "fraction as integer": number_line("2").replace("valueQuantity", "valueInteger"),
    "integer with a fraction": observation(valueInteger=1.5),
    "integer of 33 bits": observation(valueInteger=2**32),
    "text as boolean": observation(valueBoolean="true"),
    "number as boolean": observation(valueBoolean=1),
    "object as text": observation(status={"a": 1}),
    "number too large": number_line("123456789012345678901"),
    "number too fine": number_line("1e-30"),
    "object as array": observation(component={"code": {"text": "only"}}),
    "array as object": observation(subject=[{"reference": "Patient/p1"}]),
    "text as object": observation(subject="Patient/p1"),
    "object in an object as array": observation(code={"coding": {"code": "c"}}),
    "array as text": observation(status=["final"]),
    "text as coding": observation(code={"coding": ["x"]}),
    "array": "[1]",
    "number": "5",
    "no type": '{"id": "x"}',
    "type that is none": '{"resourceType": 5}',
    "malformed": '{"resourceType": "Observation", "id": "secret',
    "two in a line": '{"resourceType": "Observation"} {"resourceType": "Observation"}',
    "not UTF-8": '{"resourceType": "Observation", "id": "\\ud800"}',
}


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
@pytest.mark.parametrize("on_error", ["raise", "collect"])
def test_odd_lines_are_the_same_errors(line: Any, on_error: Any, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "o.ndjson", ORDINARY, line, {**ORDINARY, "id": "last"})
    told: list[Any] = []
    found = agreed(OBSERVATIONS, path, on_error=told.append if on_error == "collect" else on_error)
    assert "secret" not in str(found if isinstance(found, str) else told)


@QUICK
@given(
    numbers=st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, places=None).filter(
            lambda number: abs(number.adjusted()) < 60
        ),
        max_size=30,
    )
)
def test_numbers_are_exact(numbers: list[Decimal], tmp_path: Path) -> None:
    lines = [
        number_line(str(number).replace("E+", "e"), f"n{i}") for i, number in enumerate(numbers)
    ]
    agreed(OBSERVATIONS, ndjson(tmp_path / "o.ndjson", *lines), on_error=lambda _: None)


TIMES = st.sampled_from([
    "2024", "2024-02", "2024-02-29", "2023-02-29", "2024-05-01T09:30", "2024-05-01T09:30:00",
    "2024-05-01T09:30:00Z", "2024-02-29T09:30:00+02:00", "2024-12-31T23:59:60Z", "x", "",
    "2024-05-01T24:00:00Z", "2024-05-01T09:30:00.1234567Z", "2024-05-01T09:30:00.12+14:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-05-01T09:30:00-15:00",
    "2024-03-31T02:30:00", "2024-10-27T02:30:00", "2024-05-01 09:30:00Z", "2024-05-01T09:30Z",
])  # fmt: skip


@QUICK
@given(
    times=st.lists(TIMES, max_size=20),
    zone=st.sampled_from([None, timezone.utc, ZoneInfo("Europe/Berlin")]),
)
def test_times_are_the_same_instants(times: list[str], zone: Any, tmp_path: Path) -> None:
    path = ndjson(
        tmp_path / "o.ndjson",
        *(observation(effectiveDateTime=time, issued=time) for time in times),
    )
    agreed(OBSERVATIONS, path, default_zone=zone)


@QUICK
@given(texts=st.lists(st.text(max_size=8), max_size=20))
def test_texts_and_references_are_the_same(texts: list[str], tmp_path: Path) -> None:
    found = [
        observation(
            id=text,
            subject={"reference": f"Patient/{text}"},
            code={"coding": [{"code": text}]},
            category=[{"coding": [{"code": text, "display": text, "userSelected": True}]}],
        )
        for text in texts
    ]
    agreed(OBSERVATIONS, ndjson(tmp_path / "o.ndjson", *found))


REFERENCES = (
    "Patient/1", "Patient/1/_history/2", "https://a.example/fhir/Patient/1", "Group/1", "#p", "p",
    "urn:uuid:1", "Patient/", "/Patient/1", "Patient//1", "Patient/1/", "Patient\\/1", "",
)  # fmt: skip


def test_references_give_the_same_keys(tmp_path: Path) -> None:
    found = [observation(subject={"reference": text}) for text in REFERENCES]
    rows(OBSERVATIONS, ndjson(tmp_path / "o.ndjson", *found))


def test_errors_after_many_rows_do_not_repeat_rows(tmp_path: Path) -> None:
    many = [observation(id=f"o{i}") for i in range(50_000)]
    path = ndjson(tmp_path / "o.ndjson", *many, observation(status=5), *many[:10])
    told: list[Any] = []
    found = made(OBSERVATIONS, path, "duckdb", on_error=told.append)
    assert not isinstance(found, str)
    assert found.num_rows == len(many) + 10
    assert found["id"].to_pylist()[:50_000] == [each["id"] for each in many]
    assert len(told) == 1
    assert "line 50001" in str(told[0])


def test_a_product_that_would_not_end_is_an_error_as_in_python(tmp_path: Path) -> None:
    view = View(
        "Observation",
        [
            Select(for_each="component", column=[Column("a", "%rowIndex")]),
            Select(for_each="note", column=[Column("b", "text")]),
        ],
        name="product",
    )
    great = observation(component=[{}] * 2000, note=[{"text": "x"}] * 2000)
    assert "ViewError" in str(agreed(view, ndjson(tmp_path / "o.ndjson", great)))
    small = observation(component=[{}] * 3, note=[{"text": "x"}, {"text": "y"}])
    assert len(rows(view, ndjson(tmp_path / "o.ndjson", small))) == 6

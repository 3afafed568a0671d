from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from pymedplum.fhir import Bundle, Extension, Reference
from pymedplum_runtime.helpers import (
    get_extension,
    get_extension_value,
    get_extensions,
    get_nested_value,
    remove_extension,
    set_extension,
    to_fhir_json,
    upsert_extension,
)
from pymedplum_runtime.helpers.open_types import VALUE_NAMES

Make = Callable[[str, dict[str, Any]], Any]

A, B, C = "https://x.org/a", "https://x.org/b", "https://x.org/c"


def patient(*extensions: dict[str, Any]) -> dict[str, Any]:
    listed = {"extension": [*extensions]} if extensions else {}
    return {"resourceType": "Patient", "id": "1"} | listed


def plan(plan_id: str, note: str) -> dict[str, Any]:
    nested = [{"url": "id", "valueString": plan_id}, {"url": "note", "valueString": note}]
    return {"url": C, "extension": nested}


def flag(url: str, value: str = "x") -> dict[str, Any]:
    return {"url": url, "valueString": value}


def extensions(element: Any) -> object:
    return to_fhir_json(element).get("extension")


def test_extensions_are_found_by_url_as_they_are_stored(make: Make) -> None:
    element = make("Patient", patient(flag(A, "1"), flag(B), flag(A, "2")))
    stored = element["extension"] if isinstance(element, dict) else element.extension
    assert get_extension(element, A) is stored[0]
    assert get_extensions(element, A) == [stored[0], stored[2]]
    assert get_extension(element, C) is None
    assert get_extensions(element, C) == []


def test_values_are_fhir_json(make: Make) -> None:
    reference = {"reference": "Patient/1"}
    stored: list[dict[str, Any]] = [
        {"url": A, "valueReference": reference},
        {"url": B, "valueBoolean": False},
    ]
    element = make("Patient", patient(*stored))
    assert get_extension_value(element, A) == reference
    assert get_extension_value(element, B) is False
    assert get_extension_value(element, C) is None


def test_nested_values_are_found_by_the_child_url(make: Make) -> None:
    element = make("Patient", patient(plan("1", "first")))
    extension = get_extension(element, C)
    assert get_nested_value(extension, "note") == "first"
    assert get_nested_value(extension, "absent") is None
    assert get_extension_value(element, C) is None
    assert get_nested_value(get_extension(element, A), "note") is None


def test_a_sibling_of_a_primitive_has_extensions_too(make: Make) -> None:
    element = make("Element", {"extension": [flag(A)]})
    assert get_extension_value(element, A) == "x"
    assert get_extension_value(None, A) is None


@pytest.mark.parametrize("listed", [None, {}, "x", ["x", None, {"url": 1}]])
def test_malformed_extensions_are_skipped(listed: object) -> None:
    assert get_extensions({"extension": listed}, A) == []


@pytest.mark.parametrize("keyword", ["value_string", "valueString"])
def test_setting_appends(make: Make, keyword: str) -> None:
    element = make("Patient", patient(flag(B)))
    set_extension(element, A, **{keyword: "x"})
    assert extensions(element) == [flag(B), flag(A)]


def test_setting_begins_the_list(make: Make) -> None:
    element = make("Patient", patient())
    set_extension(element, A, value_boolean=False)
    assert extensions(element) == [{"url": A, "valueBoolean": False}]


def test_setting_replaces_in_place_and_drops_duplicates(make: Make) -> None:
    element = make("Patient", patient(flag(A, "1"), flag(B), flag(A, "2")))
    set_extension(element, A, value_integer=3)
    assert extensions(element) == [{"url": A, "valueInteger": 3}, flag(B)]


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("value_reference", Reference(reference="Patient/1"), {"reference": "Patient/1"}),
        ("value_reference", {"reference": "Patient/1"}, {"reference": "Patient/1"}),
        ("value_date", date(2024, 5, 1), "2024-05-01"),
        ("value_instant", datetime(2024, 5, 1, tzinfo=timezone.utc), "2024-05-01T00:00:00+00:00"),
        ("value_decimal", Decimal("1.5"), 1.5),
        ("value_base64_binary", "AAAA", "AAAA"),
    ],
)
def test_values_of_python_are_accepted(
    make: Make, name: str, value: object, stored: object
) -> None:
    element = make("Patient", patient())
    set_extension(element, A, **{name: value})
    assert get_extension_value(element, A) == stored


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"value_string": "secret", "value_code": "secret"},
        {"value_string": None},
        {"value_strin": "secret"},
        {"value_instant": datetime(2024, 5, 1)},  # noqa: DTZ001 - refused for that
    ],
)
def test_a_refused_value_leaves_the_element_as_it_was(
    make: Make, values: dict[str, object]
) -> None:
    element = make("Patient", patient(flag(A)))
    with pytest.raises(ValueError, match=r".") as refusal:
        set_extension(element, A, **values)
    assert "secret" not in str(refusal.value)
    assert extensions(element) == [flag(A)]


def test_a_model_refuses_what_does_not_fit_and_stays_as_it_was() -> None:
    element = Extension(url=A, extension=[Extension(url=B, value_string="x")])
    with pytest.raises(ValueError, match="valueBoolean"):
        set_extension(element, B, value_boolean="secret")
    assert extensions(element) == [flag(B)]


def test_keyed_upsert_replaces_the_one_of_the_same_key(make: Make) -> None:
    element = make("Patient", patient(plan("1", "old"), flag(A), plan("2", "other")))
    upsert_extension(element, make("Extension", plan("1", "new")), key_url="id")
    assert extensions(element) == [plan("1", "new"), flag(A), plan("2", "other")]


def test_keyed_upsert_appends_a_new_key(make: Make) -> None:
    element = make("Patient", patient(plan("1", "old")))
    upsert_extension(element, plan("2", "new"), key_url="id")
    assert extensions(element) == [plan("1", "old"), plan("2", "new")]


def test_keyed_upsert_ignores_the_same_value_in_another_type(make: Make) -> None:
    number = {"url": C, "extension": [{"url": "id", "valueInteger": 1}]}
    boolean = {"url": C, "extension": [{"url": "id", "valueBoolean": True}]}
    element = make("Patient", patient(number))
    upsert_extension(element, boolean, key_url="id")
    assert extensions(element) == [number, boolean]


def test_keyed_upsert_compares_decimals_of_models_and_dicts() -> None:
    decimal = {"url": C, "extension": [{"url": "id", "valueDecimal": 0.1}]}
    element = {"extension": [decimal]}
    upsert_extension(element, Extension.model_validate(decimal), key_url="id")
    assert extensions(element) == [decimal]


def test_upsert_by_the_own_url_keeps_one_per_url(make: Make) -> None:
    element = make("Patient", patient(flag(A, "1"), flag(B), flag(A, "2")))
    upsert_extension(element, flag(A, "3"), key_url=A)
    assert extensions(element) == [flag(A, "3"), flag(B)]


def test_upsert_of_an_extension_without_the_key_appends(make: Make) -> None:
    element = make("Patient", patient(plan("1", "old")))
    upsert_extension(element, flag(C), key_url="id")
    assert extensions(element) == [plan("1", "old"), flag(C)]


def test_upsert_of_an_extension_without_a_url_is_refused(make: Make) -> None:
    element = make("Patient", patient())
    with pytest.raises(ValueError, match="no url"):
        upsert_extension(element, {"valueString": "x"}, key_url="id")


def test_removing_takes_every_extension_of_the_url(make: Make) -> None:
    element = make("Patient", patient(flag(A), flag(B), flag(A)))
    assert remove_extension(element, A) is True
    assert extensions(element) == [flag(B)]
    assert remove_extension(element, A) is False


def test_removing_the_last_extension_leaves_no_empty_list(make: Make) -> None:
    element = make("Patient", patient(flag(A)))
    assert remove_extension(element, A) is True
    assert to_fhir_json(element) == patient()


def test_changes_leave_the_old_list_alone(make: Make) -> None:
    element = make("Patient", patient(flag(A)))
    before = element["extension"] if isinstance(element, dict) else element.extension
    set_extension(element, B, value_string="x")
    assert len(before) == 1


def test_what_cannot_have_extensions_is_refused() -> None:
    with pytest.raises(AttributeError, match="extension"):
        set_extension(Bundle(type="collection"), A, value_string="x")
    nothing: Any = None
    with pytest.raises(TypeError, match="NoneType"):
        set_extension(nothing, A, value_string="x")
    with pytest.raises(TypeError, match="str"):
        get_extension("x", A)  # type: ignore[arg-type]


def test_the_known_values_are_those_of_the_generated_extension() -> None:
    names = {row.fhir_name for row in Extension.__properties__ if row.choice == "value"}
    assert names == VALUE_NAMES

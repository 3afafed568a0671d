"""Property 1: what was read is what is written."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymedplum import to_fhir_json
from pymedplum.fhir import Bundle, HumanName, Observation, Patient, Quantity, parse_resource

SAID = {"extension": [{"url": "http://a", "valueString": "said"}]}
RESOURCES: dict[str, dict[str, Any]] = {
    "date_of_a_year": {"birthDate": "1970"},
    "date_of_a_month": {"birthDate": "1970-06"},
    "instant_with_offset": {"meta": {"lastUpdated": "2015-02-07T13:28:17.239000+02:00"}},
    "instant_in_utc": {"meta": {"lastUpdated": "2015-02-07T13:28:17Z"}},
    "date_time_with_many_digits": {"deceasedDateTime": "2015-02-07T13:28:17.123456789-05:00"},
    "sibling_beside_a_value": {"birthDate": "1970-03-30", "_birthDate": SAID},
    "sibling_instead_of_a_value": {"_birthDate": SAID},
    "nulls_where_a_sibling_speaks": {"name": [{"given": ["A", None], "_given": [None, SAID]}]},
    "list_of_siblings_alone": {"name": [{"_given": [SAID]}]},
    "order_of_lists": {"name": [{"family": f"{n}"} for n in (3, 1, 2, 1)]},
    "false_and_zero": {"active": False, "multipleBirthInteger": 0},
    "text_beyond_ascii": {"name": [{"text": "Zoë \U0001f600 \u2028"}]},
    "narrative": {"text": {"status": "generated", "div": '<div xmlns="x">&lt; "a"\n</div>'}},
}
WRITTEN = ["1.00", "0.10000000000000000005", "1e-7", "1E+2", "0.00000000", "-0", "-0.0", "3"]


@pytest.mark.parametrize("name", RESOURCES)
def test_every_call_gives_back_what_was_read(name: str) -> None:
    data = {"resourceType": "Patient", **RESOURCES[name]}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    patient = Patient.model_validate_json(text)
    assert patient == Patient.model_validate(data) == parse_resource(text)
    assert patient.model_dump_json() == text
    assert patient.model_dump() == patient.model_dump(mode="json") == to_fhir_json(patient) == data
    assert Patient.model_validate_json(text.encode()) == patient


@pytest.mark.parametrize("number", WRITTEN)
def test_decimals_keep_their_text(number: str) -> None:
    text = f'{{"value":{number},"unit":"mg"}}'
    quantity = Quantity.model_validate_json(text)
    assert quantity.model_dump_json() == text
    assert quantity.value == quantity.model_dump()["value"] == Decimal(number)
    assert isinstance(quantity.model_dump()["value"], Decimal)


@settings(derandomize=True, database=None, deadline=None)
@given(
    st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
)
def test_any_decimal_of_json_keeps_its_text(number: str) -> None:
    text = f'{{"value":{number}}}'
    assert Quantity.model_validate_json(text).model_dump_json() == text


@pytest.mark.parametrize("value", [0.1, 1, 1.5, Decimal("1.50"), 1e-7, 10**20])
def test_numbers_of_python_are_written_as_python_writes_them(value: float | Decimal) -> None:
    assert Quantity(value=value).model_dump_json() == f'{{"value":{value}}}'


def test_dumps_for_json_hold_ints_and_floats() -> None:
    observation = Observation.model_validate_json(
        '{"resourceType":"Observation","status":"final","code":{"text":"a"},"component":['
        '{"code":{"text":"b"},"valueQuantity":{"value":1.50}},'
        '{"code":{"text":"c"},"valueQuantity":{"value":2}},'
        '{"code":{"text":"d"},"valueQuantity":{"value":1E+2}}]}'
    )
    plain = to_fhir_json(observation)
    assert plain == observation.model_dump(mode="json")
    values = [component["valueQuantity"]["value"] for component in plain["component"]]
    assert [(type(value), value) for value in values] == [(float, 1.5), (int, 2), (float, 100.0)]
    assert '"value": 1.5}' in json.dumps(plain)


def test_a_decimal_beyond_floats_is_no_null() -> None:
    quantity = Quantity.model_validate_json('{"value":1e400}')
    assert json.loads(json.dumps(to_fhir_json(quantity)))["value"] is not None


def test_an_integer_beyond_floats_keeps_its_digits() -> None:
    plain = to_fhir_json(Quantity.model_validate_json('{"value":12345678901234567890123}'))
    assert json.dumps(plain) == '{"value": 12345678901234567890123}'


def test_deep_bundles_come_back() -> None:
    patient = {"resourceType": "Patient", "contained": [{"resourceType": "Practitioner"}]}
    inner = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": patient}]}
    outer = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": inner}]}
    bundle = Bundle.model_validate(outer)
    assert bundle.model_dump() == outer
    assert json.loads(bundle.model_dump_json()) == outer


def test_names_of_python_are_written_as_fhir_spells_them() -> None:
    name = HumanName(given=["A", None], _given=[None, SAID])  # type: ignore[list-item]
    assert name.model_dump() == {"given": ["A", None], "_given": [None, SAID]}

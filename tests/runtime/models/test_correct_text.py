"""Property 2: text that is no JSON, or JSON that is no FHIR, is refused as invalid."""

import json
from typing import Any

import pytest
from refusals import kinds, problems
from unstubbed import Extension, Patient, parse_resource

PATIENT = '{"resourceType":"Patient"}'
NO_JSON = [
    "", " ", "{", "}", '{"resourceType":"Patient",}', "{'resourceType':'Patient'}", PATIENT * 2,
    '{"resourceType":"Patient" "id":"a"}', '{"resourceType":"Patient","multipleBirthInteger":01}',
    '{"resourceType":"Patient","id":NaN}', '{"resourceType":"Patient","id":Infinity,"a":-0}',
    '{"resourceType":"Patient","id":"\n"}', '{"resourceType":"Patient","id":"\\ud800"}',
    '{"resourceType":"Patient","id":.5}', '{"a":-0,"b":+1}', "\ufeff" + PATIENT,
]  # fmt: skip
NO_OBJECT = ["null", "true", "1", '"Patient"', "[]", f"[{PATIENT}]"]
NO_UTF8 = [b"\xff", b'{"resourceType":"Patient","id":"\xff"}', PATIENT.encode("utf-16")]


@pytest.mark.parametrize("text", NO_JSON)
@pytest.mark.parametrize("call", [Patient.model_validate_json, parse_resource])
def test_text_that_is_no_json_is_refused(call: Any, text: str) -> None:
    assert kinds(call, text) == {"": "json_invalid"}
    assert kinds(call, text.encode()) == {"": "json_invalid"}


@pytest.mark.parametrize("text", NO_OBJECT)
@pytest.mark.parametrize("call", [Patient.model_validate_json, parse_resource])
def test_json_that_is_no_object_is_refused(call: Any, text: str) -> None:
    assert list(problems(call, text)) == [""]


@pytest.mark.parametrize("raw", NO_UTF8)
@pytest.mark.parametrize("call", [Patient.model_validate_json, parse_resource])
def test_bytes_that_are_no_utf8_are_refused(call: Any, raw: bytes) -> None:
    assert kinds(call, raw) == {"": "json_invalid"}


@pytest.mark.parametrize("call", [Patient.model_validate_json, parse_resource])
def test_text_with_half_a_character_is_refused(call: Any) -> None:
    assert kinds(call, '{"resourceType":"Patient","id":"\ud800"}') == {"": "json_invalid"}


def test_the_byte_that_is_no_utf8_is_named() -> None:
    raw = b'{"resourceType":"Patient","id":"\xff"}'
    message = problems(Patient.model_validate_json, raw)[""]
    assert f"byte {raw.index(255)}" in message


@pytest.mark.parametrize("depth", [100, 1000, 10_000, 100_000])
def test_text_may_nest_without_end(depth: int) -> None:
    for opening in ("[", '{"a":', '{"extension":[', '{"a":-0,"b":['):
        assert kinds(Patient.model_validate_json, opening * depth) == {"": "json_invalid"}


@pytest.mark.parametrize("depth", [1000, 3000, 50_000])
def test_extensions_may_nest_without_end(depth: int) -> None:
    text = f'{{"resourceType":"Patient","extension":{"[" * depth}{"]" * depth}}}'
    assert problems(Patient.model_validate_json, text)
    nested = '[{"url":"a","extension":' * depth + "1" + "}]" * depth
    assert problems(
        Patient.model_validate_json, f'{{"resourceType":"Patient","extension":{nested}}}'
    )


def test_a_dict_that_holds_itself_is_refused() -> None:
    circle: dict[str, Any] = {"url": "a"}
    circle["extension"] = [circle]
    assert problems(Extension.model_validate, circle)
    assert problems(Patient, extension=[circle])


def test_extensions_in_extensions_are_read() -> None:
    depth = 50
    extension: dict[str, Any] = {"url": "a", "valueCode": "b"}
    for _ in range(depth):
        extension = {"url": "a", "extension": [extension]}
    data = {"resourceType": "Patient", "extension": [extension]}
    assert Patient.model_validate(data).model_dump() == data
    assert Patient.model_validate_json(json.dumps(data)).model_dump() == data


def test_text_is_read_from_every_kind_of_buffer() -> None:
    raw = PATIENT.encode()
    for text in (PATIENT, raw, bytearray(raw)):
        assert Patient.model_validate_json(text) == Patient() == parse_resource(text)


def test_white_space_around_json_is_no_matter() -> None:
    assert Patient.model_validate_json(f"\r\n\t {PATIENT} \n") == Patient()

"""Property 5: what is printed of models and of refusals holds no values."""

import json
import traceback
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError, field_validator
from unstubbed import (
    Bundle,
    HumanName,
    Observation,
    Patient,
    Quantity,
    parse_resource,
)

import pymedplum.fhir as typed

MARK = "Xyzzy77"
NUMBER = 7_141_592_653
SECRET: dict[str, Any] = {
    "name": [
        {
            "family": MARK,
            "given": [MARK],
            "_family": {"extension": [{"url": "a", "valueCode": MARK}]},
        }
    ],
    "birthDate": "1971-07-17",
    "address": [{"line": [MARK], "postalCode": MARK}],
    "telecom": [{"value": MARK}],
    "identifier": [{"system": f"http://{MARK}", "value": MARK}],
    "extension": [{"url": f"http://{MARK}", "valueString": MARK}],
    "contained": [{"resourceType": "Practitioner", "name": [{"text": MARK}]}],
    "text": {"status": "generated", "div": MARK},
    "multipleBirthInteger": 71_415_926,
}
WRONG: dict[str, Any] = {
    "active": MARK,
    "gender": MARK,
    "birthDate": MARK,
    "deceasedDateTime": f"1970-{MARK}",
    "id": f"{MARK} {MARK}",
    "language": f" {MARK}",
    "implicitRules": f"{MARK} {MARK}",
    "name": MARK,
    "contact": [{"name": MARK}, {"gender": MARK}, {"organization": [MARK]}],
    "multipleBirthInteger": NUMBER,
    "multipleBirthBoolean": MARK,
    "meta": {"lastUpdated": MARK, "tag": MARK},
    "extension": [{"url": f"{MARK} {MARK}"}, {"url": "a", "valueDecimal": MARK}],
    "contained": [{"resourceType": MARK}, MARK, {"resourceType": [MARK]}, {"id": MARK}],
    "photo": [{"size": NUMBER, "data": f"{MARK}?"}],
    "text": {"status": MARK, "div": [MARK]},
    "resourceType": MARK,
    "unknown": {"a": MARK},
    "_active": {"id": [MARK], "zzz": MARK},
}


class Nick(typed.HumanName):
    nick: int | None = None


class Owner(typed.Patient):
    nicks: list[Nick] | None = None
    pin: int | None = None

    @field_validator("pin")
    @classmethod
    def _check_pin(cls, pin: int | None) -> int | None:
        if pin and pin < 0:
            raise ValueError("a pin is positive")
        return pin


def construct(data: Any) -> Owner:
    return Owner(**data)


def everything_printed(error: BaseException) -> str:
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    # A traceback quotes our source lines, which hold no values; the messages are what counts.
    printed = [line for line in lines if not line.startswith('  File "')]
    return "\n".join([*printed, str(error), repr(error)])


def is_safe(text: str) -> bool:
    return not any(mark in text for mark in (MARK, str(NUMBER), "1971-07-17", "71415926"))


def models() -> Iterator[Any]:
    patient = Patient(**SECRET)
    yield patient
    yield from (patient.name[0], patient.address[0], patient.extension[0], patient.contained[0])
    yield patient.name[0]._family  # noqa: SLF001 - a sibling
    yield Bundle(type="batch", entry=[{"resource": patient}])
    yield Quantity(value=NUMBER)
    yield Patient.model_validate({MARK: MARK, "new": MARK}, extra="allow")
    yield Owner.model_validate({**SECRET, "pin": NUMBER, "nicks": [{"nick": NUMBER}]})


@pytest.mark.parametrize("model", list(models()), ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("show", [str, repr, format, lambda model: f"{[model]} {model!s}"])
def test_models_show_no_values(model: object, show: Callable[[object], str]) -> None:
    assert is_safe(show(model))


@pytest.mark.parametrize("show", [str, repr])
def test_models_show_their_type_and_id(show: Callable[[object], str]) -> None:
    assert show(Patient(id="a1", active=True)) == "Patient(id='a1')"
    assert show(HumanName(family="a")) == "HumanName()"
    assert show(Patient()) == "Patient()"


READS: list[tuple[Callable[[Any], object], str]] = [
    (lambda data: Patient(**data), "constructor"),
    (Patient.model_validate, "dict"),
    (lambda data: Patient.model_validate_json(json.dumps(data)), "text"),
    (lambda data: Patient.model_validate({**data, "id": MARK * 99}, extra="allow"), "lenient"),
    (Owner.model_validate, "subclass"),
    (lambda data: parse_resource({"resourceType": "Patient", **data}), "parse"),
    (lambda data: Bundle(type="batch", entry=[{"resource": {**data}}]), "entry"),
    (
        lambda data: Bundle(
            type="batch", entry=[{"resource": {"resourceType": "Patient", **data}}]
        ),
        "typed entry",
    ),
]


@pytest.mark.parametrize("name", [*WRONG, "everything"])
@pytest.mark.parametrize("read", [read for read, _ in READS], ids=[name for _, name in READS])
def test_refusals_show_no_values(read: Callable[[Any], object], name: str) -> None:
    data = WRONG if name == "everything" else {name: WRONG[name]}
    with pytest.raises(ValidationError) as caught:
        read(data)
    assert is_safe(everything_printed(caught.value))


@pytest.mark.parametrize("name", [n for n in WRONG if n not in {"resourceType", "unknown"}])
def test_refused_assignments_show_no_values(name: str) -> None:
    row = next(p for p in Patient.properties_by_name().values() if p.fhir_name == name)
    with pytest.raises(ValidationError) as caught:
        setattr(Patient(), row.name, WRONG[name])
    assert is_safe(everything_printed(caught.value))


@pytest.mark.parametrize(
    "text",
    [
        MARK, f'"{MARK}"', f'{{"{MARK}', f'{{"resourceType":"{MARK}"}}', f'{{"id":"{MARK}}}',
        f'{{"a":-0,"id":"{MARK}}}', f'{{"a":-0,"id":{MARK}}}', f'{{"id":"{MARK}\\q"}}',
        f'{{"resourceType":"Patient","id":"{MARK}\ud800"}}',
        f'{{"resourceType":"Patient","id":"{MARK}\\ud800"}}',
        f'{{"resourceType":"Patient","multipleBirthInteger":{NUMBER}}}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("read", [Patient.model_validate_json, parse_resource])
def test_broken_text_is_not_quoted(read: Callable[[Any], object], text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - whatever it is, it must be safe
        read(text)
    assert is_safe(everything_printed(caught.value))


def test_bytes_that_are_no_utf8_are_not_quoted() -> None:
    with pytest.raises(ValidationError) as caught:
        Patient.model_validate_json(b'{"id":"' + MARK.encode() + b'\xff"}')
    assert is_safe(everything_printed(caught.value))


def test_values_of_python_are_not_quoted() -> None:
    for wrong in (datetime(1971, 7, 17), HumanName(family=MARK), MARK.encode(), object()):  # noqa: DTZ001
        with pytest.raises(ValidationError) as caught:
            Patient(birth_date=wrong, active=wrong, managing_organization=wrong, name=[wrong, 1])
        assert is_safe(everything_printed(caught.value))


def test_own_fields_of_subclasses_are_not_quoted() -> None:
    for data in ({"pin": MARK}, {"pin": -NUMBER}, {"nicks": [{"nick": MARK}]}, {"nicks": MARK}):
        for read in (construct, Owner.model_validate):
            with pytest.raises(ValidationError) as caught:
                read(data)
            assert is_safe(everything_printed(caught.value))


def test_unknown_attributes_do_not_show_what_was_assigned() -> None:
    for name in ("birthDate", "zzz", "resource_type"):
        with pytest.raises((AttributeError, ValidationError)) as caught:
            setattr(Patient(), name, MARK)
        assert is_safe(everything_printed(caught.value))


def test_a_choice_and_a_null_are_told_without_values() -> None:
    with pytest.raises(ValidationError) as caught:
        Observation(status="final", code={"text": MARK}, valueString=MARK, valueInteger=71_415_926)
    assert is_safe(everything_printed(caught.value))
    with pytest.raises(ValidationError) as caught:
        HumanName(given=[MARK, None])
    assert is_safe(everything_printed(caught.value))


def test_warnings_of_dumps_show_no_values() -> None:
    patient = Patient(name=[{"family": "a"}], active=True)
    patient.name.append({"family": MARK})
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        patient.model_dump()
        patient.model_dump_json()
        Patient.model_construct(birth_date=NUMBER, active=MARK, name=MARK).model_dump()
    assert is_safe(" ".join(str(warning.message) for warning in said))


def test_errors_carry_their_input_for_programs() -> None:
    """Pydantic's contract: `errors()` is data, not a message."""
    with pytest.raises(ValidationError) as caught:
        Patient(active=MARK)
    assert caught.value.errors()[0]["input"] == MARK
    assert MARK not in str(caught.value.errors(include_input=False))

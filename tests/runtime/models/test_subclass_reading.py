"""Reads of users' models take the same arguments as ours."""

import json
from typing import Any

import pytest
from pydantic import ConfigDict, ValidationInfo, field_validator, model_validator
from refusals import kinds, problems

from pymedplum.fhir import HumanName, Patient

NEW = {"inner": [1, {"deep": True}]}
DATA = {"resourceType": "Patient", "nick": "a", "new": NEW, "name": [{"family": "b", "new": NEW}]}


class Named(HumanName):
    rank: int | None = None


class Person(Patient):
    nick: str | None = None
    names: list[Named] | None = None

    @field_validator("nick")
    @classmethod
    def _see_context(cls, text: str | None, info: ValidationInfo) -> str | None:
        return info.context["nick"] if info.context else text


class Employee(Person):
    number: int | None = None


@pytest.mark.parametrize("cls", [Person, Employee])
def test_lenient_reads_keep_unknown_properties(cls: type[Person]) -> None:
    text = json.dumps(DATA)
    for model in (
        cls.model_validate(DATA, extra="allow"),
        cls.model_validate_json(text, extra="allow"),
    ):
        assert model.model_dump() == DATA
        assert json.loads(model.model_dump_json()) == DATA
        assert model.nick == "a"


def test_lenient_reads_keep_unknown_properties_of_own_nested_models() -> None:
    data = {"resourceType": "Patient", "names": [{"rank": 1, "new": NEW}]}
    assert Person.model_validate(data, extra="allow").model_dump() == data


def test_lenient_reads_keep_the_text_of_unknown_decimals() -> None:
    text = '{"resourceType":"Patient","new":{"a":1.00}}'
    assert Person.model_validate_json(text, extra="allow").model_dump_json() == text


def test_unknown_properties_survive_assignments_and_copies() -> None:
    model = Person.model_validate(DATA, extra="allow")
    model.active = True
    model.nick = "b"
    assert model.model_copy(deep=True) == model
    assert model.model_dump() == {**DATA, "active": True, "nick": "b"}


def test_unknown_properties_are_refused_unless_asked_for() -> None:
    assert set(kinds(Person.model_validate, DATA).values()) == {"extra_forbidden"}
    assert set(kinds(Person, **DATA).values()) == {"extra_forbidden"}


def test_ignored_properties_are_dropped() -> None:
    model = Person.model_validate(DATA, extra="ignore")
    assert model.model_dump() == {
        "resourceType": "Patient",
        "name": [{"family": "b"}],
        "nick": "a",
    }


def test_the_context_reaches_validators() -> None:
    context = {"nick": "from context"}
    assert Person.model_validate({"nick": "a"}, context=context).nick == "from context"
    text = '{"resourceType":"Patient","nick":"a"}'
    assert Person.model_validate_json(text, context=context).nick == "from context"


def test_a_validator_before_sees_what_was_given() -> None:
    class Tolerant(Patient):
        @model_validator(mode="before")
        @classmethod
        def _drop(cls, data: Any) -> Any:
            return {name: value for name, value in data.items() if name != "legacy"}

    assert Tolerant.model_validate({"active": True, "legacy": 1}).active is True
    text = '{"resourceType":"Patient","active":true,"legacy":1}'
    assert Tolerant.model_validate_json(text).active is True


def test_a_class_may_ask_for_checked_assignments() -> None:
    class Checked(Patient):
        model_config = ConfigDict(validate_assignment=True)
        count: int | None = None

    model = Checked()
    model.count = 3
    model.active = True
    assert (model.count, model.active) == (3, True)
    assert list(problems(setattr, model, "count", "b")) == ["count"]


def test_a_class_may_admit_unknown_properties() -> None:
    class Open(Patient):
        model_config = ConfigDict(extra="allow")

    data = {"resourceType": "Patient", "new": NEW}
    assert Open.model_validate(data).model_dump() == data


def test_unknown_names_in_own_nested_models_are_refused() -> None:
    assert problems(Person, names=[{"rnak": 1}])["names.0.rnak"] == "is not a property here"

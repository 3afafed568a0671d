"""Users derive their own models from ours, as from any model of Pydantic."""

import json
import pickle
from copy import deepcopy
from datetime import date
from typing import Any, ClassVar

import pytest
from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    computed_field,
    field_serializer,
    field_validator,
    model_validator,
)
from refusals import kinds, problems
from typing_extensions import Self

from pymedplum.fhir import Bundle, HumanName, Patient


class Nick(HumanName):
    nick: str | None = None


class Pet(BaseModel):
    name: str


class Owner(Patient):
    kind: ClassVar[str] = "owner"
    nickname: str | None = None
    lucky_number: int = Field(7, alias="luckyNumber")
    pets: list[Pet] = Field(default_factory=list)
    since: date | None = None

    @field_validator("birth_date")
    @classmethod
    def _check_birth_date(cls, text: str | None) -> str | None:
        if text and text < "1900":
            raise ValueError("too old")
        return text

    @field_validator("nickname")
    @classmethod
    def _check_nickname(cls, text: str | None) -> str | None:
        if text == "bad":
            raise ValueError("not a nickname")
        return text

    @model_validator(mode="after")
    def _check_all(self) -> Self:
        if self.active is False and self.nickname:
            raise ValueError("inactive owners have no nickname")
        return self

    @computed_field  # type: ignore[prop-decorator]
    @property
    def label(self) -> str:
        return f"{self.nickname}/{self.lucky_number}"


class Breeder(Owner):
    licence: str
    _seen: int = PrivateAttr(default=3)


DATA: dict[str, Any] = {"resourceType": "Patient", "birthDate": "1970", "nickname": "a"}
DUMPED = {**DATA, "luckyNumber": 7, "pets": [], "label": "a/7"}


def make(cls: Any, **data: Any) -> Any:
    return cls(**data)


def test_own_and_inherited_fields_are_read_in_both_spellings() -> None:
    owner = make(Owner, birth_date="1970", nickname="a")
    assert owner == make(Owner, birthDate="1970", nickname="a")
    assert owner == Owner.model_validate(DATA) == Owner.model_validate_json(json.dumps(DATA))
    assert (owner.birth_date, owner.nickname, owner.gender) == ("1970", "a", None)
    assert make(Owner, lucky_number=3) == make(Owner, luckyNumber=3)
    assert make(Owner, pets=[{"name": "b"}]).pets == [Pet(name="b")]


def test_defaults_are_given() -> None:
    owner = make(Owner)
    assert (owner.nickname, owner.lucky_number, owner.pets) == (None, 7, [])
    assert owner.pets is not make(Owner).pets


def test_dumps_hold_own_fields_by_alias() -> None:
    owner = Owner.model_validate(DATA)
    assert owner.model_dump() == json.loads(owner.model_dump_json()) == DUMPED
    plain = owner.model_dump(by_alias=False)
    assert plain["lucky_number"] == 7
    assert plain["birth_date"] == "1970"


def test_own_values_that_json_lacks_are_written() -> None:
    owner = make(Owner, since=date(1970, 1, 2))
    assert json.loads(owner.model_dump_json())["since"] == "1970-01-02"
    assert owner.model_dump()["since"] == date(1970, 1, 2)
    assert owner.model_dump(mode="json")["since"] == "1970-01-02"


def test_validators_see_inherited_and_own_fields() -> None:
    assert problems(make, Owner, birth_date="1899") == {"birth_date": "Value error, too old"}
    assert problems(make, Owner, nickname="bad") == {"nickname": "Value error, not a nickname"}
    message = "Value error, inactive owners have no nickname"
    assert problems(make, Owner, active=False, nickname="a") == {"": message}
    assert problems(Owner.model_validate, {**DATA, "active": False}) == {"": message}


def test_the_rules_of_fhir_still_hold() -> None:
    assert list(problems(make, Owner, birth_date="1970-13")) == ["birth_date"]
    assert list(problems(make, Owner, lucky_number="b")) == ["lucky_number"]
    both = {"deceased_boolean": True, "deceased_date_time": "1970"}
    assert list(problems(make, Owner, **both)) == ["deceased[x]"]
    assert kinds(Owner.model_validate, {"active": None}) == {"active": "bool_type"}
    assert kinds(Owner.model_validate_json, '{"active":true}') == {"resourceType": "missing"}
    text = '{"resourceType":"Patient","birth_date":"1970"}'
    assert list(problems(Owner.model_validate_json, text)) == ["birth_date"]


def test_unknown_properties_are_refused_with_the_closest_own_one() -> None:
    assert "did you mean 'nickname'?" in problems(make, Owner, nickame="a")["nickame"]
    assert "did you mean 'birthDate'?" in problems(make, Owner, birthdate="a")["birthdate"]


def test_assignments_are_checked() -> None:
    owner = make(Owner, nickname="a")
    owner.nickname = "b"
    owner.birth_date = date(1970, 1, 1)
    assert (owner.nickname, owner.birth_date) == ("b", "1970-01-01")
    assert problems(setattr, owner, "birth_date", "1970-13")
    with pytest.raises(AttributeError, match="use 'birth_date'"):
        owner.birthDate = "1970"
    with pytest.raises(AttributeError):
        owner.nicknam = "a"


def test_validators_of_inherited_fields_see_assignments() -> None:
    assert list(problems(setattr, make(Owner), "birth_date", "1899")) == ["birthDate"]


def test_validators_of_own_fields_see_assignments() -> None:
    assert list(problems(setattr, make(Owner), "nickname", "bad")) == ["nickname"]
    assert list(problems(setattr, make(Owner), "lucky_number", "b"))


def test_a_subclass_has_subclasses() -> None:
    breeder = make(Breeder, licence="L", nickname="a", birth_date="1970")
    assert breeder.model_dump() == {**DUMPED, "licence": "L"}
    assert kinds(make, Breeder) == {"licence": "missing"}
    assert problems(make, Breeder, licence="L", birth_date="1899")
    assert (breeder._seen, breeder.kind) == (3, "owner")  # noqa: SLF001 - a private attribute


@pytest.mark.parametrize("cls", [Owner, Breeder])
def test_subclasses_are_copied_and_pickled(cls: type[Owner]) -> None:
    model = make(
        cls, nickname="a", pets=[{"name": "b"}], **({"licence": "L"} if cls is Breeder else {})
    )
    copies = [deepcopy(model), model.model_copy(), pickle.loads(pickle.dumps(model))]  # noqa: S301
    for copied in copies:
        assert type(copied) is cls
        assert copied == model
        assert copied.model_dump() == model.model_dump()
    assert model != make(Patient)
    assert model.model_copy(update={"nickname": "c"}).nickname == "c"


def test_private_attributes_survive_pickling() -> None:
    breeder = make(Breeder, licence="L")
    breeder._seen = 9  # noqa: SLF001 - a private attribute
    assert pickle.loads(pickle.dumps(breeder))._seen == 9  # noqa: S301, SLF001 - our own bytes


def test_model_construct_gives_defaults() -> None:
    owner = Owner.model_construct(birth_date="1970")
    assert (owner.lucky_number, owner.nickname) == (7, None)


def test_lists_of_subclasses_take_the_place_of_lists_of_models() -> None:
    patient = Patient(name=[make(Nick, nick="a")])
    assert patient.model_dump() == {"resourceType": "Patient", "name": [{"nick": "a"}]}


def test_a_subclass_goes_where_its_base_goes() -> None:
    owner = make(Owner, nickname="a")
    bundle = Bundle(type="batch", entry=[{"resource": owner}])
    assert bundle.entry
    assert bundle.entry[0].resource is owner
    assert bundle.model_dump()["entry"][0]["resource"]["nickname"] == "a"
    assert Patient.model_validate(owner) is owner


def test_an_inherited_field_may_be_narrowed() -> None:
    class Known(Patient):
        birth_date: str

    assert make(Known, birthDate="1970").model_dump()["birthDate"] == "1970"
    assert list(kinds(make, Known).values()) == ["missing"]


def test_an_inherited_field_may_have_a_serializer() -> None:
    class Redacted(Patient):
        note: str | None = None

        @field_serializer("note", "birth_date")
        def _hide(self, _text: str | None) -> str:
            return "hidden"

    dumped = make(Redacted, note="a", birth_date="1970").model_dump()
    assert (dumped["note"], dumped["birthDate"]) == ("hidden", "hidden")


def test_a_subclass_has_a_schema_and_fields() -> None:
    properties = Breeder.model_json_schema()["properties"]
    assert {"birthDate", "nickname", "luckyNumber", "licence"} <= set(properties)
    assert "label" in Owner.model_json_schema(mode="serialization")["properties"]
    assert {"birth_date", "nickname", "lucky_number"} <= set(Owner.model_fields)

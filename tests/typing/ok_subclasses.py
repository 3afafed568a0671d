"""Models that users derive from ours."""

from pydantic import Field, computed_field, field_validator, model_validator
from typing_extensions import Self

from pymedplum.fhir import HumanName, Patient


class Owner(Patient):
    """A patient with a nickname."""

    nickname: str | None = None
    lucky_number: int = Field(default=7, alias="luckyNumber")

    @field_validator("birth_date")
    @classmethod
    def _check_birth_date(cls, text: str | None) -> str | None:
        if text and text < "1900":
            raise ValueError("too old")
        return text

    @model_validator(mode="after")
    def _check_all(self) -> Self:
        if self.active is False and self.nickname:
            raise ValueError("inactive owners have no nickname")
        return self

    @computed_field  # type: ignore[prop-decorator]
    @property
    def label(self) -> str:
        return f"{self.nickname} {self.birth_date}"

    def family(self) -> str | None:
        return self.name[0].family if self.name else None


class Breeder(Owner):
    """A subclass of a subclass."""

    licence: str | None = None


owner = Owner(nickname="a", birth_date="1990", name=[HumanName(family="b")])
nickname: str | None = owner.nickname
number: int = owner.lucky_number
read: Breeder = Breeder.model_validate({"resourceType": "Patient", "licence": "L"})
assert (nickname, number, owner.label, owner.family()) == ("a", 7, "a 1990", "b")
assert read.licence == "L"
assert Breeder.model_validate_json(read.model_dump_json(exclude={"label"})) == read

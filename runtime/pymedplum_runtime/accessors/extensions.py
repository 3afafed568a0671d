"""Extensions with one value, and extensions that hold others.

https://hl7.org/fhir/R4/extensibility.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pymedplum_runtime.helpers import get_extension, remove_extension, upsert_extension
from pymedplum_runtime.helpers.members import (
    FHIRData,
    choice_value,
    entries,
    is_data,
    member,
    members_of,
)
from pymedplum_runtime.helpers.serialization import to_fhir_json

if TYPE_CHECKING:
    from typing_extensions import Self

Model = Any  # a generated class of models, or None where the value is a primitive
Json = dict[str, Any]
Read = TypeVar("Read")
_PYTHON: Mapping[str, type] = {"valueBoolean": bool, "valueInteger": int, "valueDecimal": Decimal}


@dataclass(frozen=True, slots=True)
class ValueSlot:
    """A `value[x]`: its FHIR name, the class of complex values, and the codes it may have.

    `codings` are the codes of a required value set by system: a code alone stands for its coding.
    """

    name: str
    model: Model = None
    codes: Sequence[str] = ()
    codings: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    def read(self, value: Any) -> Any:  # noqa: ANN401 - FHIR JSON in, a model or a primitive out
        """Give a value the type that it is read as."""
        return value if self.model is None else self.model.model_validate(value)

    def checked(self, value: Any, where: str) -> Any:  # noqa: ANN401 - what a signature accepts
        """Give a value that is to be written the type that it will be read as.

        Raises:
            TypeError: it is no value of a primitive type.
            ValueError: it is none of the codes, or breaks FHIR.
        """
        if self.model is None:
            _check_primitive(value, _PYTHON.get(self.name, str), where)
        if not isinstance(value, str) or not (self.codes or self.codings):
            return self.read(value)
        systems = {code: system for system, codes in self.codings.items() for code in codes}
        allowed = self.codes or tuple(systems)
        if value not in allowed:
            raise ValueError(f"{where}: expected one of {', '.join(sorted(allowed))}")
        return self.read({"system": systems[value], "code": value}) if systems else value


@dataclass(frozen=True, slots=True)
class ExtensionValue(Generic[Read]):
    """An extension with one value, which is read as `Read`."""

    url: str
    slot: ValueSlot

    def read(self, element: FHIRData) -> Read | None:
        """Return the value, or `None`."""
        value = _value_of(get_extension(element, self.url))
        return None if value is None else self.slot.read(value)

    def write(self, element: FHIRData, value: Any) -> None:  # noqa: ANN401 - what a signature accepts
        """Set the value in place; `None` takes the extension away."""
        if value is None:
            remove_extension(element, self.url)
            return
        stored = {"url": self.url, self.slot.name: _plain(self.slot.checked(value, self.url))}
        upsert_extension(element, stored, key_url=self.url)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the extensions inside another: its attribute, its URL, how often it may be there."""

    attribute: str
    url: str
    slot: ValueSlot
    min: int = 0
    max: int | None = 1

    def checked(self, value: Any, where: str) -> Any:  # noqa: ANN401 - what a signature accepts
        """Give what is to be written the type that it will be read as.

        Raises:
            TypeError: there may be several, and it is no sequence.
            ValueError: there are too few or too many, or one is none of the codes.
        """
        where = f"{where}, {self.url}"
        if self.max != 1 and (isinstance(value, str) or is_data(value)):
            raise TypeError(f"{where}: expected a sequence of values")
        found = [] if value is None else [value] if self.max == 1 else list(value)
        if len(found) < self.min:
            raise ValueError(f"{where}: at least {self.min} needed, got {len(found)}")
        if self.max is not None and len(found) > self.max:
            raise ValueError(f"{where}: at most {self.max} allowed, got {len(found)}")
        return self.shaped([self.slot.checked(each, where) for each in found])

    def shaped(self, values: Sequence[Any]) -> Any:  # noqa: ANN401 - one value, or a tuple
        """Give values as the attribute holds them."""
        if self.max == 1:
            return values[0] if values else None
        return tuple(values)

    def stored(self, value: Any) -> list[Json]:  # noqa: ANN401 - as `shaped` gave it
        """Return the extensions that an attribute becomes."""
        values = [] if value is None else [value] if self.max == 1 else list(value)
        return [{"url": self.url, self.slot.name: _plain(each)} for each in values]


class ExtensionParts:
    """An extension that holds others, as an object with an attribute for each.

    `repr` tells which parts are there, never what they say.
    """

    URL: ClassVar[str]
    PARTS: ClassVar[tuple[Part, ...]]

    @classmethod
    def read(cls, element: FHIRData) -> "Self | None":
        """Return the parts of an element's extension, or `None` where there is no such extension.

        What is stored is given as it is: a part that has to be there may be missing.
        """
        extension = get_extension(element, cls.URL)
        if extension is None:
            return None
        inner = entries(member(extension, "extension"))
        parts = cls.__new__(cls)
        for part in cls.PARTS:
            found = [_value_of(entry) for entry in inner if member(entry, "url") == part.url]
            values = [part.slot.read(value) for value in found if value is not None]
            setattr(parts, part.attribute, part.shaped(values))
        return parts

    @classmethod
    def put(cls, element: FHIRData, parts: object) -> None:
        """Set the extension of an element in place; `None` takes it away.

        Raises:
            TypeError: the parts are something else.
        """
        if parts is None:
            remove_extension(element, cls.URL)
        elif isinstance(parts, cls):
            parts.write(element)
        else:
            kind = type(parts).__name__
            raise TypeError(f"{cls.URL}: expected a {cls.__name__} or None, got {kind}")

    def fill(self, **values: Any) -> None:  # noqa: ANN401 - what the generated signature accepts
        """Set every attribute to its checked value."""
        for part in self.PARTS:
            setattr(self, part.attribute, part.checked(values[part.attribute], self.URL))

    def write(self, element: FHIRData) -> None:
        """Set the extension of an element in place."""
        inner: list[Json] = []
        for part in self.PARTS:
            inner += part.stored(getattr(self, part.attribute))
        upsert_extension(element, {"extension": inner, "url": self.URL}, key_url=self.URL)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # attributes can be set

    def __repr__(self) -> str:
        there = [part.attribute for part in self.PARTS if getattr(self, part.attribute)]
        return f"{type(self).__name__}({', '.join(f'{name}=...' for name in there)})"


def _check_primitive(value: object, kind: type, where: str) -> None:
    if not isinstance(value, kind) or isinstance(value, bool) > (kind is bool):
        raise TypeError(f"{where}: expected a {kind.__name__}, got {type(value).__name__}")
    if isinstance(value, str) and not value.strip():
        raise ValueError(f"{where}: expected some text")


def _plain(value: Any) -> Any:  # noqa: ANN401 - a model or a primitive in, FHIR JSON out
    return to_fhir_json(value) if is_data(value) else value


def _value_of(extension: FHIRData | None) -> Any:  # noqa: ANN401 - any FHIR value, in JSON
    return None if extension is None else choice_value(members_of(extension))

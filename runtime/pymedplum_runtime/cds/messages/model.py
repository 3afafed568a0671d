"""The base of the messages of CDS Hooks: the wire's JSON in and out, checked, safe to log.

The generated `pymedplum.cds_models` stands on it; `rules.py` has what members say of each other.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    FieldSerializationInfo,
    SecretStr,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from pymedplum_runtime.cds.messages.prefetch import Prefetch
from pymedplum_runtime.cds.messages.resources import (
    fhir_class,
    in_mode,
    is_building,
    is_reading,
    read_object,
    reading,
)
from pymedplum_runtime.cds.messages.validation_errors import (
    advice,
    explain,
    unknown_attribute,
    unknown_member,
)
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.models.problems import refuse

# Pydantic's serializer warnings quote values.
_WRITING: dict[str, Any] = {"by_alias": True, "exclude_none": True, "warnings": False}

Extra = Literal["allow", "ignore", "forbid"]


class _Hidden:
    """Stands for a value where one would be shown."""

    def __repr__(self) -> str:
        return "..."


_HIDDEN = _Hidden()


class CDSModel(BaseModel):
    """A message of CDS Hooks, or a part of one.

    Constructors take Python's spelling and the wire's, and refuse members that there are not;
    reading with `model_validate` and `model_validate_json` keeps them. `str` and `repr` show the
    names of what is there, never values.
    """

    model_config = ConfigDict(
        defer_build=True,
        extra="allow",
        hide_input_in_errors=True,
        serialize_by_alias=True,
        validate_assignment=True,
        validate_by_alias=True,
        validate_by_name=True,
    )

    if not TYPE_CHECKING:  # checkers know the parameters from the fields

        def __init__(self, /, **data: object) -> None:
            try:
                with in_mode("building"):
                    super().__init__(**data)
            except ValidationError as error:
                raise explain(type(self), error) from None

        # Otherwise Pydantic would call it for parts of a message too.
        __init__.__pydantic_base_init__ = True

        def __getattr__(self, name: str) -> object:
            try:
                return super().__getattr__(name)
            except AttributeError:
                raise unknown_attribute(type(self), name) from None

        def __setattr__(self, name: str, value: object) -> None:
            cls = type(self)
            known = (cls.model_fields, cls.__private_attributes__, self.__pydantic_extra__ or ())
            if not any(name in names for names in known):
                raise unknown_attribute(cls, name)
            before, given = dict(self.__dict__), set(self.__pydantic_fields_set__)
            try:
                super().__setattr__(name, value)
            except ValidationError as error:
                # Pydantic has stored the value when a rule between members refuses it.
                object.__setattr__(self, "__dict__", before)
                object.__setattr__(self, "__pydantic_fields_set__", given)
                raise explain(cls, error) from None

    @classmethod
    def model_validate(  # noqa: PLR0913 - Pydantic's signature
        cls,
        obj: Any,  # noqa: ANN401 - Pydantic's signature
        *,
        strict: bool | None = None,
        extra: Extra | None = None,
        from_attributes: bool | None = None,
        context: Any | None = None,  # noqa: ANN401 - Pydantic's signature
        by_alias: bool | None = None,
        by_name: bool | None = None,
    ) -> Self:
        """Read a dict as it came over the wire; takes Pydantic's arguments.

        FHIR resources inside become models. One that breaks FHIR's rules does not fail the
        message, as long as it has FHIR's shape; see docs/cds-models.md.

        Raises:
            pydantic.ValidationError: what was found, each with its path and without its value.

        Example:
            >>> Link.model_validate({"label": "Guide", "url": "https://example.org", ...})
            Link(label=..., url=..., type=...)
        """
        try:
            with reading():
                return super().model_validate(
                    obj,
                    strict=strict,
                    extra=extra,
                    from_attributes=from_attributes,
                    context=context,
                    by_alias=by_alias,
                    by_name=by_name,
                )
        except ValidationError as error:
            raise explain(cls, error) from None
        except RecursionError:
            raise refuse(cls.__name__, "fhir_depth", "the data is nested too deeply") from None

    @classmethod
    def model_validate_json(  # noqa: PLR0913 - Pydantic's signature
        cls,
        json_data: str | bytes | bytearray,
        *,
        strict: bool | None = None,
        extra: Extra | None = None,
        context: Any | None = None,  # noqa: ANN401 - Pydantic's signature
        by_alias: bool | None = None,
        by_name: bool | None = None,
    ) -> Self:
        """Read JSON text exactly: decimals of FHIR resources keep their digits.

        Takes the arguments of `model_validate`, and raises what it raises; text that is no JSON
        is a `ValidationError` too.
        """
        from pymedplum_runtime.models.codec import (  # noqa: PLC0415 - loads msgspec
            JsonTextError,
            decode,
        )

        try:
            data = decode(json_data)
        except JsonTextError as error:
            raise refuse(cls.__name__, "json_invalid", f"Invalid JSON: {error}") from None
        except ValueError:  # Python reads no integer of 5,000 digits
            raise refuse(cls.__name__, "json_invalid", "a number is too long") from None
        return cls.model_validate(
            data, strict=strict, extra=extra, context=context, by_alias=by_alias, by_name=by_name
        )

    def model_dump(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - Pydantic's arguments
        """Return the message as a dict in the wire's spelling, without absent members.

        A token is in it as it is. Decimals stay `Decimal`. Takes Pydantic's arguments.
        """
        arguments: dict[str, Any] = {**_WRITING, **kwargs}
        return super().model_dump(**arguments)

    def model_dump_json(  # pyright: ignore[reportIncompatibleMethodOverride]  # the others pass
        self,
        *,
        indent: int | None = None,
        **kwargs: Any,  # noqa: ANN401 - Pydantic's arguments
    ) -> str:
        """Return the message as JSON text: compact, exact, without absent members.

        Takes Pydantic's arguments.

        Raises:
            TypeError: an open member holds what is no JSON value.
            ValueError: it holds a number that is not finite, or is nested too deeply.
        """
        from pymedplum_runtime.models import codec, strict_json  # noqa: PLC0415 - loads msgspec

        try:
            raw = strict_json.encode(self.model_dump(**kwargs))
        except RecursionError:
            raise ValueError("the message is nested too deeply") from None
        return (raw if indent is None else codec.indent(raw, indent)).decode()

    @field_validator("*", mode="wrap")
    @classmethod
    def _read_member(
        cls, value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> object:
        if value is None and is_reading():
            raise PydanticCustomError("cds_null", "must not be null; leave the member out instead")
        annotation: Any = cls.model_fields[info.field_name or ""].annotation
        target = fhir_class(annotation)
        return handler(value if target is None else read_object(target, value))

    @field_serializer("*", mode="wrap")
    def _write_member(
        self, value: object, handler: SerializerFunctionWrapHandler, info: FieldSerializationInfo
    ) -> object:
        if isinstance(value, FHIRModel):
            return value.model_dump(mode=info.mode)
        if isinstance(value, SecretStr):
            return value.get_secret_value()
        if isinstance(value, Mapping):
            members = _members(cast("Mapping[str, object]", value))
            return handler({key: _written(each, info.mode) for key, each in members.items()})
        return handler(value)

    @model_validator(mode="before")
    @classmethod
    def _know_members(cls, data: object) -> object:
        """Refuse misspelt members before the ones that are missed for it are named."""
        name = unknown_member(cls, data) if is_building() else None
        if name is not None:
            words: Any = f"is not a member of {advice(cls, name)}"
            raise PydanticCustomError("cds_unknown", words, {"member": name})
        return data

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        members = (*type(self).model_fields, *(self.__pydantic_extra__ or ()))
        for name in members:
            if name in self.__pydantic_fields_set__:
                yield name, _HIDDEN

    def __str__(self) -> str:
        return repr(self)


def _members(value: Mapping[str, object]) -> Mapping[str, object]:
    """Return prefetched values as they came: reading is slow, and refuses an OperationOutcome."""
    return {key: value.raw(key) for key in value} if isinstance(value, Prefetch) else value


def _written(value: object, mode: str) -> object:
    return value.model_dump(mode=mode) if isinstance(value, FHIRModel) else value

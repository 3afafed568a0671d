"""The base of every generated model: FHIR JSON in, checked values, FHIR JSON out."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, SchemaValidator
from typing_extensions import Self

from pymedplum_runtime.models import subclasses
from pymedplum_runtime.models.errors import explain, unknown_attribute
from pymedplum_runtime.models.problems import is_object_without, refuse
from pymedplum_runtime.models.property import Property
from pymedplum_runtime.models.schema import (
    all_properties,
    check_of,
    complete,
    reading,
    value_validator,
)

Extra = Literal["allow", "ignore", "forbid"]
# Pydantic before 2.14 rebuilds without a lock. Not the lock that `complete` takes: that one is
# taken inside Pydantic's own.
_rebuilding = threading.RLock()
BOTH_SPELLINGS = {"by_alias": True, "by_name": True}
# Pydantic's serializer warnings quote values.
_WRITING: dict[str, Any] = {"exclude_none": True, "warnings": False}


class _ModelFields:
    """Makes `Model.model_fields` describe the properties, which are no annotations."""

    def __get__(self, instance: object, owner: "type[FHIRModel]") -> dict[str, FieldInfo]:
        return subclasses.fields_of(owner)


class FHIRModel(BaseModel):
    """A FHIR type as a Pydantic model.

    Absent properties read as `None`. Python's spelling and FHIR's are both accepted by
    constructors; reading and writing JSON is FHIR's alone. `str()` and `repr()` show the type and
    the id, never values.
    """

    model_config = ConfigDict(defer_build=True, extra="forbid", hide_input_in_errors=True)

    model_fields: ClassVar[Any] = _ModelFields()

    __properties__: ClassVar[tuple[Property, ...]] = ()
    __resource_type__: ClassVar[str | None] = None
    __is_resource__: ClassVar[bool] = False
    __rows__: ClassVar[dict[str, Property]]
    __check__: ClassVar[Callable[[dict[str, Any]], Any]]
    __setters__: ClassVar[dict[str, SchemaValidator]]

    def __init__(self, /, **data: Any) -> None:
        given = {name: value for name, value in data.items() if value is not None}
        cls = type(self)
        try:
            with reading(**BOTH_SPELLINGS):
                cls.__pydantic_validator__.validate_python(
                    given, self_instance=self, by_alias=True, by_name=True
                )
        except ValidationError as error:
            raise explain(cls, error) from None
        except RecursionError:
            raise refuse(cls.__name__, "fhir_depth", "the data is nested too deeply") from None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__properties__" not in cls.__dict__:
            subclasses.show_properties(cls)
            return
        for row in cls.__properties__:
            setattr(cls, row.name, None)
        if cls.__resource_type__:
            setattr(cls, "resource_type", cls.__resource_type__)  # noqa: B010 - a property of some

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        if "__properties__" in cls.__dict__:
            complete(cls)
        if cls.__dict__.get("__pydantic_complete__"):
            return cls.__pydantic_core_schema__
        return subclasses.core_schema(cls, handler(source))

    @classmethod
    def model_rebuild(cls, *, force: bool = False, **kwargs: Any) -> bool | None:
        """Build the validator now instead of on first use. Users never need to."""
        if "__properties__" not in cls.__dict__:
            with _rebuilding:
                return super().model_rebuild(force=force, **kwargs)
        complete(cls)
        return True

    @classmethod
    def model_validate(  # noqa: PLR0913 - Pydantic's signature
        cls,
        obj: Any,
        *,
        strict: bool | None = None,
        extra: Extra | None = None,
        from_attributes: bool | None = None,
        context: Any | None = None,
        by_alias: bool | None = None,
        by_name: bool | None = None,
    ) -> Self:
        """Read a dict, or a model, into this class.

        Args:
            obj: a dict in FHIR's spelling (Python's is accepted too), or an instance.
            strict: Pydantic's own; FHIR's JSON types are always checked.
            extra: `"allow"` admits properties that this FHIR version does not know and keeps
                them, for servers newer than the SDK.
            from_attributes: Pydantic's own.
            context: Pydantic's own: handed to validators.
            by_alias: Pydantic's own.
            by_name: `False` refuses Python's spelling.

        Raises:
            pydantic.ValidationError: what was found, each with its path and without its value;
                rules between the properties of an object are looked at once those are readable.

        Example:
            >>> Patient.model_validate({"resourceType": "Patient", "active": True}).active
            True
        """
        arguments = _given(strict, extra, from_attributes, by_alias, by_name)
        if not arguments:
            try:  # the usual case: nothing asked for, FHIR's spelling, valid
                model: Self = cls.__pydantic_validator__.validate_python(obj, context=context)
            except (ValidationError, RecursionError):
                arguments = BOTH_SPELLINGS
            else:
                return model
        elif by_name is None:
            arguments = {"by_alias": True, **arguments, "by_name": True}
        try:
            return cls._read(obj, context, arguments)
        except ValidationError as error:
            raise explain(cls, error) from None

    @classmethod
    def model_validate_json(  # noqa: PLR0913 - Pydantic's signature
        cls,
        json_data: str | bytes | bytearray,
        *,
        strict: bool | None = None,
        extra: Extra | None = None,
        context: Any | None = None,
        by_alias: bool | None = None,
        by_name: bool | None = None,
    ) -> Self:
        """Read FHIR JSON text exactly: decimals keep their digits, resources their type.

        Takes the arguments of `model_validate`, and raises what it raises; text that is no JSON
        is a `ValidationError` too.

        Example:
            >>> Quantity.model_validate_json('{"value": 1.00}').value
            Decimal('1.00')
        """
        from pymedplum_runtime.models.codec import (  # noqa: PLC0415 - loads msgspec
            JsonTextError,
            decode,
        )

        try:
            data = decode(json_data)
        except JsonTextError as error:
            raise refuse(cls.__name__, "json_invalid", f"Invalid JSON: {error}") from None
        if cls.__resource_type__ and not by_name and is_object_without(data, "resourceType"):
            raise refuse(cls.__name__, "missing", "Field required", ("resourceType",))
        arguments = _given(strict, extra, None, by_alias, by_name)
        try:
            return cls._read(data, context, _unambiguous(arguments))
        except ValidationError as error:
            raise explain(cls, error) from None

    @classmethod
    def _read(cls, data: object, context: object, arguments: dict[str, Any]) -> Self:
        validate = cls.__pydantic_validator__.validate_python
        try:
            if not arguments:
                return validate(data, context=context)  # type: ignore[no-any-return]
            with reading(**arguments):
                return validate(data, context=context, **arguments)  # type: ignore[no-any-return]
        except RecursionError:
            raise refuse(cls.__name__, "fhir_depth", "the data is nested too deeply") from None

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """Build a model without any check, for data that was checked before."""
        rows = cls.properties_by_name()
        by_alias = {row.fhir_name: name for name, row in rows.items()}
        known = {by_alias.get(name, name): value for name, value in values.items()}
        if cls.__resource_type__:
            known = {"resource_type": cls.__resource_type__, **known}
        model = cls.__new__(cls)
        object.__setattr__(model, "__dict__", {k: v for k, v in known.items() if v is not None})
        object.__setattr__(model, "__pydantic_fields_set__", set(known))
        extra: dict[str, Any] | None = None if "__properties__" in cls.__dict__ else {}
        object.__setattr__(model, "__pydantic_extra__", extra)
        object.__setattr__(model, "__pydantic_private__", None)
        for name, field in cls.__pydantic_fields__.items():
            if name not in rows and name not in known:
                vars(model)[name] = field.get_default(call_default_factory=True)
        return model

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the model; `update` is not validated, and `None` in it removes."""
        copied = super().model_copy(update=update, deep=deep)
        for name in [n for n, value in (update or {}).items() if value is None]:
            if name in type(self).properties_by_name():
                vars(copied).pop(name, None)
        return copied

    def model_dump(self, *, by_alias: bool | None = None, **kwargs: Any) -> dict[str, Any]:
        """Return the resource as a dict in FHIR's spelling, without empty members.

        Decimals stay `Decimal`; `mode="json"` makes them `int` or `float`. Takes Pydantic's
        arguments; `by_alias=False` gives Python's spelling.
        """
        aliased = True if by_alias is None else by_alias
        kwargs = {"mode": "python", **_WRITING, **kwargs}
        return self.__pydantic_serializer__.to_python(self, by_alias=aliased, **kwargs)  # type: ignore[no-any-return]

    def model_dump_json(
        self,
        *,
        indent: int | None = None,
        ensure_ascii: bool = False,
        by_alias: bool | None = None,
        **kwargs: Any,
    ) -> str:
        """Return the resource as FHIR JSON text: compact, exact, without empty members.

        Takes Pydantic's arguments; `by_alias=False` gives Python's spelling.
        """
        from pymedplum_runtime.models import codec  # noqa: PLC0415 - loads msgspec

        aliased = True if by_alias is None else by_alias
        kwargs = {**_WRITING, **kwargs} if kwargs else _WRITING
        plain = self.__pydantic_serializer__.to_python(self, by_alias=aliased, **kwargs)
        raw = codec.encode(plain)
        text = (raw if indent is None else codec.indent(raw, indent)).decode()
        return codec.escape_non_ascii(text) if ensure_ascii else text

    def primitive_element(self, name: str) -> Any:
        """Return the id and extensions of a primitive: FHIR's `_name`, an `Element`.

        Args:
            name: the primitive, in Python's spelling or FHIR's.

        Returns:
            The `Element`, for a list of primitives a list of them (or `None`), or `None`.

        Raises:
            AttributeError: there is no such primitive.

        Source: https://hl7.org/fhir/R4/json.html#primitive

        Example:
            >>> patient.primitive_element("birth_date").extension[0].value_boolean
            True
        """
        rows = type(self).properties_by_name()
        row = next((r for r in rows.values() if name in (r.name, r.fhir_name)), None)
        if row is None or row.sibling is None:
            raise unknown_attribute(type(self), f"_{name}")
        return self.__dict__.get(row.sibling.name)

    @property
    def model_fields_set(self) -> set[str]:
        """The Python names of the properties that are there."""
        return set(self.__dict__)

    if not TYPE_CHECKING:  # with these in sight, checkers would allow every attribute

        def __getattr__(self, name: str) -> Any:
            row = type(self).properties_by_name().get(name)
            if row is not None:  # absent siblings: not worth a class attribute each
                return None
            private = type(self).__private_attributes__
            if name in private or name.startswith("__"):
                return super().__getattr__(name)
            raise unknown_attribute(type(self), name)

        def __setattr__(self, name: str, value: Any) -> None:
            cls = type(self)
            row = cls.properties_by_name().get(name)
            if row is None and name not in cls.__pydantic_fields__:
                if name in cls.__private_attributes__:
                    super().__setattr__(name, value)
                elif name != "resource_type" or value != cls.__resource_type__:
                    raise unknown_attribute(cls, name)
                return
            values = dict(self.__dict__)
            if value is None and row is not None:
                if row.is_required and not row.is_primitive:
                    raise refuse(cls.__name__, "missing", "Field required", (row.fhir_name,))
                values.pop(name, None)
            else:
                values[name] = cls._read_property(name, row.fhir_name if row else name, value)
            check_of(cls)(values)
            object.__setattr__(self, "__dict__", values)

    def __delattr__(self, name: str) -> None:
        if name in type(self).properties_by_name():
            setattr(self, name, None)
        else:
            super().__delattr__(name)

    @classmethod
    def _read_property(cls, name: str, fhir_name: str, value: object) -> object:
        if "__setters__" not in cls.__dict__:
            cls.__setters__ = {}
        validator = cls.__setters__.get(name)
        if validator is None:
            validator = value_validator(cls, name)
            cls.__setters__[name] = validator
        try:
            with reading(**BOTH_SPELLINGS):
                return validator.validate_python(value, by_alias=True, by_name=True)
        except ValidationError as error:
            raise explain(cls, error, (fhir_name,)) from None

    @classmethod
    def properties_by_name(cls) -> dict[str, Property]:
        """Return every property by its Python name, siblings included."""
        rows = cls.__dict__.get("__rows__")
        if rows is None:
            rows = all_properties(cls)
            siblings = [row.sibling for row in rows.values()]
            rows = rows | {row.name: row for row in siblings if row}
            cls.__rows__ = rows
        return rows

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FHIRModel):
            return NotImplemented
        if type(self) is not type(other) or self.__dict__ != other.__dict__:
            return False
        return self.__pydantic_extra__ == other.__pydantic_extra__

    __hash__ = None  # type: ignore[assignment]  # mutable, as every Pydantic model

    def __str__(self) -> str:
        return repr(self)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        yield from ((name, self.__dict__[name]) for name in ("id",) if name in self.__dict__)


def _unambiguous(arguments: dict[str, Any]) -> dict[str, Any]:
    """Let a lenient read take Python's spelling for the property, which it would collide with."""
    is_lenient = arguments.get("extra") in ("allow", "ignore")
    return {**BOTH_SPELLINGS, **arguments} if is_lenient else arguments


def _given(*arguments: Any) -> dict[str, Any]:
    """Name the arguments of a read that were given."""
    if arguments == _NOTHING:
        return {}
    named = zip(_ARGUMENTS, arguments, strict=True)
    return {name: value for name, value in named if value is not None}


_ARGUMENTS = ("strict", "extra", "from_attributes", "by_alias", "by_name")
_NOTHING = (None,) * len(_ARGUMENTS)

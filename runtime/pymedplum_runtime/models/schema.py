"""Core schemas of the models, straight from the generated tables.

Pydantic derives a core schema from annotations; ours is known when the code is generated, so it
is assembled from rows instead: docs/decisions/0003-core-schemas-from-tables.md. A class is built
when it is first used, and reuses what the classes it nests have built.
"""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import (
    PydanticCustomError,
    SchemaSerializer,
    SchemaValidator,
    ValidationError,
)
from pydantic_core.core_schema import CoreConfig, CoreSchema, ValidationInfo

from pymedplum_runtime.models.checks import Values, make_check
from pymedplum_runtime.models.errors import explain
from pymedplum_runtime.models.package import ModelPackage, package_of
from pymedplum_runtime.models.primitives import code_schema, primitive_schema
from pymedplum_runtime.models.property import Property

if TYPE_CHECKING:
    from pymedplum_runtime.models.base import FHIRModel

Node = dict[str, Any]  # a CoreSchema under construction: a union of 50 TypedDicts is no help here

_lock = threading.RLock()
_primitives: dict[tuple[str, str], CoreSchema] = {}

# How the read in progress was asked for; types that are built late need to be told.
_reading: ContextVar[dict[str, Any]] = ContextVar("pymedplum_reading", default={})  # noqa: B039 - never mutated


# How many late types the one being read stands in. Pydantic stops writing at 255 levels.
DEEPEST = 100
_depth: ContextVar[int] = ContextVar("pymedplum_depth", default=0)


@contextmanager
def reading(**options: Any) -> Generator[None]:  # noqa: ANN401 - Pydantic's own arguments
    """Make the validator arguments of a read known to the types that are built late."""
    token = _reading.set(options)
    try:
        yield
    finally:
        _reading.reset(token)


def complete(cls: "type[FHIRModel]") -> None:
    """Build the validator and serializer of a class, once, whichever thread comes first."""
    if cls.__dict__.get("__pydantic_complete__"):
        return
    with _lock:
        if cls.__dict__.get("__pydantic_complete__"):
            return
        schema = model_schema(cls)
        config = CoreConfig(title=cls.__name__, hide_input_in_errors=True)
        cls.__pydantic_core_schema__ = schema
        cls.__pydantic_validator__ = SchemaValidator(schema, config)
        cls.__pydantic_serializer__ = SchemaSerializer(schema, config)
        # Last: other threads read it without the lock.
        cls.__pydantic_complete__ = True


def all_properties(cls: "type[FHIRModel]") -> dict[str, Property]:
    """Return the properties of a class by Python name: inherited first, then its own."""
    rows = [row for c in reversed(cls.__mro__) for row in c.__dict__.get("__properties__", ())]
    by_name = {row.name: row for row in rows}
    return {name: row for name, row in by_name.items() if not row.prohibited}


def check_of(cls: "type[FHIRModel]") -> Callable[[Values], Any]:
    """Return the check between the properties of a class, a user's own fields included."""
    if "__check__" not in cls.__dict__:
        rows = all_properties(cls)
        own = cls.__pydantic_fields__.keys() - rows.keys()
        fields = [Property(name, name, "string", bare=True) for name in sorted(own)]
        cls.__check__ = staticmethod(make_check(cls.__name__, [*rows.values(), *fields]))
    return cls.__check__


def model_schema(cls: "type[FHIRModel]") -> CoreSchema:
    """Assemble the core schema of a generated class."""
    package = package_of(cls)
    properties = all_properties(cls)
    fields = dict(_fields(package, properties.values()))
    if cls.__resource_type__:
        fields = {"resource_type": resource_type_field(cls.__resource_type__)} | fields
    return assemble(cls, fields, check_of(cls))


def assemble(cls: type, fields: dict[str, Node], check: Callable[..., Any]) -> CoreSchema:
    """Join the fields and the check of a class into its core schema.

    A typed dict stores only what is there, which is what makes models small and dumps fast; the
    check turns it into the parts of a model. Unknown properties are refused when reading unless
    the call admits them, and always written.
    """
    body = {"type": "typed-dict", "cls": cls, "fields": fields}
    schema: Node = {
        "type": "model",
        "cls": cls,
        "schema": {
            "type": "function-after",
            "function": {"type": "no-info", "function": check},
            "schema": body | {"extra_behavior": "forbid"},
        },
        "serialization": {
            "type": "model",
            "cls": cls,
            "schema": body | {"extra_behavior": "allow"},
        },
    }
    return cast("CoreSchema", schema)


def find_node(schema: Any, kind: str) -> Node:  # noqa: ANN401 - a CoreSchema
    """Descend through what is wrapped around a node of a core schema to the node itself."""
    while schema["type"] != kind:
        schema = schema["schema"]
    return cast("Node", schema)


def value_validator(cls: "type[FHIRModel]", name: str) -> SchemaValidator:
    """Build the validator of one property's value, with a user's own validators of it."""
    cls.model_rebuild()
    schema: Any = cls.__pydantic_core_schema__
    value: Any = find_node(schema, "typed-dict")["fields"][name]["schema"]
    if schema["type"] == "definitions":
        value = dict(schema, schema=value)
    return SchemaValidator(value, CoreConfig(hide_input_in_errors=True))


def resource_type_field(name: str) -> Node:
    """Build the field that says which resource this is; a constructor may leave it out."""
    literal = {"type": "literal", "expected": [name]}
    return {
        "type": "typed-dict-field",
        "required": False,
        "schema": {"type": "default", "schema": literal, "default": name},
        "validation_alias": "resourceType",
        "serialization_alias": "resourceType",
    }


def _fields(package: ModelPackage, rows: Any) -> Iterator[tuple[str, Node]]:  # noqa: ANN401
    for row in rows:
        yield row.name, _field(package, row)
        sibling = row.sibling
        if sibling:
            yield sibling.name, _field(package, sibling)


def _field(package: ModelPackage, row: Property) -> Node:
    return {
        "type": "typed-dict-field",
        "required": row.is_required and not row.is_primitive,
        "schema": property_schema(package, row),
        "validation_alias": row.fhir_name,
        "serialization_alias": row.fhir_name,
    }


def property_schema(package: ModelPackage, row: Property) -> CoreSchema:
    """Build the core schema of one property's value."""
    item = _item_schema(package, row)
    if not row.many:
        return item
    # In a list of primitives, null stands where only the sibling says something.
    has_nulls = row.is_primitive or row.name.startswith("_")
    items: Any = {"type": "nullable", "schema": item} if has_nulls else item
    return {"type": "list", "items_schema": items, "min_length": 1}


def _item_schema(package: ModelPackage, row: Property) -> CoreSchema:
    if row.codes:
        return _shared(package, row.codes, lambda: code_schema(package.codes(row.codes or "")))
    if row.is_primitive:
        return _shared(package, row.type, lambda: primitive_schema(package.primitives()[row.type]))
    if row.lazy:
        return _late_schema(package, row.type)
    cls = package.find(row.type)
    complete(cls)
    return cls.__pydantic_core_schema__


def _shared(package: ModelPackage, name: str, build: Callable[[], CoreSchema]) -> CoreSchema:
    key = (package.name, name)
    if key not in _primitives:
        _primitives[key] = build()
    return _primitives[key]


def _late_schema(package: ModelPackage, type_name: str) -> CoreSchema:
    """Build the schema of a value whose class is looked up when one is met."""

    def validate(value: object, info: ValidationInfo) -> object:
        cls = package.find(type_name)
        if cls.__is_resource__ and not cls.__resource_type__:
            if isinstance(value, cls):
                return value
            from pymedplum_runtime.models.polymorphic import class_for  # noqa: PLC0415 - a cycle

            cls = class_for(package, value)
        depth = _depth.get()
        if depth == DEEPEST:
            raise PydanticCustomError("fhir_depth", "the data is nested too deeply")
        token = _depth.set(depth + 1)
        try:
            validator = cls.__pydantic_validator__
            return validator.validate_python(value, context=info.context, **_reading.get())
        except ValidationError as error:
            raise explain(cls, error) from None
        finally:
            _depth.reset(token)

    def json_schema(_core: object, _handler: object) -> dict[str, str]:
        return {"type": "object", "title": type_name}

    schema: Node = {
        "type": "function-plain",
        "function": {"type": "with-info", "function": validate},
        "metadata": {"pydantic_js_functions": [json_schema]},
    }
    return cast("CoreSchema", schema)

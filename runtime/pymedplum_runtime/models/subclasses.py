"""Models that users derive from ours: Pydantic's own machinery, on top of the generated tables.

A generated class declares rows, not annotations. Before Pydantic collects the fields of a user's
class, `show_properties` gives every generated base the annotations that Pydantic expects, so that
fields, validators and serializers of the subclass are Pydantic's business. `core_schema` then
swaps the part that reads properties for ours.
"""

from collections.abc import Callable
from inspect import get_annotations
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_core.core_schema import CoreSchema

from pymedplum_runtime.models.checks import Values
from pymedplum_runtime.models.package import package_of
from pymedplum_runtime.models.property import Property
from pymedplum_runtime.models.schema import (
    Node,
    all_properties,
    assemble,
    check_of,
    find_node,
    model_schema,
    property_schema,
)

if TYPE_CHECKING:
    from pymedplum_runtime.models.base import FHIRModel


class _PropertyType:
    """What Pydantic reads the schema of an inherited property from."""

    def __init__(self, owner: "type[FHIRModel]", row: Property) -> None:
        self._owner = owner
        self._row = row

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        return property_schema(package_of(self._owner), self._row)


def show_properties(cls: "type[FHIRModel]") -> None:
    """Give the generated bases of a user's class the annotations that Pydantic looks for."""
    redefined = get_annotations(cls)
    for base in cls.__mro__[1:]:
        rows = base.__dict__.get("__properties__")
        for name in {row.name for row in rows or ()}.intersection(redefined, base.__dict__):
            delattr(base, name)  # else Pydantic warns of shadowing; absent reads find it anyway
        if rows and not base.__annotations__:
            base.__annotations__ = {
                row.name: _annotation(base, row) for row in rows if not row.prohibited
            }


def fields_of(cls: "type[FHIRModel]") -> dict[str, FieldInfo]:
    """Describe every property of a class as Pydantic describes a field."""
    if "__properties__" not in cls.__dict__:
        return cls.__pydantic_fields__
    return {
        name: FieldInfo.from_annotated_attribute(
            _annotation(cls, row),
            ... if row.is_required and not row.is_primitive else None,
        )
        for name, row in all_properties(cls).items()
    }


def _annotation(cls: "type[FHIRModel]", row: Property) -> Any:  # noqa: ANN401 - an annotation
    return Annotated[Any, Field(alias=row.fhir_name), _PropertyType(cls, row)]


def core_schema(cls: "type[FHIRModel]", schema: CoreSchema) -> CoreSchema:
    """Make the schema that Pydantic built for a user's class read and write as ours do."""
    base = next(c for c in cls.__mro__ if "__properties__" in c.__dict__)
    ours: Any = model_schema(base)
    fields: Node = dict(ours["schema"]["schema"]["fields"])
    model, collected = find_node(schema, "model"), find_node(schema, "model-fields")
    computed = collected.get("computed_fields", [])
    redefined = _redefined(cls)
    for name, field in collected["fields"].items():
        fields[name] = _typed_dict_field(field, fields.get(name), is_own=name in redefined)
    assembled: Any = assemble(cls, fields, _splitting(check_of(cls), frozenset(fields)))
    body = assembled["schema"]["schema"] | {"extra_behavior": cls.model_config.get("extra")}
    collected.clear()
    collected.update(body)
    model.pop("custom_init", None)  # our constructor reads; it is not to be read through
    model["schema"] = {**assembled["schema"], "schema": model["schema"]}
    model["serialization"] = {
        "type": "model",
        "cls": cls,
        "schema": {
            "type": "model-fields",
            "fields": {name: {**f, "type": "model-field"} for name, f in fields.items()},
            "extra_behavior": "allow",
            "computed_fields": computed,
        },
        "config": {"extra_fields_behavior": "allow"},
    }
    return schema


def _redefined(cls: "type[FHIRModel]") -> set[str]:
    """Name the fields that the user's classes annotate themselves."""
    own = [c for c in cls.__mro__ if "__properties__" not in c.__dict__]
    return {name for c in own for name in get_annotations(c)}


def _typed_dict_field(field: Node, inherited: Node | None, *, is_own: bool) -> Node:
    """Turn a field as Pydantic describes it into one that is stored only where it is given."""
    inner = field["schema"]
    has_default = inner["type"] == "default"
    if inherited is None:
        return {**field, "type": "typed-dict-field", "required": not has_default}
    schema = dict(inner["schema"]) if has_default else inner
    if "serialization" in inner:
        schema["serialization"] = inner["serialization"]
    required = not has_default if is_own else inherited["required"]
    return {**inherited, "schema": schema, "required": required}


def _splitting(
    check: Callable[[Values], Any], known: frozenset[str]
) -> Callable[[Values], tuple[Values, Values, set[str]]]:
    """Keep properties that were admitted though unknown where Pydantic's serializer looks."""

    def split(values: Values) -> tuple[Values, Values, set[str]]:
        _, _, names = check(values)
        extra = {name: value for name, value in values.items() if name not in known}
        return {n: v for n, v in values.items() if n in known}, extra, names

    return split

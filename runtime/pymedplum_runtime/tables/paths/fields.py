"""What elements a type has: where JSON holds each, of what type it is, and whether it repeats."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from pymedplum_runtime.profiles.definitions import packaged

_CHOICE = "[x]"
_SYSTEM = "http://hl7.org/fhirpath/System."
# Only the resource itself says of what type these are.
_ANY_RESOURCE = frozenset(("Resource", "DomainResource"))
_KEPT_AS = "tables.fields"


class Field(NamedTuple):
    """An element of one type; the type is empty where the data alone tells it."""

    key: str
    type: str
    repeats: bool


class ChoiceField(NamedTuple):
    """An element that may be of several types: the JSON property for each."""

    name: str
    options: tuple[Field, ...]


AnyField: TypeAlias = Field | ChoiceField


def fields_of(type_name: str) -> Mapping[str, AnyField]:
    """Return the elements of a type by name, or of an element such as `Patient.contact`.

    It is empty for a type that is not known.
    """
    kept: dict[str, Mapping[str, AnyField]] = packaged().prepared.setdefault(_KEPT_AS, {})
    found = kept.get(type_name)
    if found is None:
        tables = _tables_of(type_name)
        is_value = is_primitive(type_name)
        found = kept[type_name] = {
            name.removesuffix(_CHOICE): _field(type_name, name, table)
            for name, table in tables.items()
            if not (is_value and name == "value") and _has_type(table)
        }
    return found


def _tables_of(type_name: str) -> Mapping[str, Any]:
    definitions = packaged()
    owner, *names = type_name.split(".")
    tables: Mapping[str, Any] = definitions.elements(owner)
    for name in names:
        table = tables.get(name)
        if table is None:
            return {}
        base = next((each["code"] for each in table.get("types", ())), "BackboneElement")
        tables = {**definitions.elements(base), **table.get("elements", {})}
    return tables


def _has_type(table: Any) -> bool:  # noqa: ANN401 - an ElementTable
    return bool("content" in table or "elements" in table or table.get("types"))


def _field(owner: str, name: str, table: Any) -> AnyField:  # noqa: ANN401 - an ElementTable
    repeats = table.get("max", 1) not in (0, 1, "0", "1")
    if "content" in table:
        return Field(name, table["content"], repeats)
    if "elements" in table:
        return Field(name, f"{owner}.{name}", repeats)
    codes = [_code(each["code"]) for each in table["types"]]
    if not name.endswith(_CHOICE):
        return Field(name, codes[0], repeats)
    stem = name.removesuffix(_CHOICE)
    options = (Field(f"{stem}{code[:1].upper()}{code[1:]}", code, repeats) for code in codes)
    return ChoiceField(stem, tuple(options))


def _code(code: str) -> str:
    if code.startswith(_SYSTEM):
        return code.removeprefix(_SYSTEM).lower()
    return "" if code in _ANY_RESOURCE else code


def is_resource(type_name: str) -> bool:
    """Tell whether a name is that of a type of resource that there can be."""
    table = packaged().type_table(type_name)
    return table is not None and table.get("kind") == "resource" and not table.get("abstract")


def is_known(type_name: str) -> bool:
    """Tell whether there is a type of this name."""
    return packaged().type_table(type_name) is not None


def is_primitive(type_name: str) -> bool:
    """Tell whether values of a type are single JSON values; it must be known."""
    table = packaged().type_table(type_name)
    return table is not None and table.get("kind") == "primitive-type"


def is_a(type_name: str, ancestor: str) -> bool:
    """Tell whether a type is another one or derives from it."""
    if "." in type_name:
        return ancestor in (type_name, "BackboneElement", "Element")
    return type_name == ancestor or packaged().is_subtype(type_name, ancestor)


def type_names() -> set[str]:
    """Return the names of all types, for suggestions."""
    return {name for url in packaged().urls if is_known(name := url.rpartition("/")[2])}


def resource_names() -> set[str]:
    """Return the names of all types of resources, for suggestions."""
    return {name for name in type_names() if is_resource(name)}

"""Turns one ElementDefinition into the JSON properties that it allows."""

from collections.abc import Iterator
from dataclasses import dataclass

from codegen.ir.catalog import RESOURCE_ID, Catalog
from codegen.ir.names import attribute_name, choice_name, class_name
from codegen.ir.primitives import LONG_ID, SYSTEM, system_type
from codegen.ir.text import describe
from codegen.ir.types import Element
from codegen.load import Json
from pymedplum_runtime.terminology.expand import CannotExpandError

# A choice of more types than this is FHIR's open type `*`: it reaches every datatype, so its
# types are only built when one is met.
OPEN_CHOICE = 20
# Releases differ in what they call these two; the specification's text does not:
# https://hl7.org/fhir/R4/resource.html#id, https://hl7.org/fhir/R4/element.html#id
IDS = {RESOURCE_ID: "id", "Element.id": "string"}
BOUND_TYPES = frozenset({"code", "string", "uri"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands: its definition's file and whether it nests others."""

    file: str
    has_children: bool


def build_elements(json: Json, place: Place, catalog: Catalog) -> Iterator[Element]:
    """Give one Element per JSON property; problems go to the catalog."""
    path: str = json["path"]
    stem = path.rpartition(".")[2]
    types: list[Json] = json.get("type", [])
    if "contentReference" in json:
        target = catalog.content_reference(json["contentReference"], place.file, path)
        if target:
            yield _element(json, stem, class_name(target), catalog, place)
    elif place.has_children:
        yield _element(json, stem, class_name(path), catalog, place)
    elif not types:
        catalog.report(place.file, path, "has neither a type nor a contentReference")
    elif stem.endswith("[x]"):
        for type_ in types:
            yield _element(json, stem, _type_name(type_, json, catalog), catalog, place, type_)
    elif len(types) > 1:
        names = ", ".join(t.get("code", "?") for t in types)
        catalog.report(place.file, path, f"allows {names}, but its name does not end in [x]")
    else:
        yield _element(json, stem, _type_name(types[0], json, catalog), catalog, place, types[0])


def _type_name(type_: Json, json: Json, catalog: Catalog) -> str:
    if catalog.has_long_id(json):
        return LONG_ID
    return IDS.get(json.get("base", "")) or system_type(type_) or type_.get("code", "")


def _element(  # noqa: PLR0913, PLR0917 - the one place where an element's facts come together
    json: Json,
    stem: str,
    type_name: str,
    catalog: Catalog,
    place: Place,
    type_: Json | None = None,
) -> Element:
    choice = stem.removesuffix("[x]") if stem.endswith("[x]") else None
    fhir_name = choice_name(choice, type_name) if choice else stem
    is_primitive = type_name in catalog.primitives
    if not is_primitive and not catalog.knows_class(type_name):
        catalog.report(place.file, json["path"], f"has the unknown type code '{type_name}'")
    is_system = (type_ or {}).get("code", "").startswith(SYSTEM)
    is_open = choice is not None and len(json["type"]) > OPEN_CHOICE
    return Element(
        name=attribute_name(fhir_name),
        fhir_name=fhir_name,
        path=json["path"],
        type=type_name,
        min=json.get("min", 0),
        is_list=json.get("max") not in ("0", "1"),
        is_primitive=is_primitive,
        has_sibling=catalog.has_sibling(type_name) and not is_system,
        is_lazy=not is_primitive and (is_open or catalog.is_built_late(type_name)),
        is_prohibited=json.get("max") == "0",
        choice=choice,
        codes=_codes(json, type_name, catalog, place) if is_primitive else None,
        targets=_targets(type_ or {}),
        description=describe(json.get("short"), json.get("definition")),
    )


def _codes(json: Json, type_name: str, catalog: Catalog, place: Place) -> str | None:
    binding = json.get("binding", {})
    if binding.get("strength") != "required" or type_name not in BOUND_TYPES:
        return None
    if "valueSet" not in binding:
        catalog.report(place.file, json["path"], "has a required binding without a value set")
        return None
    canonical: str = binding["valueSet"]
    try:
        return catalog.value_sets.code_list(canonical).name
    except CannotExpandError as error:
        if not catalog.is_open(canonical, json["path"]):
            message = f"is bound to {canonical}, but {error}; if that is so, list it in "
            catalog.report(place.file, json["path"], f"{message}specs/open-value-sets.toml")
        return None


def _targets(type_: Json) -> tuple[str, ...]:
    return tuple(url.rpartition("/")[2] for url in type_.get("targetProfile", ()))

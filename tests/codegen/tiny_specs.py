"""Builds spec folders of a few definitions, in the shape of specs/fhir/r4, and plans from them."""

import json
from pathlib import Path
from typing import Any

from codegen.cuts import FHIR_TYPE, REGEX
from codegen.ir.build import Release, build_package
from codegen.ir.types import Class, Element, Package
from codegen.load import load_specs
from codegen.problems import Problem

Json = dict[str, Any]  # a definition as it is written to its file

BASE = "http://example.org/"
STRUCTURES = "http://hl7.org/fhir/StructureDefinition/"
RELEASE = Release(label="r4", version="4.0.1")
NO_EXPORTS = "# no re-exports\n"


def element(path: str, *types: str, **facts: Any) -> Json:
    """Return one ElementDefinition, optional and single unless the facts say otherwise."""
    typed: Json = {"type": [{"code": code} for code in types]} if types else {}
    return {"path": path, "short": "A thing", "min": 0, "max": "1", **typed, **facts}


def system_element(path: str, base: str) -> Json:
    """Return an `id` or `url` as definitions spell them: with a FHIRPath system type."""
    extension = [{"url": FHIR_TYPE, "valueUrl": "string"}]
    type_ = {"code": "http://hl7.org/fhirpath/System.String", "extension": extension}
    return element(path, base=base) | {"type": [type_]}


def definition(name: str, *elements: Json, base: str | None = "Element", **facts: Any) -> Json:
    """Return the StructureDefinition of a type whose root element is added here."""
    return {
        "resourceType": "StructureDefinition",
        "id": name,
        "url": STRUCTURES + name,
        "name": name,
        "description": f"The {name} type.",
        "kind": "complex-type",
        "abstract": False,
        "type": name,
        **({"baseDefinition": STRUCTURES + base} if base else {}),
        "derivation": "specialization",
        "element": [element(name, max="*", definition="Everything."), *elements],
        **facts,
    }


def resource(name: str, *elements: Json, base: str | None = "Resource", **facts: Any) -> Json:
    """Return the StructureDefinition of a resource."""
    return definition(name, *elements, base=base, **({"kind": "resource"} | facts))


def primitive(name: str, regex: str | None = None) -> Json:
    """Return the StructureDefinition of a primitive type."""
    value = element(f"{name}.value", "http://hl7.org/fhirpath/System.String")
    if regex:
        value["type"][0]["extension"] = [{"url": REGEX, "valueString": regex}]
    return definition(name, value, kind="primitive-type")


def value_set(id_: str, *include: Json, exclude: tuple[Json, ...] = (), **facts: Any) -> Json:
    """Return a ValueSet."""
    compose: Json = {"include": list(include)} | ({"exclude": list(exclude)} if exclude else {})
    url = f"{BASE}ValueSet/{id_}"
    kind = {"resourceType": "ValueSet", "id": id_, "url": url, "name": id_}
    return kind | {"compose": compose} | facts


def code_system(name: str, *concepts: Json, content: str = "complete") -> Json:
    """Return a CodeSystem."""
    kind = {"resourceType": "CodeSystem", "id": name, "url": f"{BASE}{name}", "name": name}
    return kind | {"content": content, "concept": list(concepts)}


def bound(path: str, value_set_name: str, *types: str, strength: str = "required") -> Json:
    """Return an element with a binding, of type `code` unless another is named."""
    binding = {"strength": strength, "valueSet": f"{BASE}ValueSet/{value_set_name}|1.0"}
    return element(path, *(types or ("code",)), binding=binding)


BASICS = (
    definition("Element", system_element("Element.id", "Element.id"), base=None, abstract=True),
    definition("BackboneElement"),
    resource("Resource", system_element("Resource.id", "Resource.id"), base=None, abstract=True),
    *(primitive(name) for name in ("boolean", "code", "dateTime", "integer", "string", "uri")),
    primitive("id", r"[A-Za-z0-9\-\.]{1,64}"),
)


def write_specs(folder: Path, *definitions: Json) -> Path:
    """Write the definitions, after those that every type stands on, and return the folder."""
    for json_ in (*BASICS, *definitions):
        path = folder / json_["resourceType"] / f"{json_['id']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(json_, indent=2), encoding="utf-8")
    return folder


def plan_all(
    folder: Path, *definitions: Json, release: Release = RELEASE
) -> tuple[Package, list[Problem]]:
    """Build the package of the definitions, with its problems."""
    specs, problems = load_specs(write_specs(folder, *definitions))
    assert not problems
    return build_package(specs, release)


def plan_tiny(folder: Path, *definitions: Json, release: Release = RELEASE) -> Package:
    """Build the package of definitions that have nothing wrong with them."""
    package, problems = plan_all(folder, *definitions, release=release)
    assert not problems, problems
    return package


def problems_of(folder: Path, *definitions: Json, release: Release = RELEASE) -> list[str]:
    """Return what is wrong with the definitions, as it is printed."""
    _, problems = plan_all(folder, *definitions, release=release)
    return sorted(map(str, problems))


def class_of(package: Package, name: str) -> Class:
    """Return one class of a package."""
    return next(c for m in package.modules for c in m.classes if c.name == name)


def elements_of(package: Package, name: str) -> dict[str, Element]:
    """Return the own elements of a class by their Python names."""
    return {e.name: e for e in class_of(package, name).elements}


def codes_of(package: Package, name: str) -> tuple[str, ...]:
    """Return the codes of one code list."""
    return next(c.codes for c in package.code_lists if c.name == name)

"""Counts what arrived: every definition and element of the specs, and what became of them."""

from dataclasses import dataclass

from codegen.ir.api import Api
from codegen.ir.types import Package
from codegen.load import Specs


@dataclass(frozen=True, slots=True)
class Counts:
    """What the specs hold and what the package gives."""

    definitions: int
    elements: int
    primitives: int
    modules: int
    classes: int
    properties: int
    code_lists: int
    open_bindings: int


def count(specs: Specs, package: Package) -> Counts:
    """Count the definitions that were read and the classes that they gave."""
    classes = [c for module in package.modules for c in module.classes]
    return Counts(
        definitions=len(specs.definitions),
        elements=sum(len(s.json["element"]) for s in specs.definitions.values()),
        primitives=len(package.primitives),
        modules=len(package.modules),
        classes=len(classes),
        properties=sum(len(c.elements) for c in classes),
        code_lists=len(package.code_lists),
        open_bindings=len(package.open_bindings),
    )


def describe(package: Package, counts: Counts) -> str:
    """Lay the counts out for a person."""
    head = (
        f"FHIR {package.version} ({package.label}): {counts.definitions} definitions with "
        f"{counts.elements} elements"
    )
    classes = (
        f"  {counts.modules} modules, {counts.classes} classes, {counts.properties} own "
        f"properties, {counts.primitives} primitive types"
    )
    codes = (
        f"  {counts.code_lists} required value sets became code lists; "
        f"{counts.open_bindings} cannot be listed:"
    )
    open_ones = [
        f"    {binding.url} ({len(binding.paths)} elements): {binding.reason}"
        for binding in package.open_bindings
    ]
    return "\n".join([head, classes, codes, *open_ones])


def describe_api(api: Api) -> str:
    """Lay out for a person what the description of the API gave."""
    client = api.clients[0]
    groups = [group for group in api.groups if group.variant == client.variant]
    methods = [method for module in (client, *groups) for method in module.methods]
    requests = sum(1 for method in methods if method.call)
    return (
        f"{api.file}: {len(methods)} methods for each client, {requests} of them one request, "
        f"{len(methods) - len(client.methods)} in {len(groups)} groups; "
        f"{len(api.schemas)} types of bodies"
    )

"""From a CapabilityStatement to `Capabilities`. Whatever it lacks is read as nothing."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pymedplum_runtime.capabilities.members import Element
from pymedplum_runtime.capabilities.server import (
    Capabilities,
    Implementation,
    ResourceCapabilities,
    SearchParam,
    Security,
    Software,
)
from pymedplum_runtime.errors import MedplumError

T = TypeVar("T")

# http://hl7.org/fhir/smart-app-launch/1.0.0/conformance
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_FOR_ALL_TYPES = ("Resource", "DomainResource")
"""Some servers list what serves all types under these."""


def read_capabilities(statement: Mapping[str, Any]) -> Capabilities:
    """Read a CapabilityStatement, one that was stored say.

    Args:
        statement: the resource as a dict. It may lack anything; what is there has FHIR's shape.
            https://hl7.org/fhir/R4/capabilitystatement.html

    Raises:
        MedplumError: it is no CapabilityStatement, or a part of it has another shape; the message
            names the place.

    Example:
        >>> read_capabilities({"resourceType": "CapabilityStatement"}).resource_types
        ()
    """
    is_object = isinstance(statement, Mapping)  # pyright: ignore[reportUnnecessaryIsInstance]
    root = Element(statement if is_object else {}, "CapabilityStatement")
    if root.text("resourceType") != "CapabilityStatement":
        raise MedplumError("what the server says of itself is no CapabilityStatement")
    rest = _server(root)
    listed = _named(rest.elements("resource"), "type", _resource)
    for_all = [listed.pop(name) for name in _FOR_ALL_TYPES if name in listed]
    common = _search_params(rest)
    operations = _operations(rest)
    for each in for_all:
        common |= each.search_params
        operations |= each.operations
    return Capabilities(
        fhir_version=root.text("fhirVersion"),
        url=root.text("url"),
        software=_software(root.element("software")),
        implementation=_implementation(root.element("implementation")),
        security=_security(rest.element("security")),
        formats=root.texts("format"),
        patch_formats=root.texts("patchFormat"),
        instantiates=root.texts("instantiates"),
        implementation_guides=root.texts("implementationGuide"),
        system_interactions=_codes(rest),
        system_operations=operations,
        common_search_params=common,
        resources=listed,
        statement=statement,
    )


def _server(root: Element) -> Element:
    """Return what is said of the REST server; the other mode is that of clients."""
    servers = (rest for rest in root.elements("rest") if rest.text("mode") in {"server", None})
    return next(servers, Element({}, f"{root.place}.rest"))


def _resource(found: Element, resource_type: str) -> ResourceCapabilities:
    return ResourceCapabilities(
        resource_type=resource_type,
        profile=found.text("profile"),
        supported_profiles=found.texts("supportedProfile"),
        interactions=_codes(found),
        versioning=found.text("versioning"),
        read_history=found.flag("readHistory"),
        update_create=found.flag("updateCreate"),
        conditional_create=found.flag("conditionalCreate"),
        conditional_read=found.text("conditionalRead"),
        conditional_update=found.flag("conditionalUpdate"),
        conditional_delete=found.text("conditionalDelete"),
        reference_policies=found.texts("referencePolicy"),
        search_params=_search_params(found),
        search_includes=found.texts("searchInclude"),
        search_revincludes=found.texts("searchRevInclude"),
        operations=_operations(found),
    )


def _codes(found: Element) -> frozenset[str]:
    codes = (each.text("code") for each in found.elements("interaction"))
    return frozenset(code for code in codes if code)


def _search_params(found: Element) -> dict[str, SearchParam]:
    return _named(found.elements("searchParam"), "name", _search_param)


def _search_param(found: Element, name: str) -> SearchParam:
    return SearchParam(
        name, found.text("type"), found.text("documentation"), found.text("definition")
    )


def _operations(found: Element) -> dict[str, str | None]:
    named = _named(found.elements("operation"), "name", lambda each, _: each.text("definition"))
    return {name.removeprefix("$"): definition for name, definition in named.items()}


def _named(found: list[Element], naming: str, read: Callable[[Element, str], T]) -> dict[str, T]:
    """Read elements by their names; what has none cannot be asked for."""
    read_ones: dict[str, T] = {}
    for each in found:
        name = each.text(naming)
        if name:
            read_ones.setdefault(name, read(each, name))
    return read_ones


def _software(found: Element) -> Software:
    return Software(found.text("name"), found.text("version"), found.text("releaseDate"))


def _implementation(found: Element) -> Implementation:
    return Implementation(found.text("description"), found.text("url"))


def _security(found: Element) -> Security:
    codings = (c for service in found.elements("service") for c in service.elements("coding"))
    codes = (coding.text("code") for coding in codings)
    return Security(
        cors=found.flag("cors"),
        services=tuple(code for code in codes if code),
        oauth_uris=_oauth_uris(found),
        description=found.text("description"),
    )


def _oauth_uris(found: Element) -> dict[str, str]:
    uris: dict[str, str] = {}
    for extension in found.elements("extension"):
        if extension.text("url") != _OAUTH_URIS:
            continue
        for each in extension.elements("extension"):
            name, uri = each.text("url"), each.text("valueUri")
            if name and uri:
                uris[name] = uri
    return uris

"""Extensions whose definition is known: their own rules, and where they may stand.

https://hl7.org/fhir/R4/defining-extensions.html#context
"""

from collections.abc import Iterator

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.validation.applied import check_profile
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.corrections import CONTEXTS

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/Extension"
# Contexts that allow an extension at every element, resources included.
_ANYWHERE = frozenset({"Element", "*"})


def check_extension(place: Place, context: Context) -> None:
    """Hold an extension against its definition; of an unknown one only a modifier is reported."""
    url = place.value.get("url")
    if not isinstance(url, str):
        return
    table = context.definitions.table(url)
    if table is None or table.get("type") != "Extension" or not table.get("profile"):
        if place.name == "modifierExtension":
            message = "the modifier extension is not known, so what it changes is not either"
            context.report(
                "warning",
                "not-supported",
                place,
                message,
                definition=_EXTENSION,
                element="Extension.url",
            )
        return
    host = place.parent
    contexts = table.get("contexts", [])
    contexts = [*contexts, *(["element", path] for path in CONTEXTS.get(url, ()))]
    if host is not None and contexts and not _may_stand(host, contexts, context):
        allowed = " or ".join(sorted({expression for _, expression in contexts}))
        context.report(
            "error",
            "structure",
            place,
            f"the extension {url} may not stand here, only at {allowed}",
            definition=url,
            element="Extension",
            profile=url,
        )
    check_profile(place, table, context)


def _may_stand(host: Place, contexts: list[list[str]], context: Context) -> bool:
    names: frozenset[str] | None = None
    for kind, expression in contexts:
        if kind == "element":
            names = names or frozenset(_names(host, context)) | _ANYWHERE
            if expression.partition("#")[2] or expression in names:
                return True
        elif kind == "extension":
            if host.type == "Extension" and host.value.get("url") == expression:
                return True
        elif _selects(expression, host, context):
            return True
    return False


def _names(host: Place, context: Context) -> Iterator[str]:
    """Give every name under which a context may mean this place."""
    for type_ in (host.type, _base_type(host, context)):
        yield from context.definitions.line(type_)
    yield host.type
    yield host.element
    yield host.element.removesuffix("[x]")
    path: list[str] = []
    place = host
    while place is not place.resource and place.parent is not None:
        path.append(place.name)
        place = place.parent
    for ancestor in context.definitions.line(place.type):
        yield ".".join([ancestor, *reversed(path)])


def _base_type(host: Place, context: Context) -> str:
    """Return the type behind an element with elements of its own."""
    if "." not in host.type:
        return host.type
    owner = host.type.partition(".")[0]
    table = context.definitions.type_table(owner)
    is_resource = table is not None and table.get("kind") == "resource"
    return "BackboneElement" if is_resource else "Element"


def _selects(expression: str, host: Place, context: Context) -> bool:
    """Tell whether a FHIRPath expression, evaluated on the resource, selects the place."""
    from pymedplum_runtime.fhirpath import (  # noqa: PLC0415 - few extensions have such a context
        compile_expression,
    )

    try:
        found = compile_expression(expression).evaluate(
            host.resource.node, context.surroundings(host).environment
        )
    except (FHIRPathError, RecursionError):
        return True  # nothing is known then
    return any(node.value is host.value for node in found)

"""Whether a `resourceType` names a type of resource, and which one was meant where it does not."""

from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.validation.context import Message
from pymedplum_runtime.validation.primitives import kind_of

_LONGEST_NAME = 64  # characters; no type's name is as long


def resource_type_fault(name: object, definitions: Definitions) -> Message | None:
    """Tell what is wrong with a `resourceType`, or None; a suggestion is looked for when read."""
    if name is None:
        return "resourceType is missing, so nothing can be checked"
    if not isinstance(name, str):
        return f"resourceType is the name of a type, got {kind_of(name)}"
    table = definitions.type_table(name) if name.isalnum() else None
    if table is None or table.get("kind") != "resource":
        return lambda: f"resourceType names no type of resource{_hint(name, definitions)}"
    if table.get("abstract"):
        return f"{name} is abstract: resourceType names what kind of it this is"
    return None


def _hint(name: str, definitions: Definitions) -> str:
    return did_you_mean(name[:_LONGEST_NAME], _resource_types(definitions))


def _resource_types(definitions: Definitions) -> set[str]:
    names = {url.rpartition("/")[2] for url in definitions.urls}
    tables = {name: definitions.type_table(name) for name in names if name.isalnum()}
    return {name for name, t in tables.items() if t and t.get("kind") == "resource"}

"""The types that signatures may name, where they live, and what FHIR's types are in Python."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from codegen.ir.api import Import

_CLIENT = "pymedplum_runtime.client.types"
_SEARCH = "pymedplum_runtime.search"

TYPES = {
    "Any": "typing",
    "Literal": "typing",
    "AsyncIterator": "collections.abc",
    "Callable": "collections.abc",
    "Iterable": "collections.abc",
    "Iterator": "collections.abc",
    "Mapping": "collections.abc",
    "Sequence": "collections.abc",
    "date": "datetime",
    "datetime": "datetime",
    "Decimal": "decimal",
    "Path": "pathlib",
    "Unpack": "typing_extensions",
    "AccessEntry": _CLIENT,
    "BinaryContent": _CLIENT,
    "Destination": _CLIENT,
    "ElementLike": _CLIENT,
    "FilePath": _CLIENT,
    "JobReference": _CLIENT,
    "OnError": _CLIENT,
    "Progress": _CLIENT,
    "Query": _CLIENT,
    "RequestOptions": _CLIENT,
    "ResourceLike": _CLIENT,
    "ResourceT": _CLIENT,
    "SummaryMode": _CLIENT,
    "Timeout": _CLIENT,
    "TotalMode": _CLIENT,
    "UpdateResult": _CLIENT,
    "Validate": _CLIENT,
    "BatchCreateResult": _SEARCH,
    "FHIRBundle": _SEARCH,
    "MergeResult": "pymedplum_runtime.access",
    "CodeValidation": "pymedplum_runtime.flows.terminology",
    "Capabilities": "pymedplum_runtime.capabilities",
    "AsyncExportJob": "pymedplum_runtime.bulk",
    "ExportJob": "pymedplum_runtime.bulk",
    "ExportMethod": "pymedplum_runtime.bulk.parameters",
    "PatientReference": "pymedplum_runtime.bulk.parameters",
    "TypeFilter": "pymedplum_runtime.bulk.parameters",
    "LoadProgress": "pymedplum_runtime.loading",
    "LoadReport": "pymedplum_runtime.loading",
    "LoadSource": "pymedplum_runtime.loading",
    "Match": "pymedplum_runtime.loading",
    "SmartConfiguration": "pymedplum_runtime.smart",
    "CDSHooksError": "pymedplum_runtime.errors",
    "CDSClientAuth": "pymedplum_runtime.cds.client.client_auth",
    "CDSModel": "pymedplum_runtime.cds.messages.model",
    "CDSUser": "pymedplum_runtime.cds.requests",
    "CDSRequest": "pymedplum.cds_models",
    "CDSResponse": "pymedplum.cds_models",
    "CDSService": "pymedplum.cds_models",
    "FHIRAuthorization": "pymedplum.cds_models",
    "Feedback": "pymedplum.cds_models",
}
# What takes the driver along, and is a class of its own for each client.
HANDLES = {"ExportJob": "AsyncExportJob"}
API_TYPES = "pymedplum.api_types"
BUILTINS = frozenset({
    "bool", "bytes", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple",
    "type",
})  # fmt: skip

# A method of one of these names would hide what the signatures after it mean.
HIDING = BUILTINS | TYPES.keys() | {"overload", "cached_property"}

_TEXTS = (
    "base64Binary", "canonical", "code", "id", "markdown", "oid", "string", "time", "uri", "url",
    "uuid", "xhtml",
)  # fmt: skip
PRIMITIVES = {
    **dict.fromkeys(_TEXTS, "str"),
    "boolean": "bool",
    "date": "str | date",
    "dateTime": "str | date | datetime",
    "decimal": "Decimal | float",
    "instant": "str | datetime",
    "integer": "int",
    "integer64": "int",
    "positiveInt": "int",
    "unsignedInt": "int",
}
_ABSTRACT = {
    "Any": "ResourceLike",
    "Resource": "ResourceLike",
    "DomainResource": "ResourceLike",
    "Element": "ElementLike",
    "BackboneElement": "ElementLike",
    "Type": "Any",
    "*": "Any",
}
_INVARIANT = frozenset({"str", "bool", "int"})


@dataclass(frozen=True, slots=True)
class FhirTypes:
    """The names of one release's resources and datatypes."""

    resources: frozenset[str]
    datatypes: frozenset[str]

    def python(self, code: str) -> str | None:
        """Give the Python type of a value, or nothing for an unknown type."""
        known = PRIMITIVES.get(code) or _ABSTRACT.get(code)
        if known:
            return known
        if code in self.resources:
            return "ResourceLike"
        return "ElementLike" if code in self.datatypes else None


def many(item: str) -> str:
    """Give the type of a list of items.

    A union or a class is a `Sequence`, since a list of its members would not be a list of it; a
    plain `str` is a `list`, since a `str` would be a sequence of them.
    """
    return f"list[{item}]" if item in _INVARIANT else f"Sequence[{item}]"


def optional(annotation: str) -> str:
    """Give the type of a value that may be left out."""
    return annotation if annotation == "Any" else f"{annotation} | None"


def names_in(annotation: str) -> frozenset[str] | None:
    """Give the names that a type is written with; nothing where it is no Python expression."""
    try:
        tree = ast.parse(annotation, mode="eval")
    except SyntaxError:
        return None
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def imports_of(annotations: Iterable[str], schemas: frozenset[str]) -> tuple[Import, ...]:
    """Give the imports of every name that the types are written with."""
    wanted: dict[str, set[str]] = {}
    for name in {name for annotation in annotations for name in names_in(annotation) or ()}:
        module = API_TYPES if name in schemas else TYPES.get(name)
        if module:
            wanted.setdefault(module, set()).add(name)
    return tuple(Import(module, tuple(sorted(names))) for module, names in sorted(wanted.items()))


def check_type(annotation: str, schemas: frozenset[str]) -> Iterator[str]:
    """Say what is wrong with a type."""
    names = names_in(annotation)
    if names is None:
        yield f"has the type {annotation!r}, which is not Python"
        return
    known = BUILTINS | TYPES.keys() | schemas
    for name in sorted(names - known):
        yield f"has the type {annotation!r}; codegen/ir/api_types.py does not know '{name}'"


def check_default(default: str) -> Iterator[str]:
    """Say what is wrong with a default."""
    try:
        ast.parse(default, mode="eval")
    except SyntaxError:
        yield f"has the default {default!r}, which is not Python"

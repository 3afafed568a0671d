"""What a StructureDefinition says of itself, apart from its elements."""

from typing import TYPE_CHECKING, cast

from pymedplum_runtime.profiles.expressions import what_is_broken
from pymedplum_runtime.profiles.outline import Definition
from pymedplum_runtime.profiles.problems import Problems
from pymedplum_runtime.profiles.tables import DefinitionTable

if TYPE_CHECKING:
    from collections.abc import Mapping

# R4, and R4B, which has the same data types; 4.2 and 4.4 to 4.6 are drafts of R5.
_FHIR = ("4.0", "4.1", "4.3")


def head_of(definition: Definition, problems: Problems) -> DefinitionTable:
    """Return what stands in a definition's own members."""
    for member in ("url", "type", "baseDefinition"):
        if not isinstance(definition.get(member), str):
            problems.add(None, f"it has no {member}")
    if "|" in str(definition.get("url")):
        problems.add(None, "its url has a version, which belongs in the version")
    if definition.get("derivation") != "constraint":
        problems.add(None, "its derivation is not 'constraint', so it is no profile")
    version = str(definition.get("fhirVersion", _FHIR[0]))
    if not version.startswith(_FHIR):
        problems.add(None, f"it is for FHIR {version}, and this package checks FHIR R4")
    names = {"url": "url", "version": "version", "name": "name", "type": "type", "kind": "kind"}
    table = {k: definition[v] for k, v in names.items() if isinstance(definition.get(v), str)}
    if definition.get("abstract") is True:
        table["abstract"] = True
    table |= {"base": definition.get("baseDefinition"), "profile": True}
    contexts = _contexts(definition)
    for kind, expression in contexts:
        wrong = what_is_broken(expression) if kind == "fhirpath" else ""
        if wrong:
            problems.add(None, f"a context is no FHIRPath: {wrong}", expression)
    if contexts:
        table["contexts"] = contexts
    return cast("DefinitionTable", {**table, "root": {}})


def _contexts(definition: Definition) -> list[list[str]]:
    given = cast("list[Mapping[str, str]]", definition.get("context", []))
    return [[c["type"], c["expression"]] for c in given if c.keys() >= {"type", "expression"}]

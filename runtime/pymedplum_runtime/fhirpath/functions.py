"""The functions of the language by name; their modules are imported when one is first used."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Literal, NamedTuple

Kind = Literal["items", "claim", "special"]


class Function(NamedTuple):
    """A function.

    `items` takes the items, the scope and the items of each argument, and gives items; `claim`
    takes the same and gives true, false or None; `special` compiles its call itself.
    """

    kind: Kind
    run: Callable[..., Any]
    least: int
    """How many arguments it takes at least."""
    most: int
    needs: int = 0
    """What it needs besides its arguments: `code.RESOURCE` and the like."""


_HOMES: Mapping[str, str] = {
    name: module
    for module, names in {
        "lambdas": "where select all exists repeat repeatAll aggregate sort",
        "choices": "iif coalesce trace defineVariable",
        "existence": "empty not allTrue anyTrue allFalse anyFalse subsetOf supersetOf count"
        " distinct isDistinct single first last tail skip take intersect exclude union combine"
        " children descendants hasValue getValue",
        "strings": "indexOf lastIndexOf substring startsWith endsWith contains upper lower replace"
        " matches matchesFull replaceMatches length toChars trim split join",
        "encodings": "encode decode escape unescape",
        "math": "abs ceiling exp floor ln log power round sqrt truncate",
        "conversions": "toBoolean toInteger toDecimal toString toDate toDateTime toTime toQuantity"
        " convertsToBoolean convertsToInteger convertsToDecimal convertsToString convertsToDate"
        " convertsToDateTime convertsToTime convertsToQuantity",
        "types_of": "is as ofType type",
        "moments": "now today timeOfDay",
        "boundaries": "lowBoundary highBoundary precision comparable",
        "fhir": "extension resolve conformsTo memberOf subsumes subsumedBy htmlChecks"
        " elementDefinition slice checkModifiers getResourceKey getReferenceKey",
    }.items()
    for name in names.split()
}

NAMES = frozenset(_HOMES)


def find_function(name: str) -> Function | None:
    """Return a function by its name."""
    home = _HOMES.get(name)
    if home is None:
        return None
    module = import_module(f"pymedplum_runtime.fhirpath.functions_{home}")
    functions: Mapping[str, Function] = module.FUNCTIONS
    return functions[name]

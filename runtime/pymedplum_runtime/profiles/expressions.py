"""FHIRPath in profiles: what is broken is told when the profile is compiled."""

from typing import cast

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.fhirpath import compile_expression
from pymedplum_runtime.fhirpath.parser import parse
from pymedplum_runtime.fhirpath.syntax import Call, Variable

# What a rule may refer to: https://hl7.org/fhir/R4/fhirpath.html#variables
_VARIABLES = frozenset({"%resource", "%rootResource", "%context", "%ucum", "%sct", "%loinc"})
_VALUE_SETS = ("%vs-", "%ext-")


def what_is_broken(expression: str) -> str:
    """Say why an expression cannot be evaluated in any resource; empty where it can."""
    try:
        compile_expression(expression)
    except FHIRPathError as error:
        return str(error)
    unknown = _unknown_variables(expression) if "%" in expression else ()
    return f"there is no variable '{unknown[0]}'" if unknown else ""


def _unknown_variables(expression: str) -> list[str]:
    """Return the variables that neither FHIR nor the expression defines."""
    found: list[str] = []
    pending: list[object] = [parse(expression)]
    while pending:
        part = pending.pop()
        if isinstance(part, Call) and part.name == "defineVariable":
            return []
        if isinstance(part, Variable) and part.name[:1] == "%":
            found.append(part.name)
        if isinstance(part, tuple):
            pending += cast("tuple[object, ...]", part)
    return [name for name in found if name not in _VARIABLES and not name.startswith(_VALUE_SETS)]

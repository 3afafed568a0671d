"""Functions that choose what is evaluated, show it, or give it a name.

Source: https://hl7.org/fhirpath/N1/#functions and the functions for trial use of https://build.fhir.org/ig/HL7/FHIRPath/
"""

from pymedplum_runtime.fhirpath.code import DYNAMIC, NOTHING, Code, Scope
from pymedplum_runtime.fhirpath.compile import Compiler, focus_code
from pymedplum_runtime.fhirpath.functions_lambdas import called_on, special
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Call, Fault, Literal


def _iif(compiler: Compiler, call: Call) -> Code:
    parts = [compiler.criteria(part) for part in call.arguments]
    target, needs = called_on(compiler, call, *parts)
    criterion, then = parts[0].truth, parts[1].items
    otherwise = parts[2].items if len(parts) > 2 else None  # noqa: PLR2004 - the third is optional
    before, position = target.items, call.position

    def items(scope: Scope) -> list[Node]:
        inner = scope
        if call.target is not None:
            inner = scope.inner()
            inner.focus = before(scope)
            if len(inner.focus) > 1:
                raise Fault("iif() is asked of several items", position)
        try:
            is_met = criterion(inner)
        except Fault as fault:
            raise fault.at(position) from None
        if is_met:
            return then(inner)
        return otherwise(inner) if otherwise else NOTHING

    return Code(needs, items)


def _coalesce(compiler: Compiler, call: Call) -> Code:
    needs, parts = compiler.parts(*call.arguments)
    choices = [part.items for part in parts]

    def items(scope: Scope) -> list[Node]:
        return next((found for each in choices if (found := each(scope))), NOTHING)

    return Code(needs, items)


def _trace(compiler: Compiler, call: Call) -> Code:
    name, *projections = [compiler.criteria(part) for part in call.arguments]
    target, needs = called_on(compiler, call, *projections)
    before, its_name = target.items, name.items
    project = projections[0].items if projections else None

    def items(scope: Scope) -> list[Node]:
        found = before(scope)
        if scope.env.trace is not None:
            seen = found
            if project is not None:
                inner = scope.inner()
                inner.focus = found
                seen = project(inner)
            label = its_name(scope)
            scope.env.trace(str(label[0].value) if label else "", tuple(seen))
        return found

    return Code(needs | name.needs, items)


def _define_variable(compiler: Compiler, call: Call) -> Code:
    name = call.arguments[0]
    if not isinstance(name, Literal) or name.type != "System.String":
        raise Fault("defineVariable() takes a name that is written out", call.position)
    value = compiler.code(call.arguments[1]) if len(call.arguments) > 1 else focus_code()
    target, needs = called_on(compiler, call, value)
    before, evaluate, key = target.items, value.items, name.value

    def items(scope: Scope) -> list[Node]:
        found = before(scope)
        inner = scope.inner()
        inner.focus = found
        scope.variables = {**(scope.variables or {}), key: evaluate(inner)}
        return found

    return Code(needs | DYNAMIC, items)


FUNCTIONS = {
    "iif": special(_iif, 2, 3),
    "coalesce": special(_coalesce, 1, 20),
    "trace": special(_trace, 1, 2),
    "defineVariable": special(_define_variable, 1, 2),
}

"""The paths of views as the FHIRPath engine evaluates them."""

from typing import Any

from pymedplum_runtime.fhirpath import Expression
from pymedplum_runtime.fhirpath.compile import Compiler
from pymedplum_runtime.fhirpath.syntax import Syntax
from pymedplum_runtime.tables.paths.constants import defined_variables, with_empty_joins

# `%rowIndex` differs from row to row, so nothing that depends on it may be kept.
_VARYING = frozenset(("%rowIndex",))


class PathExpression(Expression):
    """A path, or a part of one, for the FHIRPath engine; it can be pickled.

    Its text is the path as it was written, so that errors can show where in it they are.

    Raises:
        Fault: it cannot be compiled: an unknown function, or arguments that it does not take.
    """

    __slots__ = ("_syntax",)

    def __init__(self, text: str, syntax: Syntax) -> None:
        defined = _VARYING | set(defined_variables(syntax))
        super().__init__(text, Compiler(defined).code(with_empty_joins(syntax)))
        self._syntax = syntax

    def __reduce__(self) -> tuple[Any, ...]:
        return (PathExpression, (self.text, self._syntax))

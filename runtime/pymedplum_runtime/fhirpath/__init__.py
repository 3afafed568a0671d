"""FHIRPath, the language of FHIR's invariants and profiles, compiled to Python closures.

Source: https://hl7.org/fhirpath/N1/ with FHIR's additions, https://hl7.org/fhir/R4/fhirpath.html
"""

from pymedplum_runtime.fhirpath.expression import Expression, compile_expression
from pymedplum_runtime.fhirpath.nodes import Environment, Node, TypeModel

__all__ = ["Environment", "Expression", "Node", "TypeModel", "compile_expression"]

"""Resources for the tests of FHIRPath, and the shortest way to evaluate an expression."""

from typing import Any

from pymedplum_runtime.fhirpath import Environment, Node, compile_expression
from pymedplum_runtime.profiles.definitions import packaged
from pymedplum_runtime.validation.paths import fhirpath

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "gender": "female",
    "birthDate": "1974-12-25",
    "_birthDate": {
        "extension": [{"url": "http://example.org/time", "valueDateTime": "1974-12-25T14:35:45Z"}]
    },
    "multipleBirthInteger": 2,
    "name": [
        {"use": "official", "family": "Chalmers", "given": ["Peter", "James"]},
        {"use": "usual", "given": ["Jim"]},
        {
            "use": "maiden",
            "family": "Windsor",
            "given": ["Peter", None],
            "_given": [None, {"id": "x"}],
        },
    ],
    "contact": [{"name": {"family": "Du"}, "telecom": [{"system": "phone", "value": "1"}]}],
    "contained": [{"resourceType": "Organization", "id": "o1", "name": "Acme"}],
    "managingOrganization": {"reference": "#o1"},
    "link": [{"other": {"reference": "http://example.org/fhir/Patient/9"}, "type": "refer"}],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "effectiveDateTime": "2020-03-04",
    "valueQuantity": {
        "value": 185,
        "unit": "lbs",
        "system": "http://unitsofmeasure.org",
        "code": "[lb_av]",
    },
}


def values(expression: str, resource: dict[str, Any] = PATIENT, **variables: Any) -> list[Any]:
    """Return what an expression gives, with the types of the package."""
    return fhirpath(resource, expression, variables=variables)


def untyped(expression: str, resource: dict[str, Any]) -> list[Any]:
    """Return what an expression gives where no type is known."""
    node = Node(resource)
    found = compile_expression(expression).evaluate(node, Environment(resource=node))
    return [each.value for each in found]


def environment(resource: dict[str, Any]) -> tuple[Node, Environment]:
    """Return a resource and the environment of its expressions, with the types of the package."""
    node = Node(resource)
    return node, Environment(resource=node, model=packaged())

"""FHIRPath for users: expressions evaluated on models and dicts, giving plain values."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from pymedplum_runtime.fhirpath import Environment, Node, compile_expression
from pymedplum_runtime.fhirpath.quantities import UCUM, Quantity
from pymedplum_runtime.profiles.definitions import Definitions, packaged
from pymedplum_runtime.validation.plain import plain


class FHIRPath:
    """A compiled FHIRPath expression, to be evaluated on many resources; threads may share it.

    Source: https://hl7.org/fhirpath/N1/ with FHIR's additions,
    https://hl7.org/fhir/R4/fhirpath.html

    Args:
        expression: the expression, such as `"Patient.name.where(use = 'official').given"`.

    Raises:
        FHIRPathError: it is no expression; the error says what is wrong and where.

    Example:
        >>> FHIRPath("name.given").evaluate({"resourceType": "Patient", "name": [{"given": ["A"]}]})
        ['A']
    """

    __slots__ = ("_compiled",)

    def __init__(self, expression: str) -> None:
        if not isinstance(expression, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("an expression is a str")
        self._compiled = compile_expression(expression)

    def __repr__(self) -> str:
        return f"FHIRPath({self._compiled.text!r})"

    @property
    def expression(self) -> str:
        """The expression as it was written."""
        return self._compiled.text

    def evaluate(
        self,
        resource: object,
        *,
        variables: Mapping[str, Any] | None = None,
        definitions: Definitions | None = None,
    ) -> list[Any]:
        """Return the values that the expression gives for a resource or a part of one.

        Args:
            resource: a model, or a dict of plain JSON values in FHIR's spelling. It is neither
                changed nor copied: dicts among the values are those of the resource.
            variables: what `%name` means, by name without `%`: a str, bool, int, Decimal, date,
                datetime, time, dict or model, or a list of these.
            definitions: the definitions of FHIR's types; those of the package if not given.

        Returns:
            The items as they stand in FHIR's JSON: dicts for what has elements, str for texts and
            dates, bool, int, Decimal. A quantity that the expression made is a dict with `value`
            and `unit`, and with `system` and `code` where the unit is one of UCUM.

        Raises:
            FHIRPathError: the expression cannot be evaluated on it.
            TypeError: the resource is no model and no dict.
        """
        focus = _focus(resource)
        environment = Environment(
            resource=focus,
            model=packaged() if definitions is None else definitions,
            variables={name: _variable(value) for name, value in (variables or {}).items()},
            resolve=_Entries(focus).find,
        )
        found = self._compiled.evaluate(focus, environment)
        return [_plain_value(node.value) for node in found if node.value is not None]


def fhirpath(
    resource: object, expression: str, *, variables: Mapping[str, Any] | None = None
) -> list[Any]:
    """Return the values that a FHIRPath expression gives for a resource.

    `FHIRPath` says what it takes and gives; the expression is compiled when it is first used.

    Raises:
        FHIRPathError: it is no expression, or cannot be evaluated on the resource.
        TypeError: the resource is no model and no dict.

    Example:
        >>> fhirpath(patient, "telecom.where(system = 'phone').value")
        ['555-0100']
    """
    return FHIRPath(expression).evaluate(resource, variables=variables)


_FOCUS = (
    "the resource is no model and no dict; read JSON text first, and evaluate each item of a list"
)


def _variable(value: Any) -> Any:  # noqa: ANN401 - what users give
    if isinstance(value, list | tuple):
        return [_variable(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict) or not hasattr(value.__class__, "model_dump"):
        return plain(value)
    return _focus(value)


def _focus(resource: object) -> Node:
    # A dict is taken as it is: copying it would cost more than most expressions.
    value: Any = resource if resource.__class__ is dict else plain(resource)
    if value.__class__ is not dict:
        raise TypeError(_FOCUS)
    type_name = "" if isinstance(resource, Mapping) else type(resource).__name__
    return Node(value, "" if "resourceType" in value else type_name)


def _plain_value(value: Any) -> Any:  # noqa: ANN401 - JSON, or a quantity
    if isinstance(value, float):
        return Decimal(repr(value))
    if not isinstance(value, Quantity):
        return value
    number: dict[str, Any] = {"value": value.value, "unit": value.unit}
    if value.is_calendar or value.system != UCUM:
        return number
    return {**number, "system": UCUM, "code": value.unit}


class _Entries:
    """The resources of a Bundle, by what refers to them."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._found: dict[str, Node] | None = None

    def find(self, reference: str) -> Node | None:
        """Return the resource that a reference means, if it is in the Bundle."""
        if self._found is None:
            self._found = dict(self._entries())
        return self._found.get(reference)

    def _entries(self) -> list[tuple[str, Node]]:
        entries: Any = self._root.value.get("entry") if self._root.type == "Bundle" else None
        found: list[tuple[str, Node]] = []
        for entry in entries if entries.__class__ is list else ():
            resource: Any = entry.get("resource") if entry.__class__ is dict else None
            if resource.__class__ is dict:
                node = Node(resource)
                found.append((f"{node.type}/{resource.get('id')}", node))
                found.append((str(entry.get("fullUrl")), node))
        return found

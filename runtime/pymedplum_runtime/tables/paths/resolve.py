"""Resolving a path against FHIR's types: from its syntax to the values of a plan.

What a plan cannot say becomes `Opaque`, still with the type that it will have as far as that is
known; names that no type has are refused.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from pymedplum_runtime.fhirpath import syntax as tree
from pymedplum_runtime.fhirpath.syntax import Fault, Syntax
from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.tables import plan
from pymedplum_runtime.tables.paths.fields import (
    AnyField,
    ChoiceField,
    Field,
    fields_of,
    is_a,
    is_primitive,
    is_resource,
)
from pymedplum_runtime.tables.paths.path_expressions import PathExpression

_TYPES = {
    "System.String": "string",
    "System.Boolean": "boolean",
    "System.Integer": "integer",
    "System.Decimal": "decimal",
    "System.Date": "date",
    "System.DateTime": "dateTime",
    "System.Time": "time",
    "System.Quantity": "Quantity",
}


class Choice(NamedTuple):
    """An element of several types, as long as it is open which of them is meant."""

    base: plan.Value
    field: ChoiceField
    type: str
    many: bool


Found: TypeAlias = plan.Value | Choice


class Resolver:
    """Resolves one path.

    Args:
        text: the path as it was written.
        root: the resource itself.
        is_lenient: whether names that no type has give nothing, as below `repeat`.
    """

    def __init__(self, text: str, root: plan.Focus, *, is_lenient: bool = False) -> None:
        self.text = text
        self.root = root
        self.is_lenient = is_lenient

    def value(self, syntax: Syntax, focus: plan.Focus) -> plan.Value:
        """Return what a part of the path gives for the item in focus.

        Raises:
            Fault: there is no such element, function or variable, or a type is not one of it.
        """
        return self.settled(self.found(syntax, focus), syntax, focus)

    def found(self, syntax: Syntax, focus: plan.Focus) -> Found:
        """Return the same as `value`, or the choice between several types that it is.

        Raises:
            Fault: as `value`.
        """
        return _BY_KIND[type(syntax)](self, syntax, focus)

    def settled(self, found: Found, syntax: Syntax, focus: plan.Focus) -> plan.Value:
        """Leave a choice to the engine."""
        if isinstance(found, Choice):
            return self.opaque(syntax, focus, "", many=found.many)
        return found

    def opaque(
        self, syntax: Syntax, focus: plan.Focus, type_name: str, *, many: bool
    ) -> plan.Opaque:
        """Leave a part of the path to the engine."""
        return plan.Opaque(PathExpression(self.text, syntax), focus.type, type_name, many)

    def member(self, base: Found, name: str, syntax: Syntax, focus: plan.Focus) -> Found:
        """Return an element of what a part of the path gives.

        Raises:
            Fault: its type has no such element.
        """
        if isinstance(base, Choice):
            return self._member_of_choice(base, name, syntax, focus)
        fields: Mapping[str, AnyField] = fields_of(base.type) if base.type else {}
        field = fields.get(name)
        if field is None:
            if (base.type or name == _RESOURCE_TYPE) and not self.is_lenient:
                raise Fault(_no_element(base.type, name, fields), _position(syntax))
            return self.opaque(syntax, focus, "", many=True)
        many = base.many or _repeats(field)
        if isinstance(field, ChoiceField):
            return Choice(base, field, "", many)
        if is_opaque(base):
            return self.opaque(syntax, focus, field.type, many=many)
        return plan.Member(base, field.key, field.type, field.repeats, many)

    def _member_of_choice(
        self, base: Choice, name: str, syntax: Syntax, focus: plan.Focus
    ) -> plan.Value:
        """Return an element that some types of a choice have."""
        found = [fields_of(option.type).get(name) for option in base.field.options]
        there = [field for field in found if field is not None]
        if not there and not self.is_lenient:
            raise Fault(
                f"no type of '{base.field.name}[x]' has an element '{name}'", _position(syntax)
            )
        types = {field.type if isinstance(field, Field) else "" for field in there}
        many = base.many or any(map(_repeats, there)) or not there
        return self.opaque(syntax, focus, types.pop() if len(types) == 1 else "", many=many)


def is_opaque(value: plan.Value) -> bool:
    """Tell whether the elements of a value are out of a plan's reach."""
    return isinstance(value, plan.Opaque) or is_primitive(value.type)


def _repeats(field: Field | ChoiceField) -> bool:
    return field.repeats if isinstance(field, Field) else any(o.repeats for o in field.options)


def _position(syntax: Syntax) -> int:
    return syntax.position


_RESOURCE_TYPE = "resourceType"


def _no_element(type_name: str, name: str, fields: Mapping[str, AnyField]) -> str:
    if name == _RESOURCE_TYPE:
        return f"'{name}' is no element of FHIR: types are told apart by ofType(), as and is"
    choices = [field for field in fields.values() if isinstance(field, ChoiceField)]
    for stem, options in choices:
        its_type = next((option.type for option in options if option.key == name), None)
        if its_type is not None:
            return f"{type_name} has no element '{name}'; write {stem}.ofType({its_type})"
    return f"{type_name} has no element '{name}'{did_you_mean(name, fields)}"


_MOST = 2**31


def _literal(resolver: Resolver, part: tree.Literal, focus: plan.Focus) -> Found:
    if part.type == "System.Quantity" or not part.type:
        return resolver.opaque(part, focus, _TYPES.get(part.type, ""), many=False)
    its_type = _TYPES[part.type]
    if its_type == "integer" and not -_MOST <= int(part.value) < _MOST:
        its_type = "integer64"
    return plan.Literal(part.value, its_type)


def _name(resolver: Resolver, part: tree.Name, focus: plan.Focus) -> Found:
    if part.target is not None:
        return resolver.member(resolver.found(part.target, focus), part.name, part, focus)
    if part.name[:1].isupper() and (not focus.type or is_a(focus.type, part.name)):
        if not focus.type:
            return resolver.opaque(part, focus, part.name, many=False)
        return focus
    if focus.type and not resolver.is_lenient and is_resource(part.name):
        raise Fault(f"the path is one of {part.name}, and its item is {focus.type}", part.position)
    return resolver.member(focus, part.name, part, focus)


_WRITTEN = {
    "%sct": "http://snomed.info/sct",
    "%loinc": "http://loinc.org",
    "%ucum": "http://unitsofmeasure.org",
}


def _variable(resolver: Resolver, part: tree.Variable, focus: plan.Focus) -> Found:
    if part.name == "$this":
        return focus
    if part.name == "%resource":
        return plan.Resource(resolver.root.type)
    if part.name == "%rowIndex":
        return plan.RowIndex()
    if part.name in _WRITTEN:
        return plan.Literal(_WRITTEN[part.name], "string")
    type_name = {"$index": "integer"}.get(part.name, "")
    if part.name.startswith(("%vs-", "%ext-")):
        type_name = "string"
    return resolver.opaque(part, focus, type_name, many=part.name == "$total")


def _index(resolver: Resolver, part: tree.Index, focus: plan.Focus) -> Found:
    base = resolver.value(part.target, focus)
    number = resolver.value(part.number, focus)
    if number.type not in ("", "integer", "positiveInt", "unsignedInt"):
        raise Fault("an index is a whole number", part.position)
    position = number.value if isinstance(number, plan.Literal) else None
    if isinstance(base, plan.Opaque) or not isinstance(position, int) or position < 0:
        return resolver.opaque(part, focus, base.type, many=False)
    return plan.Item(base, position, base.type)


def _sign(resolver: Resolver, part: tree.Sign, focus: plan.Focus) -> Found:
    operand = resolver.value(part.operand, focus)
    number = operand.value if isinstance(operand, plan.Literal) else None
    if part.operator == "-" and not isinstance(number, str | bool) and number is not None:
        return plan.Literal(-number, operand.type)
    return resolver.opaque(part, focus, operand.type, many=False)


def _call(resolver: Resolver, part: tree.Call, focus: plan.Focus) -> Found:
    from pymedplum_runtime.tables.paths.calls import resolve_call  # noqa: PLC0415 - they resolve arguments here

    return resolve_call(resolver, part, focus)


def _operation(resolver: Resolver, part: tree.Operation, focus: plan.Focus) -> Found:
    from pymedplum_runtime.tables.paths.operators import resolve_operation  # noqa: PLC0415 - as above

    return resolve_operation(resolver, part, focus)


def _type_operation(resolver: Resolver, part: tree.TypeOperation, focus: plan.Focus) -> Found:
    from pymedplum_runtime.tables.paths.types import (  # noqa: PLC0415 - as above
        resolve_type_operation,
    )

    return resolve_type_operation(resolver, part, focus)


_BY_KIND: Mapping[type, Callable[[Resolver, Any, plan.Focus], Found]] = {
    tree.Literal: _literal,
    tree.Name: _name,
    tree.Variable: _variable,
    tree.Call: _call,
    tree.Index: _index,
    tree.Sign: _sign,
    tree.Operation: _operation,
    tree.TypeOperation: _type_operation,
}

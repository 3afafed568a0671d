"""A plan as closures over plain JSON: quick, for resources of the shape that FHIR gives them.

Whatever has another shape raises `OddShapeError`, or the error that Python has for it; the caller
then asks the FHIRPath engine, which takes any shape and words the errors.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pymedplum_runtime.fhirpath import Node
from pymedplum_runtime.fhirpath.functions_fhir import reference_key
from pymedplum_runtime.tables import plan as tree
from pymedplum_runtime.tables.columns import kind_of
from pymedplum_runtime.tables.python import plain_conditions as conditions
from pymedplum_runtime.tables.python import plain_steps as steps
from pymedplum_runtime.tables.python.frames import Frame, Items, OddShapeError, Step, has_index
from pymedplum_runtime.tables.python.values import TEXTS, Convert, converter

_KINDS: dict[str, Callable[[Step], Step]] = {
    "text": conditions.text,
    "number": conditions.number,
    "boolean": conditions.boolean,
}
# Where the type of an item is in its JSON.
_OWN_TYPE = frozenset(("Resource", "DomainResource"))


def condition(path: tree.Path) -> Step:
    """Return what tells whether a condition is true."""
    return _truth(path.value)


def each(path: tree.Path) -> Items:
    """Return what gives the items of a path."""
    return _items(path.value)


def cell(of: tree.Cell) -> Step:
    """Return what gives the content of a cell."""
    if isinstance(of.value, tree.Literal):
        value = converter(of)(of.value.value)
        return steps.constant([value] if of.collection else value)
    convert = _conversion(of)
    if of.collection:
        return _list_cell(_items(of.value), convert)
    get = _one(of.value)
    if convert is None:
        return _text_cell(of.value, get)
    return _converted(get, convert)


def _conversion(of: tree.Cell) -> Convert | None:
    """Return what converts a value, None where a text is to be taken as it is."""
    kind = kind_of(of.type)
    if kind in ("text", "time") and of.value.type in TEXTS:
        return None
    return _decimal(converter(of)) if kind == "decimal" else converter(of)


def _decimal(convert: Convert) -> Convert:
    def convert_unless_done(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        return value if value.__class__ is Decimal else convert(value)

    return convert_unless_done


def _text_cell(value: tree.Value, get: Step) -> Step:
    names = _names(value)
    if names is not None and len(names) == 1:
        name = names[0]

        def step(item: Any, _: Frame) -> str | None:  # noqa: ANN401 - any JSON value
            found = item.get(name)
            if found is None or found.__class__ is str:
                return found
            raise OddShapeError

        return step
    return conditions.text(get)


def _converted(get: Step, convert: Convert) -> Step:
    def step(item: Any, frame: Frame) -> Any:  # noqa: ANN401 - what a cell holds
        found = get(item, frame)
        if found is None:
            return None
        if found.__class__ is list:
            raise OddShapeError
        return convert(found)

    return step


def _list_cell(items: Items, convert: Convert | None) -> Step:
    def step(item: Any, frame: Frame) -> list[Any]:  # noqa: ANN401 - any JSON value
        found = items(item, frame)
        for value in found:
            if value.__class__ is list or (convert is None and value.__class__ is not str):
                raise OddShapeError
        return [*found] if convert is None else [convert(value) for value in found]

    return step


def _names(value: tree.Value) -> list[str] | None:
    """Return the members that lead from the item to a value, where all are objects."""
    names: list[str] = []
    while isinstance(value, tree.Member) and not value.repeats:
        names.append(value.name)
        value = value.base
    return names[::-1] if isinstance(value, tree.Focus) and names else None


def _one(value: tree.Value) -> Step:
    """Return what gives the only item, or None."""
    names = _names(value)
    if names is not None:
        return steps.path(names)
    if value.many or (isinstance(value, tree.Member) and value.repeats):
        return steps.one_of(_items(value))
    return _SINGLE[type(value)](value)


def _items(value: tree.Value) -> Items:
    """Return what gives all items, in a list."""
    several = _SEVERAL.get(type(value))
    return steps.list_of(_one(value)) if several is None else several(value)


def _truth(value: tree.Value) -> Step:
    return conditions.boolean(_one(value))


def _member(value: tree.Member) -> Step:
    return steps.member(_one(value.base), value.name)


def _member_items(value: tree.Member) -> Items:
    if not value.base.many:
        base = _one(value.base)
        if value.repeats:
            return steps.member_items(base, value.name)
        return steps.list_of(_one(value))
    if value.repeats:
        return steps.arrays_of_each(_items(value.base), value.name)
    return steps.members_of_each(_items(value.base), value.name)


def _filter_items(value: tree.Filter) -> Items:
    return steps.filtered(_items(value.base), _truth(value.condition))


def _compare(value: tree.Compare) -> Step:
    kind = _KINDS[value.kind]
    right = _side(value.right, kind)
    if value.left.many:
        return conditions.equality_of_several(value.operator, _items(value.left), right, kind)
    return conditions.comparison(value.operator, _side(value.left, kind), right)


def _side(value: tree.Value, kind: Callable[[Step], Step]) -> Step:
    step = _one(value)
    return step if isinstance(value, tree.Literal) else kind(step)


def _reference_ids(value: tree.ReferenceKey) -> Items:
    base, target = _items(value.base), value.target

    def items(item: Any, frame: Frame) -> list[Any]:  # noqa: ANN401 - any JSON value
        return [key for each in base(item, frame) if (key := _key(each, target))]

    return items


def _key(reference: Any, target: str | None) -> str | None:  # noqa: ANN401 - any JSON value
    text = reference.get("reference") if reference.__class__ is dict else reference
    return reference_key(text, target) if text.__class__ is str else None


def _opaque(value: tree.Opaque) -> Items:
    expression, focus = value.expression, "" if value.focus in _OWN_TYPE else value.focus
    looks_at_index = has_index(expression)

    def items(item: Any, frame: Frame) -> list[Any]:  # noqa: ANN401 - any JSON value
        environment = frame.environment(has_index=looks_at_index)
        found = expression.evaluate(Node(item, focus), environment)
        return [node.value for node in found if node.value is not None]

    return items


_SINGLE: dict[type[Any], Callable[[Any], Step]] = {
    tree.Focus: lambda _: steps.focus,
    tree.Resource: lambda _: steps.resource,
    tree.RowIndex: lambda _: steps.row_index,
    tree.ResourceKey: lambda _: steps.resource_key,
    tree.Literal: lambda value: steps.constant(value.value),
    tree.Member: _member,
    tree.Filter: lambda value: steps.one_of(_filter_items(value)),
    tree.Item: lambda value: steps.item_at(_items(value.base), value.position),
    tree.Exists: lambda value: steps.exists(_items(value.base), negated=value.negated),
    tree.Count: lambda value: steps.count(_items(value.base)),
    tree.Not: lambda value: conditions.negation(_truth(value.operand)),
    tree.Logic: lambda v: conditions.logic(v.operator, _truth(v.left), _truth(v.right)),
    tree.Compare: _compare,
    tree.Join: lambda value: steps.join(_items(value.base), value.separator),
    tree.ReferenceKey: lambda value: steps.one_of(_reference_ids(value)),
    tree.Opaque: lambda value: steps.one_of(_opaque(value)),
}
_SEVERAL: dict[type[Any], Callable[[Any], Items]] = {
    tree.Member: _member_items,
    tree.Filter: _filter_items,
    tree.ReferenceKey: _reference_ids,
    tree.Opaque: _opaque,
}

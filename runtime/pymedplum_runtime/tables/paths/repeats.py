"""The paths of `repeat`, which are followed from the focus and from whatever they reach."""

from collections.abc import Sequence

from pymedplum_runtime.fhirpath.syntax import Fault, Syntax
from pymedplum_runtime.tables import plan
from pymedplum_runtime.tables.paths.resolve import Resolver


def reached(paths: Sequence[tuple[str, Syntax]], focus: plan.Focus, root: plan.Focus) -> list[str]:
    """Return the types of what paths reach, each once; an empty one where it is not known."""
    found: list[str] = []
    pending = [focus]
    while pending:
        item = pending.pop()
        for text, syntax in paths:
            type_name = _type_from(text, syntax, item, root)
            if type_name is not None and type_name not in found:
                found.append(type_name)
                pending.append(plan.Focus(type_name))
    return found


def _type_from(text: str, syntax: Syntax, item: plan.Focus, root: plan.Focus) -> str | None:
    try:
        return Resolver(text, root).value(syntax, item).type
    except Fault:
        return None  # a name that this type has not gives nothing


def repeat_path(text: str, syntax: Syntax, types: Sequence[str], root: plan.Focus) -> plan.Value:
    """Return what a path gives for items of several types, if that can be said in one way.

    Raises:
        Fault: it is wrong whatever it is evaluated on.
    """
    whole = Resolver(text, root, is_lenient=True)
    fallback = whole.opaque(syntax, plan.Focus(""), "", many=True)
    whole.value(syntax, plan.Focus(""))
    found: plan.Value | None = None
    for type_name in types:
        try:
            value = Resolver(text, root).value(syntax, plan.Focus(type_name))
        except Fault:
            continue
        if found is not None and _shape(found) != _shape(value):
            return fallback
        found = value
    return found or fallback


def _shape(value: plan.Value) -> object:
    """Return what a path of elements says but for its types; what is none is like nothing else."""
    if isinstance(value, plan.Focus):
        return ()
    if isinstance(value, plan.Member):
        return (value.name, value.repeats, _shape(value.base))
    return object()

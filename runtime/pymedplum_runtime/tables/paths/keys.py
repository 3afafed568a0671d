"""Resolving the functions of FHIR: extensions by their URL, and the keys that join tables."""

from pymedplum_runtime.fhirpath import syntax as tree
from pymedplum_runtime.fhirpath.syntax import Fault
from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.tables import plan
from pymedplum_runtime.tables.paths.fields import fields_of, is_resource, resource_names
from pymedplum_runtime.tables.paths.resolve import Found, Resolver, is_opaque
from pymedplum_runtime.tables.paths.types import named


def base_value(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> plan.Value:
    """Return what a function is called on.

    Raises:
        Fault: it is at fault itself.
    """
    return focus if call.target is None else resolver.value(call.target, focus)


def resolve_extension(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found:
    """Return the extensions with a URL.

    Raises:
        Fault: what it is called on has no extensions.
    """
    base = base_value(resolver, call, focus)
    url = resolver.value(call.arguments[0], focus)
    whole = resolver.opaque(call, focus, "Extension", many=True)
    if not base.type or is_opaque(base) or not isinstance(url, plan.Literal):
        return whole
    field = fields_of(base.type).get("extension")
    if field is None:
        raise Fault(f"{base.type} has no extensions", call.position)
    extensions = plan.Member(base, "extension", "Extension", repeats=True, many=True)
    its_url = plan.Member(plan.Focus("Extension"), "url", "uri", repeats=False, many=False)
    condition = plan.Compare("=", its_url, url, "text")
    return plan.Filter(extensions, condition, "Extension", many=True)


def resolve_resource_key(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found:
    """Return the key of a resource.

    Raises:
        Fault: it is asked of something else.
    """
    base = base_value(resolver, call, focus)
    if base.type and not is_resource(base.type):
        raise Fault(
            f"getResourceKey() is for resources, and {base.type} is none;"
            " write %resource.getResourceKey()",
            call.position,
        )
    if isinstance(base, plan.Resource) or base is resolver.root:
        return plan.ResourceKey()
    return resolver.opaque(call, focus, "string", many=base.many)


_REFERRING = frozenset(("Reference", "uri", "url", "canonical", "string", ""))


def resolve_reference_key(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found:
    """Return the keys of what references are to.

    Raises:
        Fault: it is asked of something else, or takes what is no type of resource.
    """
    base = base_value(resolver, call, focus)
    if base.type not in _REFERRING:
        raise Fault(f"getReferenceKey() is for a Reference, not {base.type}", call.position)
    target = _target(call)
    if base.type != "Reference" or isinstance(base, plan.Opaque):
        return resolver.opaque(call, focus, "string", many=base.many)
    return plan.ReferenceKey(base, target, base.many)


def _target(call: tree.Call) -> str | None:
    if not call.arguments:
        return None
    argument = call.arguments[0]
    written = argument.value if isinstance(argument, tree.Literal) else named(argument)
    name = str(written).removeprefix("FHIR.") if written else ""
    if not is_resource(name):
        raise Fault(
            f"getReferenceKey() takes a type of resource, and '{name}' is none"
            f"{did_you_mean(name, resource_names())}",
            call.position,
        )
    return name

"""What FHIRPath expressions of a resource see around them: `%resource`, and FHIR's functions."""

from pymedplum_runtime.fhirpath import Environment, Node
from pymedplum_runtime.terminology import check
from pymedplum_runtime.validation.applied import conforms
from pymedplum_runtime.validation.bindings import codings_in
from pymedplum_runtime.validation.context import Context, Place


def environment_of(context: Context, nearest: Place) -> Environment:
    """Return the environment of all expressions of one resource."""

    def resolve(reference: str) -> Node | None:
        found = context.resolve(reference, nearest)
        return None if found is None else found.node

    def member_of(node: Node, value_set: str) -> bool | None:
        return _is_member(node, value_set, context)

    def conforms_to(node: Node, profile: str) -> bool | None:
        place = Place(nearest, nearest.name, None, node.value, node.type, node.type, node.sibling)
        return conforms(profile, place, context)

    return Environment(
        resource=nearest.node,
        root=nearest.container.node,
        model=context.definitions,
        resolve=resolve,
        member_of=member_of,
        conforms_to=conforms_to,
    )


def _is_member(node: Node, value_set: str, context: Context) -> bool | None:
    answers = [check(context.definitions, value_set, s, c) for s, c in codings_in(node.value)]
    if "in" in answers:
        return True
    return None if "unknown" in answers else False

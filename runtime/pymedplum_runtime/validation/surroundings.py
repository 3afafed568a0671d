"""What FHIRPath expressions of a resource see around them: `%resource`, and FHIR's functions."""

from pymedplum_runtime.fhirpath import Environment, Node
from pymedplum_runtime.terminology import check
from pymedplum_runtime.validation.bindings import codings_in
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.profile_conformance import conforms


class Surroundings:
    """The environment of all expressions of one resource, and what could not be told to them."""

    __slots__ = ("_context", "_nearest", "environment", "unknown")

    def __init__(self, context: Context, nearest: Place) -> None:
        self._context = context
        self._nearest = nearest
        self.unknown: list[tuple[str, str]] = []
        """The value set or profile in question, empty for a reference, and what is not known."""
        self.environment = Environment(
            resource=nearest.node,
            root=nearest.container.node,
            model=context.definitions,
            resolve=self._resolve,
            member_of=self._is_member,
            conforms_to=self._conforms,
        )

    def _resolve(self, reference: str) -> Node | None:
        found = self._context.resolve(reference, self._nearest)
        if found is None:
            self.unknown.append(("", "what a reference leads to is not at hand"))
            return None
        node: Node = found.node
        return node

    def _is_member(self, node: Node, value_set: str) -> bool | None:
        definitions = self._context.definitions
        answers = [check(definitions, value_set, s, c) for s, c in codings_in(node.value)]
        if "in" in answers:
            return True
        if "unknown" not in answers:
            return False
        self.unknown.append((value_set, "whether a code is in the value set is not known"))
        return None

    def _conforms(self, node: Node, profile: str) -> bool | None:
        near = self._nearest
        place = Place(near, near.name, None, node.value, node.type, node.type, node.sibling)
        answer = conforms(place, profile, self._context)
        if answer is None:
            self.unknown.append((profile, "whether a value satisfies the profile is not known"))
        return answer

"""On whose behalf a request is made: the call's word, the context's, the client's, nobody's.

https://www.medplum.com/docs/access/on-behalf-of
"""

import re
import uuid
from contextvars import ContextVar, Token

from pymedplum_runtime.helpers.members import is_data, member

_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def membership_reference(membership: object, name: str = "on_behalf_of") -> str:
    """Return `ProjectMembership/<id>` for a bare id, a reference or a resource; "" for none.

    References to profiles (`Practitioner/<id>`) stay what they are.

    Raises:
        TypeError: it is something else.
        ValueError: it is no id and no reference, or a resource without an id.
    """
    if isinstance(membership, str):
        text = membership.strip()
        if not text or _REFERENCE.fullmatch(text):
            return text
        if _ID.fullmatch(text):
            return f"ProjectMembership/{text}"
        raise ValueError(f"{name} must be an id or a reference such as ProjectMembership/123")
    if not is_data(membership):
        kind = type(membership).__name__
        raise TypeError(f"{name} must be a str or a ProjectMembership, got {kind}")
    return _of_resource(membership, name)


def _of_resource(resource: object, name: str) -> str:
    key = "resource_type" if hasattr(resource, "resource_type") else "resourceType"
    resource_id = member(resource, "id")
    if not isinstance(resource_id, str) or not _ID.fullmatch(resource_id):
        raise ValueError(f"the resource given as {name} has no id; read it from the server first")
    return f"{member(resource, key) or 'ProjectMembership'}/{resource_id}"


class OnBehalfOf:
    """The memberships that one client acts for, in each context of its own."""

    def __init__(self, default: object = None) -> None:
        self.default = membership_reference(default or "", "default_on_behalf_of") or None
        self._ambient: ContextVar[str | None] = ContextVar(
            f"pymedplum.on_behalf_of.{uuid.uuid4().hex}", default=None
        )

    def resolve(self, explicit: object = None) -> str | None:
        """Return the reference to send: the call's, else the context's, else the client's.

        An empty text, at either level, means nobody.
        """
        if explicit is not None:
            return membership_reference(explicit) or None
        ambient = self._ambient.get()
        return self.default if ambient is None else ambient or None

    def context(self, membership: object) -> "OnBehalfOfContext":
        """Return a context in which calls act for a membership."""
        return OnBehalfOfContext(self._ambient, membership_reference(membership, "membership"))


class OnBehalfOfContext:
    """Calls inside `with` or `async with` act for a membership; it may be entered repeatedly."""

    def __init__(self, ambient: ContextVar[str | None], reference: str) -> None:
        self._ambient = ambient
        self._reference = reference
        self._tokens: list[Token[str | None]] = []

    def __enter__(self) -> str:
        self._tokens.append(self._ambient.set(self._reference))
        return self._reference

    def __exit__(self, *exc: object) -> None:
        self._ambient.reset(self._tokens.pop())

    async def __aenter__(self) -> str:
        return self.__enter__()

    async def __aexit__(self, *exc: object) -> None:
        self.__exit__()

    def __repr__(self) -> str:
        return f"OnBehalfOfContext({self._reference!r})"

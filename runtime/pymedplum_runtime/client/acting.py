"""On whose behalf a request is made: the call's word, the context's, the client's, nobody's.

https://www.medplum.com/docs/access/on-behalf-of
"""

import re
import uuid
from contextvars import ContextVar
from typing import TypeAlias

from pymedplum_runtime.helpers.members import FHIRData, is_data, member

Ambient: TypeAlias = ContextVar[tuple[str, ...]]
"""The references of the blocks that a thread or task is in, innermost last."""

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
    return _of_data(membership, name)


def _of_data(data: FHIRData, name: str) -> str:
    literal = member(data, "reference")
    if isinstance(literal, str):
        return membership_reference(literal, name)
    key = "resource_type" if hasattr(data, "resource_type") else "resourceType"
    resource_type, resource_id = member(data, key) or "ProjectMembership", member(data, "id")
    reference = f"{resource_type}/{resource_id}"
    if not resource_id or not _REFERENCE.fullmatch(reference):
        raise ValueError(f"the resource given as {name} has no id; read it from the server first")
    return reference


class OnBehalfOf:
    """The memberships that one client acts for, in each context of its own."""

    def __init__(self, default: object = None) -> None:
        self.default = membership_reference(default or "", "default_on_behalf_of") or None
        self._ambient: Ambient = ContextVar(
            f"pymedplum.on_behalf_of.{uuid.uuid4().hex}", default=()
        )

    def resolve(self, explicit: object = None) -> str | None:
        """Return the reference to send: the call's, else the context's, else the client's.

        An empty text, at either level, means nobody.
        """
        if explicit is not None:
            return membership_reference(explicit) or None
        ambient = self._ambient.get()
        return (ambient[-1] or None) if ambient else self.default

    def context(self, membership: object) -> "OnBehalfOfContext":
        """Return a context in which calls act for a membership."""
        return OnBehalfOfContext(self._ambient, membership_reference(membership, "membership"))


class OnBehalfOfContext:
    """Calls inside `with` or `async with` act for a membership; threads and tasks may share it."""

    def __init__(self, ambient: Ambient, reference: str) -> None:
        self._ambient = ambient
        self._reference = reference

    def __enter__(self) -> str:
        self._ambient.set((*self._ambient.get(), self._reference))
        return self._reference

    def __exit__(self, *exc: object) -> None:
        self._ambient.set(self._ambient.get()[:-1])

    async def __aenter__(self) -> str:
        return self.__enter__()

    async def __aexit__(self, *exc: object) -> None:
        self.__exit__()

    def __repr__(self) -> str:
        return f"OnBehalfOfContext({self._reference!r})"

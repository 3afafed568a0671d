"""Scopes as SMART App Launch writes them: what a token may be used for.

Both syntaxes: version 1 (`patient/*.read`) and version 2 (`system/Observation.rs?category=...`).
https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

Context: TypeAlias = Literal["patient", "user", "system"]
Permission: TypeAlias = Literal["create", "read", "update", "delete", "search"]

_PERMISSIONS: dict[str, Permission] = {
    "c": "create",
    "r": "read",
    "u": "update",
    "d": "delete",
    "s": "search",
}
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_CLINICAL = re.compile(
    r"(patient|user|system)/(\*|[A-Z][A-Za-z0-9]*)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)(?:\?(.+))?"
)
_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, section 3.3


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope.

    Any text is one: `openid`, `launch/patient` and what nobody knows grant no access to resources,
    so that they have neither context nor permissions.
    """

    text: str
    """As it stands in a request or an answer."""
    context: Context | None = None
    resource: str | None = None
    """A resource type, or `*` for all."""
    permissions: frozenset[Permission] = frozenset()
    query: str = ""
    """The search that limits which resources are meant; empty where all are."""

    @classmethod
    def parse(cls, text: str) -> "Scope":
        """Read one scope."""
        found = _CLINICAL.fullmatch(text)
        if found is None:
            return cls(text)
        context, resource, letters, query = found.groups()
        known = _VERSION_1.get(letters, letters)
        permissions: frozenset[Permission] = frozenset(_PERMISSIONS[each] for each in known)
        return cls(text, cast("Context", context), resource, permissions, query or "")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, repr=False)
class Scopes:
    """Scopes in their order; two are equal where they hold the same ones.

    Example:
        >>> scopes = Scopes.parse("system/Patient.rs system/Observation.read")
        >>> scopes.allows("Patient", "search")
        True
    """

    _scopes: tuple[Scope, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Scopes":
        """Read scopes that are separated by spaces; repeated ones count once.

        Raises:
            TypeError: it is no text.
        """
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"scopes must be a str, got {type(text).__name__}")
        return cls(tuple(Scope.parse(each) for each in dict.fromkeys(text.split())))

    def allows(
        self, resource_type: str, permission: Permission, *, context: Context = "system"
    ) -> bool:
        """Say whether a scope gives this permission, if only for some resources of the type.

        A scope with a `query` gives it for what that search finds. The server has the last word:
        access policies may allow less.

        Args:
            resource_type: such as `Patient`.
            permission: `create`, `read`, `update`, `delete` or `search`.
            context: `system` for services, `user` or `patient` for people.

        Raises:
            ValueError: there is no such permission or context.
        """
        if permission not in _PERMISSIONS.values():
            raise ValueError("permission must be create, read, update, delete or search")
        if context not in {"patient", "user", "system"}:
            raise ValueError("context must be patient, user or system")
        return any(
            each.context == context
            and each.resource in {resource_type, "*"}
            and permission in each.permissions
            for each in self._scopes
        )

    def __iter__(self) -> Iterator[Scope]:
        return iter(self._scopes)

    def __len__(self) -> int:
        return len(self._scopes)

    def __contains__(self, scope: object) -> bool:
        return any(scope in {each, each.text} for each in self._scopes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scopes) and set(self) == set(other)

    def __hash__(self) -> int:
        return hash(frozenset(self._scopes))

    def __str__(self) -> str:
        return " ".join(each.text for each in self._scopes)

    def __repr__(self) -> str:
        return f"Scopes({str(self)!r})"


ScopeArgument: TypeAlias = str | Iterable[str | Scope] | Scopes
"""Scopes as callers give them: a text with spaces between, several texts, or `Scopes`."""


def asked_scopes(scope: ScopeArgument | None) -> Scopes | None:
    """Return the scopes to ask for; `None` where nothing is.

    Raises:
        TypeError: it is neither text nor texts.
        ValueError: a character in it may not stand in a scope.
    """
    if scope is None:
        return None
    if not isinstance(scope, str | Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"scope must be a str or several, got {type(scope).__name__}")
    scopes = Scopes.parse(scope if isinstance(scope, str) else " ".join(_texts(scope)))
    if not all(_TOKEN.fullmatch(each.text) for each in scopes):
        raise ValueError("a scope must be visible ASCII without quotation marks and '\\'")
    return scopes or None


def _texts(scopes: Iterable[object]) -> Iterator[str]:
    for each in scopes:
        if not isinstance(each, str | Scope):
            raise TypeError(f"a scope must be a str, got {type(each).__name__}")
        yield str(each)


def granted_scopes(members: Mapping[str, Any], asked: Scopes | None) -> Scopes | None:
    """Return what the answer of a token endpoint grants.

    Without `scope` in it that is what was asked for: RFC 6749, section 5.1. `None` where nothing
    was, so that nobody said; no scopes at all where what stands there cannot be read.
    """
    scope = members.get("scope")
    if scope is None:
        return asked
    return Scopes.parse(scope) if isinstance(scope, str) else Scopes()

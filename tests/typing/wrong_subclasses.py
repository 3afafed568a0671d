"""Mistakes in models that users derive, and what the checkers say: see diagnostics.py."""

from pymedplum.fhir import Patient


class Owner(Patient):
    """A patient with a nickname."""

    nickname: str | None = None


Owner(nicknme="a")  # expect mypy: call-arg; pyright: reportCallIssue
Owner(nickname=1)  # expect mypy: arg-type; pyright: reportArgumentType
Owner(birth_date=1990)  # expect mypy: arg-type; pyright: reportArgumentType
Owner(gender="femal")  # expect mypy: arg-type; pyright: reportArgumentType
print(Owner().nicknme)  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType
print(Owner().birthDate)  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType

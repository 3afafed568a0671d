"""Reference texts and ids: `Patient/123` taken apart and put together.

https://hl7.org/fhir/R4/references.html#literal
"""

import re

from pymedplum_runtime.helpers.members import FHIRData, is_data, members_of, text

# Wider than FHIR's own rule for ids, since servers are: any segment that URLs give no meaning.
_SEGMENT = r"[^\s/?#:|]+"
_ID = re.compile(_SEGMENT)
_LITERAL = re.compile(
    rf"(?:[a-z]+://[^\s?#]+/)?(?!_history/)(?P<type>{_SEGMENT})/(?P<id>{_SEGMENT})"
    rf"(?:/_history/{_SEGMENT})?"
)


def parse_reference(reference: str) -> tuple[str, str]:
    """Split a reference into resource type and id.

    A server's base URL before it and a version after it (`/_history/2`) are left out.

    Args:
        reference: a literal reference such as `Patient/123`.

    Returns:
        The resource type and the bare id.

    Raises:
        ValueError: the text is empty, has no `/`, or is not of the form `Type/id`.

    Example:
        >>> parse_reference("Patient/abc-123")
        ('Patient', 'abc-123')
    """
    if reference is not None and not isinstance(reference, str):  # pyright: ignore[reportUnnecessaryIsInstance, reportUnnecessaryComparison]
        raise TypeError(f"a reference must be a str, got {type(reference).__name__}")
    found = _LITERAL.fullmatch(reference or "")
    if found is None:
        raise ValueError("expected a reference of the form Type/id, such as Patient/123")
    return found["type"], found["id"]


def build_reference(resource_type: str, resource_id: str) -> str:
    """Put a reference together: the inverse of `parse_reference`.

    Args:
        resource_type: such as `Patient`.
        resource_id: the bare id.

    Raises:
        ValueError: one of them is empty, or holds a character that no id can hold, such as `/`.

    Example:
        >>> build_reference("Patient", "123")
        'Patient/123'
    """
    if not _ID.fullmatch(resource_type or ""):
        raise ValueError("resource_type must be the name of a resource type, such as Patient")
    if not _ID.fullmatch(resource_id or ""):
        raise ValueError("resource_id must be a bare id, such as 123: neither empty nor a path")
    return f"{resource_type}/{resource_id}"


def resolve_id(reference: str | FHIRData | None) -> str | None:
    """Find the bare id in whatever names a resource, without ever raising.

    References to contained resources (`#p1`), to bundle entries (`urn:uuid:...`) and by search
    (`Patient?identifier=...`) hold no id, so they give `None`.

    Args:
        reference: a reference text, a bare id, a `Reference` or a resource.

    Returns:
        The id, or `None` where there is none.

    Example:
        >>> resolve_id({"reference": "Patient/abc"})
        'abc'
    """
    if isinstance(reference, str):
        return _id_in(reference)
    if reference is None or not is_data(reference):
        return None
    members = members_of(reference)
    literal = text(members.get("reference"))
    return _id_in(literal) if literal else text(members.get("id"))


def _id_in(reference: str) -> str | None:
    if _ID.fullmatch(reference):
        return reference
    found = _LITERAL.fullmatch(reference)
    return found["id"] if found else None

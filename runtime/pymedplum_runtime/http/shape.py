"""What a request is about, read off its URL: for audit events and error texts.

One rule for every call, the low-level ones included.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from pymedplum_runtime.hooks import RequestAction

_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*")
_WRITES: dict[str, RequestAction] = {
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A URL taken apart; `template` has no ids in it, so that it is no patient data."""

    path: str
    template: str
    query: dict[str, list[str]] | None
    resource_type: str | None = None
    resource_id: str | None = None
    operation: str | None = None
    action: RequestAction | None = None


def shape_of(method: str, url: str, fhir_url: str) -> Shape:
    """Take the URL of a request apart."""
    split = urlsplit(url)
    query = parse_qs(split.query, keep_blank_values=True) if split.query else None
    root, path = urlsplit(fhir_url).path, split.path
    if not f"{path}/".startswith(root):
        return Shape(path, _without_ids(path), query)
    first, *rest = path[len(root) :].strip("/").split("/")
    if not first:
        whole: dict[str, RequestAction] = {"POST": "batch_or_transaction", "GET": "search"}
        return Shape(path, root.rstrip("/"), query, action=whole.get(method))
    if first.startswith("$"):
        return Shape(path, root + first, query, operation=first, action="operation")
    if not _TYPE.fullmatch(first):
        action: RequestAction | None = "read" if first == "_history" else None
        return Shape(path, _without_ids(path), query, action=action)
    operation = next((segment for segment in rest if segment.startswith("$")), None)
    kept = {operation, "_history", "_search"}
    resource_id = rest[0] if rest and rest[0] not in kept else None
    template = "/".join([first, *(s if s in kept else "{id}" for s in rest)])
    action = _action(method, operation, rest)
    return Shape(path, root + template, query, first, resource_id, operation, action)


def _action(method: str, operation: str | None, rest: list[str]) -> RequestAction | None:
    if operation:
        return "operation"
    if method == "GET" or rest == ["_search"]:
        return "read" if rest and rest != ["_search"] else "search"
    return _WRITES.get(method)


# The words of Medplum's routes; whatever else stands in a path may be an id or a key.
_ROUTES = """
    .well-known R4 STU2 STU3 admin auth authorize bot bulkdata cds-services changepassword client
    clientinfo disable email enroll exchange export external fhir fhircast fhircast-configuration
    google healthcheck introspect invite job jwks.json keyvalue login login-enroll logout me members
    metadata method mfa newpatient newproject newuser oauth-authorization-server
    oauth-protected-resource oauth2 openapi.json openid-configuration profile projects register
    resetpassword revoke scope secrets send setpassword sites smart-configuration smart-styles.json
    status subscriptions-r4 token userinfo v1 verify verifyemail ws
"""
_WORDS = frozenset(_ROUTES.split())


def _without_ids(path: str) -> str:
    return "/".join(s if s in _WORDS or not s else "{id}" for s in path.split("/"))

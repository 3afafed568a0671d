"""A request to a CDS service, made ready: its prefetch templates are read from Medplum.

https://cds-hooks.hl7.org/2.0/#prefetch-template. A template whose token stands for nothing is left
out.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timezone
from typing import Any, TypeAlias, cast
from uuid import uuid4

from pymedplum_runtime.cds.client.prefetching import prefetched
from pymedplum_runtime.cds.messages.prefetch import Prefetch
from pymedplum_runtime.cds.messages.reading import OnProblem, checked, request_class
from pymedplum_runtime.cds.templates.parsing import (
    PrefetchTemplate,
    parse_template,
    parse_templates,
    prefetch_urls,
)
from pymedplum_runtime.cds.templates.tokens import shown
from pymedplum_runtime.client.calls import NO_OPTIONS, CallOptions
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import CDSHooksError
from pymedplum_runtime.helpers.members import is_data, members_of
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.models.base import FHIRModel

logger = logging.getLogger("pymedplum.cds")

CDSUser: TypeAlias = str | Mapping[str, Any] | FHIRModel
"""A user: a reference such as `Practitioner/123`, or the resource itself."""


def build_cds_request(  # noqa: PLR0913 - the signature of the client's method
    session: Session,
    service: object,
    context: object,
    *,
    user: CDSUser | Sequence[CDSUser] | None = None,
    prefetch: Mapping[str, Any] | None = None,
    today: date | None = None,
    hook_instance: str | None = None,
    fhir_authorization: object = None,
    on_error: OnProblem = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Return the request of a service's hook, with its prefetch."""
    chosen = checked("CDSService", service, "the service")
    users = _references(user)
    members: dict[str, Any] = {
        "hook": chosen.hook,
        "hookInstance": hook_instance or str(uuid4()),
        "context": _context(context, users),
    }
    if fhir_authorization is not None:
        members["fhirServer"] = session.server.fhir_url.rstrip("/")
        members["fhirAuthorization"] = fhir_authorization
    name = request_class(chosen.hook)
    bare = checked(name, members, "the request")
    templates = _templates(dict(chosen.prefetch or {}), prefetch or {}, on_error)
    now = datetime.fromtimestamp(session.clock.now(), tz=timezone.utc)
    urls = _urls(templates, bare.model_dump()["context"], users, today or now.date())
    fetched = yield from prefetched(session, urls, on_error, options)
    found = Prefetch({**fetched, **(prefetch or {})}, chosen.prefetch)
    return checked(name, {**members, "prefetch": found}, "the request") if found else bare


def _references(user: CDSUser | Sequence[CDSUser] | None) -> list[str]:
    if user is None:
        return []
    is_one = isinstance(user, str) or is_data(user)
    given = [cast("CDSUser", user)] if is_one else list(cast("Sequence[CDSUser]", user))
    return [each if isinstance(each, str) else _reference(each) for each in given]


def _reference(user: Mapping[str, Any] | FHIRModel) -> str:
    members = members_of(user)
    resource_type, resource_id = members.get("resourceType"), members.get("id")
    if isinstance(resource_type, str) and isinstance(resource_id, str):
        return f"{resource_type}/{resource_id}"
    raise CDSHooksError("a user is a reference such as Practitioner/123, or a resource with an id")


def _context(context: object, users: Sequence[str]) -> object:
    """Return the context, with the first user where it names none."""
    if not users or not isinstance(context, Mapping):
        return context
    members = cast("Mapping[str, Any]", context)
    has_user = "userId" in members or "user_id" in members
    return members if has_user else {**members, "userId": users[0]}


def _templates(
    written: Mapping[str, str], ready: Mapping[str, Any], on_error: OnProblem
) -> dict[str, PrefetchTemplate]:
    """Return the templates that are still to be fetched.

    Raises:
        CDSHooksError: one is wrong and nobody takes the error, or what is ready was not asked for.
    """
    unasked = ready.keys() - written.keys()
    if unasked:
        listed = ", ".join(sorted(unasked))
        raise CDSHooksError(
            f"the service has no prefetch template for {listed}; it gets what it asks for, no more"
        )
    wanted = {key: text for key, text in written.items() if key not in ready}
    if on_error is None:
        return parse_templates(wanted)
    parsed: dict[str, PrefetchTemplate] = {}
    for key, text in wanted.items():
        try:
            parsed[key] = parse_template(text, key=key)
        except CDSHooksError as error:
            on_error(error)
    return parsed


def _urls(
    templates: Mapping[str, PrefetchTemplate],
    context: Mapping[str, Any],
    users: Iterable[str],
    today: date,
) -> Mapping[str, str]:
    found = prefetch_urls(templates, context, today=today, user=users)
    for key, reason in found.unresolved.items():
        logger.info("prefetch '%s' is left out: %s", shown(key), reason)
    return found.urls

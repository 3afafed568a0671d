"""The client's side of CDS Hooks: find services, call them, and tell them what became of cards.

https://cds-hooks.hl7.org/2.0/. Medplum serves its bots as CDS services and gets the client's token;
any other service gets what the caller gives for it, and nothing of the client's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pymedplum_runtime.cds.client.sending import Authorization, Destination, send
from pymedplum_runtime.cds.messages.reading import (
    OnProblem,
    checked,
    checked_request,
    model_named,
    response_of,
    services_of,
)
from pymedplum_runtime.cds.templates.tokens import shown
from pymedplum_runtime.client.calls import NO_OPTIONS, CallOptions
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import CDSHooksError
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.urls import plain_segment


def get_cds_services(
    session: Session,
    *,
    base_url: str | None = None,
    authorization: Authorization | None = None,
    on_error: OnProblem = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[list[Any]]:
    """Return the services that a discovery lists."""
    destination = Destination(base_url, authorization, options)
    return services_of((yield from send(session, destination)), on_error)


def call_cds_service(  # noqa: PLR0913 - the signature of the client's method
    session: Session,
    service_id: object,
    request: object,
    *,
    base_url: str | None = None,
    authorization: Authorization | None = None,
    on_error: OnProblem = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Call a service, and return its cards."""
    chosen = checked_request(request)
    hook = _member(service_id, "hook")
    if hook is not None and hook != chosen.hook:
        kinds = f"{shown(str(hook))}, and the request is one of {shown(chosen.hook)}"
        raise CDSHooksError(f"the service is for {kinds}")
    body = _json(chosen)
    destination = Destination(base_url, authorization, options)
    answer = yield from send(session, destination, _id_of(service_id), body=body)
    return response_of(answer, on_error)


def send_cds_feedback(  # noqa: PLR0913 - the same
    session: Session,
    service_id: object,
    feedback: object,
    *,
    base_url: str | None = None,
    authorization: Authorization | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[None]:
    """Tell a service what became of its cards; what it answers is not looked at."""
    given = [feedback]
    if isinstance(feedback, Sequence):
        given = list(cast("Sequence[object]", feedback))
    members = [checked("Feedback", each, f"feedback {n}") for n, each in enumerate(given)]
    body = _json(checked("FeedbackRequest", {"feedback": members}, "the feedback"))
    destination = Destination(base_url, authorization, options)
    yield from send(session, destination, _id_of(service_id), "feedback", body=body)


def _id_of(service: object) -> str:
    """Return the id of a service, which may be given itself.

    Raises:
        TypeError: it is neither a text nor a service.
        ValueError: the id is none that can stand in a URL.
    """
    found = _member(service, "id")
    return plain_segment(cast("str", service if found is None else found), "service_id")


def _member(service: object, name: str) -> object:
    if isinstance(service, model_named("CDSService")):
        return getattr(service, name)
    return cast("Mapping[str, object]", service).get(name) if isinstance(service, Mapping) else None


def _json(model: Any) -> bytes:  # noqa: ANN401 - a generated class
    text: str = model.model_dump_json()
    return text.encode()

"""Bots: their resources, their code, and running them.

https://www.medplum.com/docs/bots
"""

from http import HTTPStatus
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import accepted_job, json_or_text, object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import ResourceLike
from pymedplum_runtime.flows.bodies import body_of
from pymedplum_runtime.flows.resources import create_resource, delete_resource, read_resource
from pymedplum_runtime.flows.search import search_resources
from pymedplum_runtime.flows.updates import update_resource, update_with_retry
from pymedplum_runtime.http.flow import Flow, after_writing
from pymedplum_runtime.http.urls import id_segment
from pymedplum_runtime.http.wire import JSON
from pymedplum_runtime.models.strict_json import encode


def create_bot(
    session: Session,
    name: str,
    description: str = "",
    source_code: str = "",
    runtime_version: str | None = None,
    *,
    options: CallOptions = NO_OPTIONS,
    **kwargs: Any,  # noqa: ANN401 - elements of Bot
) -> Flow[dict[str, Any]]:
    """Create a Bot.

    Raises:
        TypeError: the elements name another resource type.
    """
    bot: dict[str, Any] = {"resourceType": "Bot", "name": name, "description": description}
    if source_code:
        bot["code"] = source_code
    if runtime_version:
        bot["runtimeVersion"] = runtime_version
    more = {_camel_case(key): value for key, value in kwargs.items()}
    if "resourceType" in more:
        raise TypeError("create_bot makes a Bot; use create_resource for another type")
    return create_resource(session, {**bot, **more}, options=options)


def _camel_case(name: str) -> str:
    head, *tail = name.rstrip("_").split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in tail)


def read_bot(
    session: Session, bot_id: str, *, options: CallOptions = NO_OPTIONS
) -> Flow[dict[str, Any]]:
    """Read a Bot."""
    return read_resource(session, "Bot", bot_id, options=options)


def update_bot(
    session: Session,
    bot: ResourceLike,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Write a Bot, guarded by its version."""
    found = body_of(bot, name="bot").resource_type
    if found != "Bot":
        raise ValueError(f"bot must be a Bot, got a {found}")
    return update_resource(session, bot, options=options)


def delete_bot(session: Session, bot_id: str, *, options: CallOptions = NO_OPTIONS) -> Flow[None]:
    """Delete a Bot."""
    return delete_resource(session, "Bot", bot_id, options=options)


def list_bots(
    session: Session,
    *,
    options: CallOptions = NO_OPTIONS,
    **search_params: Any,  # noqa: ANN401 - search parameters of Bot
) -> Flow[dict[str, Any]]:
    """Search Bots."""
    return search_resources(session, "Bot", search_params, options=options)


def save_bot_code(
    session: Session,
    bot_id: str,
    source_code: str,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Store the source of a Bot, whatever else is changed in it meanwhile."""
    result = yield from update_with_retry(
        session,
        "Bot",
        bot_id,
        lambda bot: {**bot, "code": source_code},
        options=options,
    )
    return result.resource


def deploy_bot(
    session: Session,
    bot_id: str,
    code: str,
    filename: str = "index.js",
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Deploy the compiled code of a Bot."""
    call = Call(
        method="POST",
        url=session.server.fhir("Bot", id_segment(bot_id, "bot_id"), "$deploy"),
        body={"code": code, "filename": filename},
        content_type=JSON,
        options=options,
    )
    return object_of((yield from session.call(call)))


def save_and_deploy_bot(
    session: Session,
    bot_id: str,
    source_code: str,
    compiled_code: str,
    filename: str = "index.js",
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[tuple[dict[str, Any], dict[str, Any]]]:
    """Store the source and deploy what was compiled from it."""
    bot = yield from save_bot_code(session, bot_id, source_code, options=options)
    deploy = deploy_bot(session, bot_id, compiled_code, filename, options=options)
    return bot, (yield from after_writing(deploy))


def execute_bot(
    session: Session,
    bot_id: str,
    input_data: Any,  # noqa: ANN401 - whatever the bot takes
    content_type: str = JSON,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Run a Bot, and return what it returns: JSON as Python values, anything else as text."""
    is_text = isinstance(input_data, str | bytes) and "json" not in content_type
    call = Call(
        method="POST",
        url=session.server.fhir("Bot", id_segment(bot_id, "bot_id"), "$execute"),
        body=input_data if is_text or input_data is None else encode(input_data),
        content_type=content_type,
        accept="*/*",
        options=options,
    )
    answer = yield from session.call(call)
    if answer.status == HTTPStatus.ACCEPTED:
        return accepted_job(answer)
    return json_or_text(answer, exact=session.exact_decimals)

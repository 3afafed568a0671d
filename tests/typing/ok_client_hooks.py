"""Hooks of both clients as users write them."""

from __future__ import annotations

from dataclasses import replace

from typing_extensions import assert_type

from pymedplum import AsyncMedplumClient, MedplumClient
from pymedplum.hooks import PreparedRequest, RequestAttempt, RequestEvent

events: list[RequestEvent] = []


def add_trace(request: PreparedRequest) -> PreparedRequest:
    return replace(request, headers={**request.headers, "X-Trace": "1"})


def only_look(request: PreparedRequest) -> None:
    assert_type(request.headers, dict[str, str])


def audit(event: RequestEvent) -> None:
    assert_type(event.attempts, list[RequestAttempt])
    assert_type(event.resource_type, str | None)
    assert_type(event.final_exception, BaseException | None)
    events.append(event)


async def audit_later(event: RequestEvent) -> None:
    events.append(event)


client = MedplumClient(before_request=add_trace, on_request_complete=audit)
MedplumClient(before_request=only_look, on_request_complete=events.append).close()
AsyncMedplumClient(before_request=only_look, on_request_complete=audit)
AsyncMedplumClient(before_request=add_trace, on_request_complete=audit_later)
client.close()

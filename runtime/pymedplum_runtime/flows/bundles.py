"""Batches and transactions, throttled entries included."""

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.flow import Flow, Sleep, after_writing
from pymedplum_runtime.client.limits import delay_asked_for, outcome_delay
from pymedplum_runtime.client.results import accepted_job, object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import ResourceLike
from pymedplum_runtime.client.wire import Answer, encode
from pymedplum_runtime.flows.bodies import body_of, with_accounts
from pymedplum_runtime.flows.conditions import if_none_exist_query
from pymedplum_runtime.models import codec
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.search.entries import (
    BatchCreateResult,
    BundleEntryResult,
    entry_results,
    list_of,
)
from pymedplum_runtime.search.entries import object_of as members_in

RESPOND_ASYNC = {"Prefer": "respond-async"}  # compared exactly by the server: nothing beside it


def execute_batch(
    session: Session,
    bundle: ResourceLike,
    *,
    accounts: str | Sequence[str] | None = None,
    prefer_async: bool = False,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Carry out the entries of a batch, each for itself."""
    return run_batch(
        session,
        _bundle(bundle, "batch", accounts),
        prefer_async=prefer_async,
        options=options,
    )


def execute_transaction(
    session: Session,
    bundle: ResourceLike,
    *,
    accounts: str | Sequence[str] | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Carry out the entries of a transaction together; it is never split."""
    call = Call(
        method="POST",
        url=session.server.fhir(),
        body=_bundle(bundle, "transaction", accounts),
        options=options,
    )
    answer = yield from session.call(call)
    return object_of(answer, exact=session.exact_decimals)


def run_batch(
    session: Session,
    members: dict[str, Any],
    *,
    prefer_async: bool = False,
    options: CallOptions = NO_OPTIONS,
    replay_safe: bool | None = None,
) -> Flow[dict[str, Any]]:
    """Send a batch, and the entries that the server throttled again until it takes them."""
    call = Call(
        method="POST",
        url=session.server.fhir(),
        body=members,
        options=options.with_headers(RESPOND_ASYNC) if prefer_async else options,
        replay_safe=replay_safe,
    )
    answer = yield from session.call(call)
    if answer.status == HTTPStatus.ACCEPTED:
        return accepted_job(answer)
    return (yield from after_writing(_with_the_throttled(session, call, answer)))


def _with_the_throttled(session: Session, call: Call, answer: Answer) -> Flow[dict[str, Any]]:
    """Return the answer to a batch, once its throttled entries are carried out too."""
    members: dict[str, Any] = call.body
    result = object_of(answer, exact=session.exact_decimals)
    entries, sent = list_of(result.get("entry")), list_of(members.get("entry"))
    for tries in range(1, session.retry.max_rate_limit_retries + 1):
        throttled = [n for n, entry in enumerate(entries[: len(sent)]) if _is_throttled(entry)]
        if not throttled:
            break
        yield Sleep(_delay(session, answer, [entries[n] for n in throttled], tries))
        rest = {**members, "entry": [sent[n] for n in throttled]}
        answer = yield from session.call(replace(call, body=rest))
        again = list_of(object_of(answer, exact=session.exact_decimals).get("entry"))
        for place, entry in zip(throttled, again, strict=False):
            entries[place] = entry
    return result


def _is_throttled(entry: object) -> bool:
    status = members_in(members_in(entry).get("response")).get("status")
    return str(status).startswith("429")


def _delay(session: Session, answer: Answer, throttled: list[object], tries: int) -> float:
    outcomes = (members_in(members_in(each).get("response")).get("outcome") for each in throttled)
    said = [seconds for each in outcomes if (seconds := outcome_delay(each)) is not None]
    asked = max(said, default=None)
    if asked is None:
        asked = delay_asked_for(answer, session.clock.now())
    return session.retry.wait(asked, tries, session.clock.random())


def _bundle(
    bundle: ResourceLike, kind: str, accounts: str | Sequence[str] | None
) -> dict[str, Any]:
    """Return the bundle as a dict of its own, of the right type, with accounts in its entries.

    Raises:
        ValueError: it is no bundle, of another type, or empty.
    """
    body = body_of(bundle, name="bundle")
    if body.resource_type != "Bundle":
        raise ValueError(f"bundle must be a Bundle, got a {body.resource_type}")
    is_model = isinstance(body.value, FHIRModel)
    members: dict[str, Any] = codec.decode(encode(body.value)) if is_model else body.value
    found = members.get("type", kind)
    if found != kind:
        raise ValueError(f"the bundle's type must be {kind}; for another type use its own method")
    entries = list_of(members.get("entry"))
    if not entries:
        raise ValueError("the bundle has no entries; the server refuses it")
    return {**members, "type": kind, "entry": [_with_accounts(each, accounts) for each in entries]}


def _with_accounts(entry: object, accounts: str | Sequence[str] | None) -> object:
    members = members_in(entry)
    resource = members.get("resource")
    if accounts is None or not resource:
        return entry
    return {**members, "resource": with_accounts(resource, accounts)}


def conditional_create_batch(
    session: Session,
    entries: Sequence[tuple[ResourceLike, str]],
    *,
    chunk_size: int = 50,
    accounts: str | Sequence[str] | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[BatchCreateResult]:
    """Create many resources unless they exist, in batches that can be repeated safely."""
    if isinstance(chunk_size, bool) or not isinstance(chunk_size, int) or chunk_size < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError("chunk_size must be a whole number, 1 or more")
    prepared = [_conditional(session, each, accounts) for each in entries]
    results: list[BundleEntryResult] = []
    for start in range(0, len(prepared), chunk_size):
        chunk = prepared[start : start + chunk_size]
        members = {"resourceType": "Bundle", "type": "batch", "entry": chunk}
        batch = run_batch(session, members, options=options, replay_safe=True)
        has_written = any(each.status_code == HTTPStatus.CREATED for each in results)
        found = entry_results((yield from after_writing(batch) if has_written else batch))
        results += [
            replace(found[n], index=start + n) if n < len(found) else _unanswered(start + n)
            for n in range(len(chunk))
        ]
    return BatchCreateResult(
        created=[each for each in results if each.status_code == HTTPStatus.CREATED],
        existed=[each for each in results if each.status_code == HTTPStatus.OK],
        failed=[
            each for each in results if each.status_code not in {HTTPStatus.CREATED, HTTPStatus.OK}
        ],
    )


def _unanswered(index: int) -> BundleEntryResult:
    return BundleEntryResult(index, None, False, None, None, None)  # noqa: FBT003 - not ok


def _conditional(
    session: Session, entry: tuple[ResourceLike, str], accounts: str | Sequence[str] | None
) -> dict[str, Any]:
    resource, query = entry
    body = body_of(resource, accounts)
    condition = if_none_exist_query(session, query)
    request = {"method": "POST", "url": body.resource_type, "ifNoneExist": condition}
    return {"resource": body.value, "request": request}

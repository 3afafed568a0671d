"""Batches and transactions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, cast

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import ResourceLike
from pymedplum_runtime.client.write_validation import Validate
from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.flows.bodies import body_of, with_accounts
from pymedplum_runtime.flows.conditions import if_none_exist_query
from pymedplum_runtime.flows.guards import guarded_entry
from pymedplum_runtime.flows.throttled import run_batch
from pymedplum_runtime.flows.validation import before_sending
from pymedplum_runtime.helpers.members import is_data, members_of
from pymedplum_runtime.http.flow import Flow, after_writing
from pymedplum_runtime.models import codec
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.models.strict_json import encode
from pymedplum_runtime.search.entries import (
    BatchCreateResult,
    BundleEntryResult,
    entry_results,
    list_of,
)


def execute_batch(
    session: Session,
    bundle: ResourceLike,
    *,
    accounts: str | Sequence[str] | None = None,
    if_match: bool | str = False,
    prefer_async: bool = False,
    validate: Validate | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Carry out the entries of a batch, each for itself."""
    members = _bundle(bundle, "batch", accounts, if_match)
    yield from before_sending(session, members, validate, options)
    batch = run_batch(session, members, prefer_async=prefer_async, options=options)
    return (yield from batch)


def execute_transaction(
    session: Session,
    bundle: ResourceLike,
    *,
    accounts: str | Sequence[str] | None = None,
    if_match: bool | str = False,
    validate: Validate | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Carry out the entries of a transaction together; it is never split."""
    call = Call(
        method="POST",
        url=session.server.fhir(),
        body=_bundle(bundle, "transaction", accounts, if_match),
        options=options,
    )
    yield from before_sending(session, call.body, validate, options)
    answer = yield from session.call(call)
    return object_of(answer, exact=session.exact_decimals)


def _bundle(
    bundle: ResourceLike, kind: str, accounts: str | Sequence[str] | None, if_match: bool | str
) -> dict[str, Any]:
    """Return the bundle as a dict of its own, of the right type, with accounts and guards.

    Raises:
        ValueError: it is no bundle, of another type, or empty.
    """
    if not isinstance(if_match, bool) and if_match != "required":
        raise ValueError('if_match must be True, False or "required"; one tag fits one entry alone')
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
    checked = [
        guarded_entry(_entry(each, place, accounts), place, if_match)
        for place, each in enumerate(entries)
    ]
    return {**members, "type": kind, "entry": checked}


def _entry(entry: object, place: int, accounts: str | Sequence[str] | None) -> dict[str, Any]:
    """Return an entry as a dict, with accounts in its resource."""
    if not is_data(entry):
        kind = type(entry).__name__
        raise TypeError(f"entry {place} of the bundle must be a dict or a model, got {kind}")
    is_model = not isinstance(entry, Mapping)
    members: dict[str, Any] = codec.decode(encode(entry)) if is_model else {**members_of(entry)}
    resource = members.get("resource")
    if accounts is None or not resource:
        return members
    return {**members, "resource": with_accounts(resource, accounts)}


def conditional_create_batch(
    session: Session,
    entries: Sequence[tuple[ResourceLike, str]],
    *,
    chunk_size: int = 50,
    accounts: str | Sequence[str] | None = None,
    validate: Validate | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[BatchCreateResult]:
    """Create many resources unless they exist, in batches that can be repeated safely."""
    if isinstance(chunk_size, bool) or not isinstance(chunk_size, int) or chunk_size < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError("chunk_size must be a whole number, 1 or more")
    if not isinstance(entries, Iterable) or isinstance(entries, str | bytes | Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError("entries must be a list of pairs of a resource and a query")
    prepared = [_conditional(session, each, n, accounts) for n, each in enumerate(entries)]
    everything = {"resourceType": "Bundle", "type": "batch", "entry": prepared}
    yield from before_sending(session, everything, validate, options)
    results: list[BundleEntryResult] = []
    for start in range(0, len(prepared), chunk_size):
        chunk = prepared[start : start + chunk_size]
        members = {"resourceType": "Bundle", "type": "batch", "entry": chunk}
        batch = run_batch(session, members, options=options, replay_safe=True)
        try:
            answer = yield from (after_writing(batch) if results else batch)
        except MedplumError as error:
            error.partial = results + _placed(error.partial or [], start)
            raise
        found = entry_results(answer)[: len(chunk)]
        unanswered = range(len(found), len(chunk))
        results += _placed([*found, *(_unanswered(n) for n in unanswered)], start)
    return _sorted(results)


def _placed(results: list[BundleEntryResult], start: int) -> list[BundleEntryResult]:
    """Return the results of a chunk with their places among the caller's entries."""
    return [replace(each, index=start + each.index) for each in results]


def _unanswered(index: int) -> BundleEntryResult:
    return BundleEntryResult(index, None, False, None, None, None)  # noqa: FBT003 - not ok


def _sorted(results: list[BundleEntryResult]) -> BatchCreateResult:
    created = [each for each in results if each.status_code == HTTPStatus.CREATED]
    existed = [each for each in results if each.status_code == HTTPStatus.OK]
    done = {HTTPStatus.CREATED, HTTPStatus.OK}
    failed = [each for each in results if each.status_code not in done]
    return BatchCreateResult(created=created, existed=existed, failed=failed)


def _conditional(
    session: Session, entry: object, place: int, accounts: str | Sequence[str] | None
) -> dict[str, Any]:
    if not isinstance(entry, tuple | list) or len(cast("Sequence[object]", entry)) != 2:  # noqa: PLR2004 - a pair
        raise TypeError(f"entry {place} must be a pair of a resource and a query")
    resource, query = cast("tuple[ResourceLike, str]", entry)
    body = body_of(resource, accounts)
    condition = if_none_exist_query(session, query)
    request = {"method": "POST", "url": body.resource_type, "ifNoneExist": condition}
    return {"resource": body.value, "request": request}

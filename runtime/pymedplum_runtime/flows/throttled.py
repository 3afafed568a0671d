"""A batch whose throttled entries are sent again until the server has taken them all.

The server answers 200 to the whole, with the status 429 on the entries that it did not carry out.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import accepted_job, object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.helpers.references import parse_reference
from pymedplum_runtime.http.flow import Flow, Sleep
from pymedplum_runtime.http.limits import delay_asked_for, outcome_delay
from pymedplum_runtime.http.urls import id_segment, type_segment
from pymedplum_runtime.http.wire import Answer
from pymedplum_runtime.models.strict_json import encode
from pymedplum_runtime.search.entries import entry_results, list_of
from pymedplum_runtime.search.entries import object_of as members_in

RESPOND_ASYNC = {"Prefer": "respond-async"}  # compared exactly by the server: nothing beside it
_URN = re.compile(rb"urn:uuid:[\w-]+")


def run_batch(
    session: Session,
    members: dict[str, Any],
    *,
    prefer_async: bool = False,
    options: CallOptions = NO_OPTIONS,
    replay_safe: bool | None = None,
) -> Flow[dict[str, Any]]:
    """Send a batch, and the entries that the server throttled again until it takes them.

    Raises:
        MedplumError: where it broke off later than with the first request, its `partial` holds
            what became of each entry, as far as is known.
    """
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
    return (yield from _with_the_throttled(session, call, answer))


def _with_the_throttled(session: Session, call: Call, answer: Answer) -> Flow[dict[str, Any]]:
    """Return the answer to a batch, once its throttled entries are carried out too."""
    result = object_of(answer, exact=session.exact_decimals)
    entries, sent = list_of(result.get("entry")), list_of(call.body.get("entry"))
    if len(entries) != len(sent):
        return result
    for tries in range(1, session.retry.max_rate_limit_retries + 1):
        throttled = [n for n, entry in enumerate(entries) if _is_throttled(entry)]
        if not throttled:
            break
        yield Sleep(_delay(session, answer, [entries[n] for n in throttled], tries))
        body = _rest(call.body, throttled, entries)
        try:
            answer = yield from session.call(replace(call, body=body))
            again = _answers(session, answer, len(throttled))
        except MedplumError as error:
            if not error.possibly_committed:
                break  # of what was throttled nothing was carried out, as the entries say
            error.partial = entry_results(result)
            raise
        for place, entry in zip(throttled, again, strict=True):
            entries[place] = entry
    return result


def _answers(session: Session, answer: Answer, expected: int) -> list[object]:
    entries = list_of(object_of(answer, exact=session.exact_decimals).get("entry"))
    if len(entries) == expected:
        return entries
    raise MedplumError(
        f"the server answered {len(entries)} entries to a batch of {expected}",
        answer.status,
        possibly_committed=True,
    )


def _rest(bundle: Mapping[str, Any], throttled: list[int], answers: list[object]) -> bytes:
    """Return the throttled entries as a bundle of its own.

    Within one bundle the server puts ids in the place of `urn:uuid:` addresses, wherever they
    stand. Those of entries that it carried out already are therefore replaced here.
    """
    sent = bundle["entry"]
    known = {
        str(members_in(entry)["fullUrl"]).encode(): reference.encode()
        for entry, answer in zip(sent, answers, strict=True)
        if members_in(entry).get("fullUrl") and (reference := _reference(answer))
    }
    text = encode({**bundle, "entry": [sent[n] for n in throttled]})
    return _URN.sub(lambda found: known.get(found[0], found[0]), text)


def _reference(answer: object) -> str | None:
    """Return `Type/id` of what an entry's success is about."""
    [result] = entry_results({"entry": [answer]})
    if not result.ok:
        return None
    location = members_in(members_in(answer).get("response")).get("location")
    resource = result.resource or {}
    try:
        if isinstance(location, str):
            resource_type, resource_id = parse_reference(location)
        else:
            resource_type, resource_id = resource.get("resourceType", ""), resource.get("id", "")
        return f"{type_segment(resource_type)}/{id_segment(resource_id)}"
    except (TypeError, ValueError):
        return None


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

"""Hooks that do what they must not: their faults are logged without a mark."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from marked_calls import CALLS, PATIENT, Call, Marked, signing_in
from marks import ACCESS_TOKEN, NAME, SAID, SEARCHED, Records, found_in

from pymedplum import MedplumError, PreparedRequest, RequestEvent

Change = Callable[[PreparedRequest], Any]
CHANGES: dict[str, Change] = {
    "another server": lambda r: replace(r, url=f"https://evil.test/?name={NAME}"),
    "a broken url": lambda r: replace(r, url=f"https://[{NAME}"),
    "an odd url": lambda r: replace(r, url=f"https://{NAME}\u2100.test/"),
    "credentials": lambda r: replace(r, headers={**r.headers, "Authorization": ACCESS_TOKEN}),
    "a cookie": lambda r: replace(r, headers={**r.headers, "Cookie": ACCESS_TOKEN}),
    "acting": lambda r: replace(r, headers={**r.headers, "X-Medplum-On-Behalf-Of": NAME}),
    "a bad header": lambda r: replace(r, headers={**r.headers, "X-Name": f"{NAME}\n"}),
    "a header of bytes": lambda r: replace(r, headers={**r.headers, "X-Name": NAME.encode()}),
    "a foreign header": lambda r: replace(r, headers={**r.headers, "X-Name": f"{NAME}\u2100"}),
    "no headers": lambda r: replace(r, headers=[NAME]),
    "a writing method": lambda r: replace(r, method="POST" if r.method == "GET" else "PUT"),
    "an odd method": lambda r: replace(r, method=f"GET {NAME}"),
    "a body that is no JSON": lambda r: replace(r, json_body={NAME: {NAME}}),
    "a body with half a pair": lambda r: replace(r, json_body={"a": f"{NAME}\ud800"}),
    "a body without end": lambda r: replace(r, json_body={"a": float("nan"), "b": NAME}),
    "a text": lambda _: f"{ACCESS_TOKEN} {NAME}",
    "a dict": lambda _: {"url": NAME},
    "nothing": lambda _: None,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("call", CALLS[:20:3], ids=lambda call: call[0])
def test_no_change_of_a_hook_shows(marked: Marked, call: Call, change: Change) -> None:
    name, arguments, options = call
    handle = signing_in(lambda _: httpx.Response(500, text=SAID))
    client = marked.client(handle, before_request=change)
    marked.call(client, name, *arguments, **options)


def test_what_a_hook_sees_shows_nothing_of_itself(marked: Marked) -> None:
    seen: list[PreparedRequest] = []
    client = marked.client(
        signing_in(lambda _: httpx.Response(200, json=PATIENT)), before_request=seen.append
    )
    marked.call(client, "update_resource", PATIENT)
    marked.call(client, "search_resources", "Patient", {"name": SEARCHED})
    assert len(seen) == 2
    assert found_in(f"{seen!r} {seen[0]} {seen[1]}") is None
    assert all("authorization" not in map(str.lower, each.headers) for each in seen)


class LoudError(Exception):
    """Says what it should not."""


def test_what_a_completion_hook_raises_is_logged_by_its_type(
    marked: Marked, records: Records
) -> None:
    def complete(_: RequestEvent) -> None:
        raise LoudError(f"{ACCESS_TOKEN} {NAME}")

    client = marked.client(
        signing_in(lambda _: httpx.Response(200, json=PATIENT)), on_request_complete=complete
    )
    assert isinstance(marked.call(client, "read_resource", "Patient", "123"), dict)
    assert [line for line in records.lines if "LoudError" in line]


def test_events_show_nothing_of_themselves(marked: Marked) -> None:
    events: list[RequestEvent] = []
    answers = iter([httpx.Response(503, text=SAID), httpx.Response(404, text=SAID)])
    client = marked.client(signing_in(lambda _: next(answers)), on_request_complete=events.append)
    marked.call(client, "search_resources", "Patient", {"name": SEARCHED}, on_behalf_of="abc")
    event = events[-1]
    assert len(event.attempts) == 2
    assert isinstance(event.final_exception, MedplumError)
    assert found_in(f"{event} {event!r} {event.to_non_phi_dict()} {event.attempts}") is None
    assert found_in(repr(event.to_phi_audit_dict())) is None
    assert SEARCHED in repr(event.to_phi_audit_dict(include_query_params=True))

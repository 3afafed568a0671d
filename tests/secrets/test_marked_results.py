"""Results, entry errors and jobs: what they show of themselves, and what is logged of the wire."""

import logging
from typing import Any

import httpx
import pytest
from marked_calls import BASE, BATCH, PATIENT, Marked, signing_in
from marks import (
    ACCESS_TOKEN,
    CLIENT_SECRET,
    IDENTIFIER,
    NAME,
    SAID,
    SEARCHED,
    SECRETS,
    Records,
    found_in,
    leaks_of,
)

from pymedplum import AsyncJobTimeoutError, BundleEntryError, FHIRBundle, MedplumError
from pymedplum.fhir import Patient
from tests.medplum_server.process import MedplumServer

OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "invalid", "diagnostics": SAID}],
}
REFUSED = {"response": {"status": "400", "outcome": OUTCOME}, "resource": PATIENT}
WRITTEN = {"response": {"status": "201", "location": "Patient/123"}, "resource": PATIENT}
ANSWERED = {"resourceType": "Bundle", "type": "batch-response", "entry": [WRITTEN, REFUSED]}


def test_entry_errors_show_places_and_statuses() -> None:
    bundle = FHIRBundle(ANSWERED)
    with pytest.raises(BundleEntryError) as caught:
        bundle.raise_for_entry_errors()
    assert leaks_of(caught.value) == []
    shown = (
        f"{bundle!r} {bundle} {bundle.entry_results()!r} {bundle.failures()} {bundle.partition()}"
    )
    assert found_in(shown) is None


def test_results_show_nothing_of_a_patient(marked: Marked) -> None:
    client = marked.client(signing_in(lambda _: httpx.Response(200, json=ANSWERED)))
    result = marked.call(client, "conditional_create_batch", [(PATIENT, f"a={SEARCHED}")] * 2)
    assert found_in(f"{result!r} {result}") is None
    stored = marked.client(signing_in(lambda _: httpx.Response(200, json=PATIENT)))
    updated = marked.call(
        stored, "update_with_retry", "Patient", "123", lambda p: {**p, "active": True}
    )
    assert updated.wrote
    assert found_in(f"{updated!r} {updated}") is None
    read = marked.call(stored, "read_resource", "Patient", "123", as_fhir=Patient)
    assert found_in(f"{read!r} {read} {read.name!r}") is None


def test_a_job_that_takes_too_long_shows_nothing(marked: Marked) -> None:
    job = {"resourceType": "AsyncJob", "id": "1", "status": "active", "request": f"{BASE}{NAME}"}
    client = marked.client(signing_in(lambda _: httpx.Response(202, json=job)))
    accepted = {
        "resourceType": "OperationOutcome",
        "issue": [{"diagnostics": f"{BASE}fhir/R4/job/1/status?of={SEARCHED}"}],
    }
    for cancel in (False, True):
        found = marked.call(
            client, "wait_for_async_job", accepted, 1.0, 3.0, cancel_on_timeout=cancel
        )
        assert isinstance(found, AsyncJobTimeoutError)


def on_the_wire(marked: Marked, server: MedplumServer) -> Any:
    http = (httpx.AsyncClient if marked.is_async else httpx.Client)(trust_env=False)
    return marked.over(
        http,
        base_url=server.base_url,
        client_id=server.client_id,
        client_secret=server.client_secret,
    )


CARRYING = {
    "Location": f"http://127.0.0.1/fhir/R4/Patient?identifier={SEARCHED}",
    "Content-Location": f"/fhir/R4/job/1/status?of={NAME}",
    "Set-Cookie": f"session={ACCESS_TOKEN}",
    "WWW-Authenticate": f'Bearer error_description="{CLIENT_SECRET}"',
    "X-Odd": NAME,
}
ON_THE_WIRE = [
    ("create_resource", (PATIENT,), {}),
    ("search_resources", ("Patient", {"identifier": SEARCHED}), {}),
    ("search_resource_pages", ("Patient", {"name": NAME}), {}),
    ("execute_batch", (BATCH,), {}),
    ("upload_binary", (NAME.encode(), "text/plain"), {"filename": f"{NAME}.txt"}),
    ("get", (f"anything?name={SEARCHED}",), {}),
]


@pytest.mark.parametrize("status", [None, 201, 302, 401, 404, 500])
@pytest.mark.parametrize("call", ON_THE_WIRE, ids=lambda call: call[0])
def test_no_library_logs_what_crosses_the_wire(
    marked: Marked, server: MedplumServer, records: Records, call: Any, status: int | None
) -> None:
    name, arguments, options = call
    if status:
        step = {"status": status, "headers": CARRYING, "json": PATIENT, "path": "^(fhir|any)"}
        server.control("script", {**step, "times": 5})
    client = on_the_wire(marked, server)
    marked.call(client, name, *arguments, **options)
    token = client.access_token
    heard = "\n".join(records.lines)
    assert "httpcore" in heard
    assert token
    assert token not in heard
    assert server.client_secret not in heard
    assert IDENTIFIER not in heard


@pytest.mark.parametrize("kind", ["drop", "reset-headers", "truncate-body", "hang"])
def test_no_library_logs_a_failure_of_the_wire(
    marked: Marked, server: MedplumServer, kind: str
) -> None:
    client = on_the_wire(marked, server)
    marked.call(client, "read_resource", "Project", server.project_id)
    server.control("faults", {"kinds": [kind]})
    for name, arguments, options in ON_THE_WIRE:
        found = marked.call(client, name, *arguments, timeout=0.05, **options)
        assert isinstance(found, MedplumError)


def test_other_users_of_the_libraries_keep_their_logs(
    server: MedplumServer, marked: Marked
) -> None:
    on_the_wire(marked, server)
    heard = Records()
    logger = logging.getLogger("httpcore.http11")
    logger.addHandler(heard)
    try:
        httpx.get(f"{server.base_url}healthcheck?other=query", trust_env=False)
    finally:
        logger.removeHandler(heard)
    assert "Content-Type" in "\n".join(heard.lines)


def test_an_echo_of_the_token_is_not_kept_in_an_exception(marked: Marked) -> None:
    """A server, or a proxy's debugging page, may show the request that it was sent."""

    def echo(request: httpx.Request) -> httpx.Response:
        said = {**OUTCOME, "issue": [{"diagnostics": request.headers["authorization"]}]}
        return httpx.Response(next(statuses), json=said)

    statuses = iter([400, 403, 404, 500, 511])
    for _ in range(5):
        found = marked.call(marked.client(signing_in(echo)), "read_resource", "Patient", "123")
        assert isinstance(found, MedplumError)
        assert found_in(repr(vars(found)), SECRETS) is None

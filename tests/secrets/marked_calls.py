"""Clients that know marked secrets, and calls that hold marked patient data."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import httpx
from marks import (
    ACCESS_TOKEN,
    CLIENT_SECRET,
    IDENTIFIER,
    NAME,
    NEXT_TOKEN,
    SEARCHED,
    SECRETS,
    found_in,
    leaks_of,
)

from pymedplum import AsyncMedplumClient, MedplumClient
from pymedplum.fhir import Patient
from pymedplum.hooks import RequestEvent

BASE = "https://medplum.test/"
PATIENT = {
    "resourceType": "Patient",
    "id": "123",
    "meta": {"versionId": "1"},
    "name": [{"family": NAME}],
    "identifier": [{"system": "http://example.com", "value": IDENTIFIER}],
}
POST = {"method": "POST", "url": f"Patient?identifier={SEARCHED}", "ifNoneExist": f"a={SEARCHED}"}
BATCH = {
    "resourceType": "Bundle",
    "type": "batch",
    "entry": [{"resource": PATIENT, "request": POST}],
}
QUERY = {"family": NAME, "identifier": SEARCHED}
PATCH = [{"op": "replace", "path": "/name/0/family", "value": NAME}]
HOOKED: dict[str, Any] = {
    "hook": "patient-view",
    "hookInstance": "1",
    "context": {"userId": f"Practitioner/{NAME}", "patientId": SEARCHED},
}
TOLD: dict[str, Any] = {
    **HOOKED,
    "fhirServer": f"{BASE}fhir/R4",
    "fhirAuthorization": {
        "access_token": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/*.read",
        "subject": "cds",
    },
    "prefetch": {"patient": PATIENT},
}
ASKING = {
    "id": "cds",
    "hook": "patient-view",
    "description": "Asks for the patient.",
    "prefetch": {"patient": f"Patient?identifier={{{{context.patientId}}}}&name={NAME}"},
}
ELSEWHERE = {"base_url": "https://cds.test", "authorization": f"Bearer {ACCESS_TOKEN}"}
Call: TypeAlias = tuple[str, tuple[Any, ...], dict[str, Any]]
CALLS: list[Call] = [
    ("read_resource", ("Patient", "123"), {}),
    ("read_resource", ("Patient", "123"), {"as_fhir": Patient}),
    ("create_resource", (PATIENT,), {}),
    ("create_resource", (PATIENT,), {"as_fhir": Patient}),
    ("create_resource_if_none_exist", (PATIENT, f"identifier={SEARCHED}"), {}),
    ("upsert_resource", (PATIENT, QUERY), {}),
    ("update_resource", (PATIENT,), {}),
    ("update_with_retry", ("Patient", "123", lambda p: {**p, "active": True}), {}),
    ("patch_resource", ("Patient", "123", PATCH), {"if_match": 'W/"1"'}),
    ("delete_resource", ("Patient", "123"), {}),
    ("delete_resources_matching", ("Patient", QUERY), {}),
    ("search_resources", ("Patient", QUERY), {}),
    ("search_resources", ("Patient", QUERY), {"as_fhir": Patient, "return_bundle": True}),
    ("search_one", ("Patient", QUERY), {"as_fhir": Patient}),
    ("search_resource_pages", ("Patient", QUERY), {"as_fhir": Patient}),
    ("search_resources", ("Patient", {"identifier": SEARCHED * 400}), {}),
    ("execute_batch", (BATCH,), {}),
    ("execute_transaction", ({**BATCH, "type": "transaction"},), {}),
    ("conditional_create_batch", ([(PATIENT, f"identifier={SEARCHED}")],), {}),
    ("execute_graphql", ("query ($n: String) { a(name: $n) }", {"n": NAME}), {}),
    ("execute_operation", ("Patient", "match", None, {"name": NAME}), {"wrap_params": True}),
    ("execute_operation", ("Patient", "everything", "123", QUERY), {"method": "GET"}),
    ("validate_resource", (PATIENT,), {}),
    ("upload_binary", (NAME.encode(), "text/plain"), {"filename": f"{NAME}.txt"}),
    ("download_binary", ("123",), {}),
    ("export_ccda", ("123",), {}),
    ("create_document_reference", ("123", "456", "text/plain", NAME), {}),
    (
        "invite_user",
        ("1", "Patient", NAME, NAME, f"{NAME}@example.com"),
        {"password": ACCESS_TOKEN},
    ),
    ("get", (f"anything?name={NAME}",), {}),
    ("post", ("anything", {"name": NAME}), {"params": QUERY}),
    ("get_async_job_status", ("123",), {}),
    ("get_cds_services", (), {}),
    ("get_cds_services", (), ELSEWHERE),
    ("build_cds_request", (ASKING, HOOKED["context"]), {}),
    ("build_cds_request", (ASKING, {"patientId": [NAME]}), {"user": NAME}),
    ("call_cds_service", ("123", TOLD), {}),
    ("call_cds_service", ("123", TOLD), ELSEWHERE),
    ("call_cds_service", ("123", {**TOLD, "context": {"userId": NAME}}), {}),
    ("send_cds_feedback", ("123", {"card": NAME, "outcome": NAME}), ELSEWHERE),
]


class Marked:
    """Makes clients, makes their calls, and looks through what these show."""

    def __init__(self, *, is_async: bool) -> None:
        self.is_async = is_async
        self.leaks: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._made: list[tuple[Any, Any]] = []

    def client(self, handler: Callable[[httpx.Request], httpx.Response], **options: Any) -> Any:
        """Make a client; the options replace the usual ones."""
        transport = httpx.MockTransport(handler)
        return self.over(
            (httpx.AsyncClient if self.is_async else httpx.Client)(transport=transport), **options
        )

    def over(self, http: Any, **options: Any) -> Any:
        """Make a client that uses an httpx client."""
        chosen = {
            "base_url": BASE,
            "client_id": "client",
            "client_secret": CLIENT_SECRET,
            "http_client": http,
            "clock": StillClock(),
            "on_request_complete": self.completed,
        }
        chosen = {name: value for name, value in {**chosen, **options}.items() if value is not None}
        client = (AsyncMedplumClient if self.is_async else MedplumClient)(**chosen)
        self._made.append((client, http))
        return client

    def completed(self, event: RequestEvent) -> None:
        """Log an event as careful users do, and look through the rest of it."""
        logging.getLogger("user").info("%s %s %r", event, event.to_non_phi_dict(), event.attempts)
        audit = repr(event.to_phi_audit_dict(include_query_params=True))
        self._look("an audit", found_in(audit, SECRETS))

    def call(self, client: Any, name: str, /, *args: object, **kwargs: object) -> Any:
        """Make a call, and return its result or its exception, both looked through."""
        try:
            result = self._result(getattr(client, name)(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - each is looked through
            self.leaks += [f"{name}: {leak}" for leak in leaks_of(error)]
            return error
        finally:
            session = vars(client)["_session"]
            options = vars(client)["_options"]
            for each in (client, session, session.tokens, session.tokens.token, options):
                self._look(f"repr of {type(each).__name__}", found_in(f"{each!r} {each}"))
        if not isinstance(result, str | bytes | dict | list):
            self._look(f"result of {name}", found_in(f"{result!r} {result}"))
        return result

    def _look(self, where: str, found: str | None) -> None:
        if found:
            self.leaks.append(f"{where}: {found}")

    def _result(self, result: Any) -> Any:
        if hasattr(result, "__aiter__"):
            return self._loop.run_until_complete(_listed(result))
        if inspect.isawaitable(result):
            return self._loop.run_until_complete(_awaited(result))
        return list(result) if isinstance(result, Iterator) else result

    def close(self) -> None:
        for _, http in self._made:
            if self.is_async:
                self._loop.run_until_complete(http.aclose())
            else:
                http.close()
        self._loop.close()


async def _listed(items: Any) -> list[Any]:
    return [item async for item in items]


async def _awaited(result: Any) -> Any:
    return await result


class StillClock:
    """Moves when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time

    monotonic = now

    def random(self) -> float:
        return 0.5

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    async def asleep(self, seconds: float) -> None:
        self.time += seconds


def signing_in(answer: Callable[[httpx.Request], httpx.Response]) -> Callable[..., httpx.Response]:
    """Give a handler whose token endpoint works, and gives a new token each time."""
    tokens = iter([ACCESS_TOKEN, NEXT_TOKEN] * 1000)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": next(tokens), "expires_in": 3600})
        return answer(request)

    return handle

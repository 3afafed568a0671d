"""Whatever a server answers, callers meet a result or an exception of ours, and nothing else."""

from contextlib import suppress
from typing import Any

import httpx
import pytest
from flow_steps import BASE, FakeClock
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError as ModelError

from pymedplum import MedplumClient, MedplumError
from pymedplum.fhir import Patient

PATIENT = {"resourceType": "Patient", "id": "1", "meta": {"versionId": "1"}}
ENTRY = {"request": {"method": "GET", "url": "Patient/1"}}
BATCH = {"resourceType": "Bundle", "type": "batch", "entry": [ENTRY, ENTRY]}
STATUSES = [200, 201, 202, 204, 304, 400, 401, 404, 409, 412, 422, 429, 500, 503]
KEYS = ["resourceType", "entry", "link", "resource", "search", "mode", "relation", "url", "issue"]
KEYS += ["diagnostics", "details", "coding", "code", "response", "status", "outcome", "extension"]
KEYS += ["meta", "versionId", "id", "parameter", "name", "type", "total", "tag", "access"]
TEXTS = ["Patient", "Bundle", "OperationOutcome", "AsyncJob", "Parameters", "next", "match", "429"]
TEXTS += ["https://evil.test/", "https://medplum.test/fhir/R4/Patient?_page=2", "40001", "1", ""]
leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.just(0.5) | st.sampled_from(TEXTS)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
        | st.fixed_dictionaries({"resourceType": st.sampled_from(TEXTS[:5]), "entry": inner})
        | st.fixed_dictionaries({"resource": inner, "response": inner})
    ),
    max_leaves=15,
)
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "read_resource": (("Patient", "1", Patient), {}),
    "search_one": (("Patient",), {"as_fhir": Patient}),
    "search_resource_pages": (("Patient",), {"as_fhir": Patient, "included": True}),
    "create_resource": (({"resourceType": "Patient"},), {}),
    "update_resource": ((PATIENT,), {}),
    "patch_resource": (("Patient", "1", []), {"if_match": 'W/"1"'}),
    "delete_resource": (("Patient", "1"), {}),
    "update_with_retry": (("Patient", "1", lambda stored: {**stored, "active": True}), {}),
    "resource_history": (("Patient", "1"), {}),
    "execute_batch": ((BATCH,), {}),
    "execute_transaction": (({**BATCH, "type": "transaction"},), {}),
    "conditional_create_batch": (([(PATIENT, "a=b"), (PATIENT, "a=c")],), {}),
    "resolve_references": ((["Patient/1", "Patient/2"],), {}),
    "wait_for_async_job": (("1",), {"timeout": 3}),
    "validate_resource": ((PATIENT,), {}),
    "validate_valueset_code": (("urn:v",), {"code": "c"}),
    "execute_graphql": (("{ x }",), {}),
    "execute_bot": (("1", {}), {}),
    "set_accounts": (("Patient/1", "Organization/1"), {}),
    "download_binary": (("1",), {}),
    "export_ccda": (("1",), {}),
}


def _call(answer: httpx.Response, name: str) -> object:
    arguments, options = CALLS[name]
    transport = httpx.MockTransport(lambda _: answer)
    with httpx.Client(transport=transport) as http:
        client = MedplumClient(
            base_url=BASE,
            access_token="t",
            http_client=http,
            clock=FakeClock(),
        )
        result = getattr(client, name)(*arguments, **options)
        return list(result) if name == "search_resource_pages" else result


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=40, deadline=None)
@given(status=st.sampled_from(STATUSES), body=values)
def test_strange_json_is_a_result_or_an_exception_of_ours(
    name: str, status: int, body: object
) -> None:
    with suppress(MedplumError, ModelError):
        _call(httpx.Response(status, json=body), name)


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=15, deadline=None)
@given(
    status=st.sampled_from(STATUSES),
    content=st.binary(max_size=30),
    kind=st.sampled_from(["application/json", "application/fhir+json", "text/html; charset=x", ""]),
)
def test_strange_bytes_are_a_result_or_an_exception_of_ours(
    name: str, status: int, content: bytes, kind: str
) -> None:
    answer = httpx.Response(status, content=content, headers={"Content-Type": kind})
    with suppress(MedplumError, ModelError):
        _call(answer, name)

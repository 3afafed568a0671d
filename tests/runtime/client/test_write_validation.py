"""Writes with `validate=`: what is invalid is not sent, by either client."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from write_validations import (
    BAD,
    GOOD,
    SECRET,
    WEIRD,
    MakeClient,
    bundle,
    entry,
    stored,
    written,
)

from pymedplum import (
    InvalidResourceError,
    MedplumError,
)
from pymedplum.fhir import Patient
from tests.api.api_calls import (
    OBO,
    Server,
    body,
    call,
    issue,
    path,
    reply,
)

ALL_OK = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "information", "code": "informational", "details": {"text": "All OK"}}],
}
REFUSAL = issue("structure", details={"text": SECRET}, expression=["Patient.name[0].given"])


def _unchanged(resource: dict[str, Any]) -> Callable[[object], object]:
    return lambda _stored: resource


# A method, its arguments for a resource, and where the resource stands in what is validated.
WRITES: list[tuple[str, Callable[[dict[str, Any]], tuple[object, ...]], str]] = [
    ("create_resource", lambda r: (r,), "Patient"),
    ("create_resource_if_none_exist", lambda r: (r, "identifier=a|b"), "Patient"),
    ("update_resource", lambda r: (r,), "Patient"),
    ("upsert_resource", lambda r: (r, {"identifier": "a|b"}), "Patient"),
    ("update_with_retry", lambda r: ("Patient", "1", _unchanged(r)), "Patient"),
    ("execute_batch", lambda r: (bundle("batch", entry(r)),), "Bundle.entry[0].resource"),
    (
        "execute_transaction",
        lambda r: (bundle("transaction", entry(r)),),
        "Bundle.entry[0].resource",
    ),
    (
        "conditional_create_batch",
        lambda r: ([(GOOD, "identifier=a|b"), (r, "identifier=a|c")],),
        "Bundle.entry[1].resource",
    ),
]
each_write = pytest.mark.parametrize(
    ("method", "args", "place"), WRITES, ids=[w[0] for w in WRITES]
)


@each_write
def test_what_is_invalid_locally_is_not_sent(
    make_client: MakeClient, method: str, args: Callable[[Any], tuple[object, ...]], place: str
) -> None:
    server = Server(stored())
    client = make_client(server)
    with pytest.raises(InvalidResourceError) as caught:
        call(client, method, *args(BAD), validate="local")
    assert f"{place}.gender" in {each.expression for each in caught.value.report.errors}
    assert SECRET not in str(caught.value) + repr(caught.value)
    assert written(server) == []
    assert not caught.value.possibly_committed


@each_write
def test_what_is_valid_locally_is_sent(
    make_client: MakeClient, method: str, args: Callable[[Any], tuple[object, ...]], place: str
) -> None:
    del place
    server = Server(stored())
    call(make_client(server), method, *args({**GOOD, "gender": "female"}), validate="local")
    assert len(written(server)) == 1
    assert not any(path(each).endswith("$validate") for each in server.requests)


@each_write
def test_what_the_server_finds_invalid_is_not_sent(
    make_client: MakeClient, method: str, args: Callable[[Any], tuple[object, ...]], place: str
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("$validate"):
            return httpx.Response(200, json=stored())
        is_bad = "name" in body(request)
        return httpx.Response(400 if is_bad else 200, json=REFUSAL if is_bad else ALL_OK)

    server = _Recording(answer)
    client = make_client(server)
    with pytest.raises(InvalidResourceError) as caught:
        call(client, method, *args({**BAD, "gender": "male"}), validate="server")
    [error] = caught.value.report.errors
    assert error.expression == f"{place}.name[0].given"
    assert error.code == "structure"
    assert SECRET not in str(caught.value) + repr(caught.value) + str(caught.value.report)
    assert caught.value.detail == SECRET
    assert written(server) == []


class _Recording(Server):
    """Answers by a function."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        super().__init__()
        self._answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answer(request)


@each_write
def test_off_by_default(
    make_client: MakeClient, method: str, args: Callable[[Any], tuple[object, ...]], place: str
) -> None:
    del place
    server = Server(stored())
    call(make_client(server), method, *args(BAD))
    assert len(written(server)) == 1


@each_write
def test_the_client_decides_where_a_call_does_not(
    make_client: MakeClient, method: str, args: Callable[[Any], tuple[object, ...]], place: str
) -> None:
    del place
    server = Server(stored())
    client = make_client(server, validate="local")
    with pytest.raises(InvalidResourceError):
        call(client, method, *args(BAD))
    assert written(server) == []
    call(client, method, *args(BAD), validate="off")
    assert len(written(server)) == 1


def test_both_asks_the_server_only_about_what_is_valid_locally(make_client: MakeClient) -> None:
    server = Server(ALL_OK, GOOD)
    client = make_client(server, validate="both")
    with pytest.raises(InvalidResourceError):
        call(client, "create_resource", BAD)
    assert server.requests == []
    call(client, "create_resource", GOOD)
    assert [path(each) for each in server.requests] == [
        "fhir/R4/Patient/$validate",
        "fhir/R4/Patient",
    ]


def test_warnings_stop_no_write(make_client: MakeClient) -> None:
    warning = {**issue("invariant"), "issue": [{"severity": "warning", "code": "invariant"}]}
    server = Server(warning, GOOD)
    assert call(make_client(server), "create_resource", GOOD, validate="server") == GOOD


def test_the_server_is_asked_for_the_same_membership_and_without_the_writes_headers(
    make_client: MakeClient,
) -> None:
    server = Server(ALL_OK, GOOD)
    call(
        make_client(server),
        "create_resource_if_none_exist",
        GOOD,
        "identifier=a|b",
        validate="server",
        on_behalf_of="ProjectMembership/7",
        headers={"X-Mine": "1"},
    )
    asked, written = server.requests
    assert asked.headers[OBO] == written.headers[OBO] == "ProjectMembership/7"
    assert {"If-None-Exist", "X-Mine"} & set(asked.headers) == set()
    assert body(asked) == body(written) == GOOD


def test_what_the_server_says_in_words_is_on_the_error_alone(make_client: MakeClient) -> None:
    said = issue(f"{SECRET} code", diagnostics=SECRET, expression=[f"Patient.where('{SECRET}')"])
    with pytest.raises(InvalidResourceError) as caught:
        call(make_client(Server(reply(400, said))), "create_resource", GOOD, validate="server")
    [error] = caught.value.report.errors
    assert (error.code, error.expression) == ("invalid", "")
    assert SECRET not in repr(caught.value.report) + str(caught.value)
    assert caught.value.outcome == said


def test_an_answer_that_is_no_outcome_stops_the_write(make_client: MakeClient) -> None:
    server = Server(GOOD)
    with pytest.raises(MedplumError, match="no OperationOutcome") as caught:
        call(make_client(server), "create_resource", GOOD, validate="server")
    assert not isinstance(caught.value, InvalidResourceError)
    assert written(server) == []


def test_every_version_that_update_with_retry_writes_is_validated(make_client: MakeClient) -> None:
    server = Server(stored(), reply(412), stored())
    versions = iter([{**GOOD, "gender": "male"}, BAD])
    with pytest.raises(InvalidResourceError):
        call(
            make_client(server),
            "update_with_retry",
            "Patient",
            "1",
            lambda _stored: next(versions),
            validate="local",
        )
    assert [each.method for each in server.requests] == ["GET", "PUT", "GET"]


def test_entries_that_write_nothing_are_not_shown_to_the_server(make_client: MakeClient) -> None:
    read = {"request": {"method": "GET", "url": "Patient/1"}}
    server = Server(ALL_OK, stored())
    call(
        make_client(server),
        "execute_batch",
        bundle("batch", read, entry(GOOD), {"request": {"method": "DELETE", "url": "Patient/1"}}),
        validate="server",
    )
    assert [path(each) for each in server.requests] == ["fhir/R4/Patient/$validate", "fhir/R4/"]


def test_no_entries_are_valid(make_client: MakeClient) -> None:
    server = Server(stored())
    assert call(make_client(server), "conditional_create_batch", [], validate="both").ok
    assert server.requests == []


def test_accounts_are_no_fault(make_client: MakeClient) -> None:
    server = Server(stored())
    client = make_client(server, validate="local")
    call(client, "create_resource", GOOD, accounts="Organization/1")
    assert body(server.last)["meta"]["accounts"] == [{"reference": "Organization/1"}]


def test_models_are_validated_too(make_client: MakeClient) -> None:
    server = Server(stored())
    client = make_client(server, validate="local")
    with pytest.raises(InvalidResourceError, match="pat-1"):
        call(client, "create_resource", Patient.model_validate(WEIRD))
    batch = bundle("batch", entry(Patient.model_validate(WEIRD)))  # type: ignore[arg-type]
    with pytest.raises(InvalidResourceError, match="pat-1"):
        call(client, "execute_batch", batch)
    assert server.requests == []


def test_a_client_that_validates_nothing_imports_no_validator() -> None:
    program = (
        "import sys, httpx\n"
        "from pymedplum import MedplumClient\n"
        "http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200)))\n"
        "client = MedplumClient('https://a.test/', access_token='t', http_client=http)\n"
        "client.create_resource({'resourceType': 'Patient'})\n"
        "print(*(m for m in sys.modules if m.startswith('pymedplum_runtime.')))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    packages = {name.split(".")[1] for name in ran.stdout.split()}
    assert packages & {"validation", "fhirpath", "profiles", "terminology"} == set()

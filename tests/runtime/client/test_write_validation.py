"""Writes with `validate=`: what is invalid is not sent, by either client."""

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pymedplum import (
    AsyncMedplumClient,
    InvalidResourceError,
    MedplumClient,
    MedplumError,
    ProfileError,
    TerminologyError,
    WriteValidation,
)
from pymedplum.fhir import Patient
from tests.api.api_calls import (
    BASE,
    OBO,
    FakeClock,
    Server,
    body,
    call,
    is_async,
    issue,
    path,
    reply,
)

MakeClient = Callable[..., Any]
BMI = "http://hl7.org/fhir/StructureDefinition/bmi"
US_CORE_PATIENT = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
SECRET = "Zebediah"
GOOD = {"resourceType": "Patient", "id": "1", "active": True}
BAD = {"resourceType": "Patient", "id": "1", "gender": SECRET, "name": [{"family": SECRET}]}
WEIRD = {"resourceType": "Patient", "id": "1", "contact": [{"gender": "male"}]}
ALL_OK = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "information", "code": "informational", "details": {"text": "All OK"}}],
}
REFUSAL = issue("structure", details={"text": SECRET}, expression=["Patient.name[0].given"])


def _entry(resource: dict[str, Any], method: str = "POST") -> dict[str, Any]:
    return {"resource": resource, "request": {"method": method, "url": "Patient"}}


def _bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def _unchanged(resource: dict[str, Any]) -> Callable[[object], object]:
    return lambda _stored: resource


# A method, its arguments for a resource, and where the resource stands in what is validated.
WRITES: list[tuple[str, Callable[[dict[str, Any]], tuple[object, ...]], str]] = [
    ("create_resource", lambda r: (r,), "Patient"),
    ("create_resource_if_none_exist", lambda r: (r, "identifier=a|b"), "Patient"),
    ("update_resource", lambda r: (r,), "Patient"),
    ("upsert_resource", lambda r: (r, {"identifier": "a|b"}), "Patient"),
    ("update_with_retry", lambda r: ("Patient", "1", _unchanged(r)), "Patient"),
    ("execute_batch", lambda r: (_bundle("batch", _entry(r)),), "Bundle.entry[0].resource"),
    (
        "execute_transaction",
        lambda r: (_bundle("transaction", _entry(r)),),
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


@pytest.fixture(params=[MedplumClient, AsyncMedplumClient], ids=["sync", "async"])
def make_client(request: pytest.FixtureRequest) -> MakeClient:
    """Give a maker of clients of a scripted server; keywords are the constructor's."""

    def make(server: Server, **options: Any) -> Any:
        is_sync = request.param is MedplumClient
        transport = httpx.MockTransport(server)
        http = (httpx.Client if is_sync else httpx.AsyncClient)(transport=transport)
        chosen = {"access_token": "token", "clock": FakeClock(), **options, "http_client": http}
        return request.param(BASE, **chosen)

    return make


def _stored() -> dict[str, Any]:
    return {**GOOD, "meta": {"versionId": "3"}, "entry": []}


def _written(server: Server) -> list[str]:
    return [
        f"{each.method} {path(each)}"
        for each in server.requests
        if each.method != "GET" and not path(each).endswith("$validate")
    ]


@each_write
def test_what_is_invalid_locally_is_not_sent(
    make_client: MakeClient, method: str, args: Callable[[Any], tuple[object, ...]], place: str
) -> None:
    server = Server(_stored())
    client = make_client(server)
    with pytest.raises(InvalidResourceError) as caught:
        call(client, method, *args(BAD), validate="local")
    assert f"{place}.gender" in {each.expression for each in caught.value.report.errors}
    assert SECRET not in str(caught.value) + repr(caught.value)
    assert _written(server) == []
    assert not caught.value.possibly_committed


@each_write
def test_what_is_valid_locally_is_sent(
    make_client: MakeClient, method: str, args: Callable[[Any], tuple[object, ...]], place: str
) -> None:
    del place
    server = Server(_stored())
    call(make_client(server), method, *args({**GOOD, "gender": "female"}), validate="local")
    assert len(_written(server)) == 1
    assert not any(path(each).endswith("$validate") for each in server.requests)


@each_write
def test_what_the_server_finds_invalid_is_not_sent(
    make_client: MakeClient, method: str, args: Callable[[Any], tuple[object, ...]], place: str
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("$validate"):
            return httpx.Response(200, json=_stored())
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
    assert _written(server) == []


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
    server = Server(_stored())
    call(make_client(server), method, *args(BAD))
    assert len(_written(server)) == 1


@each_write
def test_the_client_decides_where_a_call_does_not(
    make_client: MakeClient, method: str, args: Callable[[Any], tuple[object, ...]], place: str
) -> None:
    del place
    server = Server(_stored())
    client = make_client(server, validate="local")
    with pytest.raises(InvalidResourceError):
        call(client, method, *args(BAD))
    assert _written(server) == []
    call(client, method, *args(BAD), validate="off")
    assert len(_written(server)) == 1


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
    assert _written(server) == []


def test_every_version_that_update_with_retry_writes_is_validated(make_client: MakeClient) -> None:
    server = Server(_stored(), reply(412), _stored())
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
    server = Server(ALL_OK, _stored())
    call(
        make_client(server),
        "execute_batch",
        _bundle("batch", read, _entry(GOOD), {"request": {"method": "DELETE", "url": "Patient/1"}}),
        validate="server",
    )
    assert [path(each) for each in server.requests] == ["fhir/R4/Patient/$validate", "fhir/R4/"]


def test_no_entries_are_valid(make_client: MakeClient) -> None:
    server = Server(_stored())
    assert call(make_client(server), "conditional_create_batch", [], validate="both").ok
    assert server.requests == []


def test_accounts_are_no_fault(make_client: MakeClient) -> None:
    server = Server(_stored())
    client = make_client(server, validate="local")
    call(client, "create_resource", GOOD, accounts="Organization/1")
    assert body(server.last)["meta"]["accounts"] == [{"reference": "Organization/1"}]


def test_models_are_validated_too(make_client: MakeClient) -> None:
    server = Server(_stored())
    client = make_client(server, validate="local")
    with pytest.raises(InvalidResourceError, match="pat-1"):
        call(client, "create_resource", Patient.model_validate(WEIRD))
    bundle = _bundle("batch", _entry(Patient.model_validate(WEIRD)))  # type: ignore[arg-type]
    with pytest.raises(InvalidResourceError, match="pat-1"):
        call(client, "execute_batch", bundle)
    assert server.requests == []


OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "weight"}}


def test_a_profile_is_applied_to_the_resources_of_its_type(make_client: MakeClient) -> None:
    server = Server(_stored())
    client = make_client(server, validate=WriteValidation(profile=BMI))
    call(client, "create_resource", GOOD)
    with pytest.raises(InvalidResourceError) as caught:
        call(client, "create_resource", OBSERVATION)
    assert BMI in {each.profile for each in caught.value.report.errors}
    with pytest.raises(InvalidResourceError):
        call(client, "execute_batch", _bundle("batch", _entry(GOOD), _entry(OBSERVATION)))
    assert len(_written(server)) == 1


def test_what_is_written_does_not_name_the_profile(make_client: MakeClient) -> None:
    server = Server(_stored())
    american = {
        **GOOD,
        "identifier": [{"system": "urn:a", "value": "1"}],
        "name": [{"family": "Invented"}],
        "gender": "female",
    }
    wanted = WriteValidation(profile=[US_CORE_PATIENT])
    client = make_client(server, validate=wanted)
    with pytest.raises(InvalidResourceError):
        call(client, "create_resource", GOOD)
    call(client, "create_resource", american)
    assert body(server.last) == american


def test_a_profile_that_is_not_known_is_an_error(make_client: MakeClient) -> None:
    server = Server(_stored())
    wanted = WriteValidation(profile="http://example.org/none")
    with pytest.raises(ProfileError, match="not known"):
        call(make_client(server), "create_resource", GOOD, validate=wanted)
    assert server.requests == []


def test_the_level_is_the_callers(make_client: MakeClient) -> None:
    server = Server(_stored())
    structure = WriteValidation(level="structure")
    call(make_client(server), "create_resource", WEIRD, validate=structure)
    assert len(_written(server)) == 1


def test_profiles_are_not_asked_for_at_a_level_without_them() -> None:
    with pytest.raises(ValueError, match="level 'base' leaves out"):
        WriteValidation(profile=BMI, level="base")


@pytest.mark.parametrize("wrong", [5, "", [5], [""], b"x"])
def test_profiles_are_canonical_urls(wrong: Any) -> None:
    with pytest.raises(TypeError, match="profile must be a canonical URL or a list of them"):
        WriteValidation(profile=wrong)


@pytest.mark.parametrize("wrong", ["locally", "", True, 1])
def test_what_validate_may_be_is_checked_before_anything_is_sent(
    make_client: MakeClient, wrong: Any
) -> None:
    server = Server(_stored())
    with pytest.raises((TypeError, ValueError), match="validate must be"):
        make_client(server, validate=wrong)
    with pytest.raises((TypeError, ValueError), match="validate must be"):
        call(make_client(server), "create_resource", GOOD, validate=wrong)
    assert server.requests == []


def test_what_write_validation_may_be_is_checked() -> None:
    wrong: list[dict[str, Any]] = [{"where": "off"}, {"level": "deep"}, {"profile": [1]}]
    for options in wrong:
        with pytest.raises((TypeError, ValueError), match="must be"):
            WriteValidation(**options)


US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-medicationrequest"
MEDICATION = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1"}]}
REQUEST = {
    "resourceType": "MedicationRequest",
    "status": "active",
    "intent": "order",
    "reportedBoolean": False,
    "medicationCodeableConcept": MEDICATION,
    "subject": {"reference": "Patient/1"},
    "authoredOn": "2024-01-01",
    "requester": {"reference": "Practitioner/1"},
}


class Service:
    """Answers a question, and remembers in which thread."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def validate_code(self, *asked: str | None) -> bool | None:
        self.threads.append(threading.current_thread())
        if len(self.threads) > 1:
            raise TerminologyError("the service is away")
        return asked[1:] == ("http://www.nlm.nih.gov/research/umls/rxnorm", "1")


class AsyncService(Service):
    """The same, to be awaited."""

    async def validate_code(self, *asked: str | None) -> bool | None:  # type: ignore[override]
        return super().validate_code(*asked)


@pytest.mark.parametrize("kind", [Service, AsyncService])
def test_a_terminology_service_is_asked_and_may_stop_the_write(
    make_client: MakeClient, kind: type[Service]
) -> None:
    server, service = Server(_stored()), kind()
    wanted = WriteValidation(profile=US_CORE, terminology=service)
    client = make_client(server, validate=wanted)
    if kind is AsyncService and not is_async(client):
        with pytest.raises(TypeError, match="cannot await"):
            call(client, "create_resource", REQUEST)
        return
    call(client, "create_resource", REQUEST)
    with pytest.raises(TerminologyError):
        call(client, "create_resource", REQUEST)
    assert len(_written(server)) == 1
    # Asked from the loop's own thread where it is awaited, and never from there otherwise.
    is_main = service.threads[0] is threading.main_thread()
    assert is_main == (kind is AsyncService or not is_async(client))


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

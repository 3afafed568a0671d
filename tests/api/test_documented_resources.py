"""What the documents say about creating, reading, patching and deleting one resource."""

import pydantic
import pytest
from api_calls import PATIENT, MakeClient, Server, body, call, path, reply

from pymedplum import PreconditionFailedError
from pymedplum.fhir import HumanName, Patient

DICT = {"resourceType": "Patient", "name": [{"given": ["Jane"], "family": "Model"}]}
MODEL = Patient(name=[HumanName(given=["Jane"], family="Model")])
ORG = "Organization/org-456"
ORGS = ["Organization/org-456", "Organization/org-789"]
PATCH = [{"op": "replace", "path": "/active", "value": True}]
CALLS = {
    "create_resource": (DICT,),
    "create_resource_if_none_exist": (DICT, "identifier=MRN|1"),
    "read_resource": ("Patient", "123"),
    "vread_resource": ("Patient", "123", "1"),
    "update_resource": (PATIENT,),
    "patch_resource": ("Patient", "123", PATCH),
}
REQUESTS = [
    ("create_resource", "POST", "fhir/R4/Patient"),
    ("create_resource_if_none_exist", "POST", "fhir/R4/Patient"),
    ("read_resource", "GET", "fhir/R4/Patient/123"),
    ("vread_resource", "GET", "fhir/R4/Patient/123/_history/1"),
    ("update_resource", "PUT", "fhir/R4/Patient/123"),
    ("patch_resource", "PATCH", "fhir/R4/Patient/123"),
]


@pytest.mark.parametrize(("name", "method", "where"), REQUESTS)
def test_each_method_sends_fhirs_own_request(
    make_client: MakeClient, name: str, method: str, where: str
) -> None:
    server = Server()
    call(make_client(server), name, *CALLS[name])
    assert (server.last.method, path(server.last)) == (method, where)


@pytest.mark.parametrize("name", CALLS)
def test_the_result_is_a_dict_by_default(make_client: MakeClient, name: str) -> None:
    result = call(make_client(Server()), name, *CALLS[name])
    assert type(result) is dict
    assert result == PATIENT


@pytest.mark.parametrize("name", CALLS)
def test_as_fhir_gives_an_instance_of_that_model(make_client: MakeClient, name: str) -> None:
    result = call(make_client(Server()), name, *CALLS[name], as_fhir=Patient)
    assert type(result) is Patient
    assert result.id == "123"


@pytest.mark.parametrize("name", CALLS)
def test_additional_headers_are_sent(make_client: MakeClient, name: str) -> None:
    server = Server()
    call(make_client(server), name, *CALLS[name], headers={"X-Custom": "yes"})
    assert server.last.headers["x-custom"] == "yes"


@pytest.mark.parametrize("resource", [DICT, MODEL], ids=["dict", "model"])
@pytest.mark.parametrize("name", ["create_resource", "create_resource_if_none_exist"])
def test_dicts_and_models_are_sent_alike(
    make_client: MakeClient, name: str, resource: object
) -> None:
    server = Server(reply(201, PATIENT))
    call(make_client(server), name, resource, *CALLS[name][1:])
    assert body(server.last) == DICT


def test_a_model_is_sent_in_fhirs_spelling(make_client: MakeClient) -> None:
    server = Server()
    call(make_client(server), "update_resource", Patient(id="123", birth_date="1990-01-01"))
    assert body(server.last) == {
        "resourceType": "Patient",
        "id": "123",
        "birthDate": "1990-01-01",
    }


@pytest.mark.parametrize("accounts", [ORG, ORGS], ids=["one", "several"])
@pytest.mark.parametrize(
    "name", ["create_resource", "create_resource_if_none_exist", "update_resource"]
)
def test_accounts_become_references_in_meta_accounts(
    make_client: MakeClient, name: str, accounts: str | list[str]
) -> None:
    server = Server()
    call(make_client(server), name, *CALLS[name], accounts=accounts)
    wanted = [{"reference": ref} for ref in ([accounts] if isinstance(accounts, str) else accounts)]
    assert body(server.last)["meta"]["accounts"] == wanted


@pytest.mark.parametrize("as_model", [False, True], ids=["dict", "model"])
def test_accounts_leave_the_rest_of_meta_and_the_callers_object_alone(
    make_client: MakeClient, *, as_model: bool
) -> None:
    server = Server()
    tagged = {"resourceType": "Patient", "meta": {"tag": [{"code": "a"}]}}
    given = Patient.model_validate(tagged) if as_model else tagged
    call(make_client(server), "create_resource", given, accounts=ORG)
    assert body(server.last)["meta"] == {"tag": [{"code": "a"}], "accounts": [{"reference": ORG}]}
    left = given.model_dump() if isinstance(given, Patient) else given
    assert left["meta"] == {"tag": [{"code": "a"}]}


def test_without_accounts_no_meta_is_made_up(make_client: MakeClient) -> None:
    server = Server(reply(201, PATIENT))
    call(make_client(server), "create_resource", DICT)
    assert "meta" not in body(server.last)


def test_a_patch_is_a_list_of_json_patch_operations(make_client: MakeClient) -> None:
    server = Server()
    call(make_client(server), "patch_resource", "Patient", "123", PATCH)
    assert body(server.last) == PATCH
    assert server.last.headers["content-type"].startswith("application/json-patch+json")


@pytest.mark.parametrize(
    "answer",
    [reply(204), reply(200, {"resourceType": "OperationOutcome", "issue": []})],
    ids=["204", "200"],
)
def test_delete_resource_returns_none(make_client: MakeClient, answer: object) -> None:
    server = Server(answer)
    assert call(make_client(server), "delete_resource", "Patient", "123") is None
    assert (server.last.method, path(server.last)) == ("DELETE", "fhir/R4/Patient/123")


def test_an_update_needs_a_type_and_an_id(make_client: MakeClient) -> None:
    server = Server()
    client = make_client(server)
    for resource in ({"resourceType": "Patient"}, {"id": "123"}, Patient(active=True)):
        with pytest.raises(ValueError, match=r"\S"):
            call(client, "update_resource", resource)
    assert server.requests == []


def test_an_empty_201_works_with_as_fhir(make_client: MakeClient) -> None:
    place = {"Location": "https://medplum.test/fhir/R4/Patient/123/_history/1"}
    client = make_client(Server(reply(201, headers=place), PATIENT))
    result = call(client, "create_resource", DICT, as_fhir=Patient)
    assert result is None or type(result) is Patient


@pytest.mark.parametrize(
    "wrong", [{"active": "yes"}, {"birth_date": "01/15/1990"}, {"birthDate": "01/15/1990"}]
)
def test_models_refuse_wrong_types_and_dates(wrong: dict[str, str]) -> None:
    with pytest.raises(pydantic.ValidationError):
        Patient(**wrong)


def test_a_patient_without_elements_is_valid_r4() -> None:
    assert Patient().model_dump() == {"resourceType": "Patient"}


def test_a_typed_read_keeps_properties_of_a_newer_server(make_client: MakeClient) -> None:
    newer = {**PATIENT, "newProperty": "x"}
    patient = call(make_client(Server(newer)), "read_resource", "Patient", "123", as_fhir=Patient)
    assert patient.model_dump() == newer


def test_a_read_has_no_body(make_client: MakeClient) -> None:
    server = Server()
    call(make_client(server), "read_resource", "Patient", "123")
    assert server.last.content == b""


BAD_IDS = ["", ".", "..", "a/b", "../Practitioner", "a?b=c", "a#b", "%2e%2e", "a b", "x\n"]
BY_ID = {
    "read_resource": lambda bad: ("Patient", bad),
    "vread_resource": lambda bad: ("Patient", "123", bad),
    "update_resource": lambda bad: ({"resourceType": "Patient", "id": bad},),
    "patch_resource": lambda bad: ("Patient", bad, PATCH),
    "delete_resource": lambda bad: ("Patient", bad),
    "expunge_resource": lambda bad: ("Patient", bad),
    "execute_operation": lambda bad: ("Patient", "everything", bad),
    "download_binary": lambda bad: (bad,),
    "export_ccda": lambda bad: (bad,),
    "read_bot": lambda bad: (bad,),
    "delete_bot": lambda bad: (bad,),
    "get_async_job_status": lambda bad: (bad,),
}


@pytest.mark.parametrize("bad", BAD_IDS)
@pytest.mark.parametrize("name", BY_ID)
def test_a_bad_id_never_reaches_a_url(make_client: MakeClient, name: str, bad: str) -> None:
    server = Server()
    with pytest.raises(ValueError, match=r"\S"):
        call(make_client(server), name, *BY_ID[name](bad))
    assert server.requests == []


@pytest.mark.parametrize("bad", [bad for bad in BAD_IDS if bad])
@pytest.mark.parametrize(
    "name", ["read_resource", "search_resources", "create_resource", "execute_operation"]
)
def test_a_bad_type_never_reaches_a_url(make_client: MakeClient, name: str, bad: str) -> None:
    server = Server()
    arguments = {
        "read_resource": (bad, "123"),
        "search_resources": (bad,),
        "create_resource": ({"resourceType": bad},),
        "execute_operation": (bad, "everything"),
    }
    with pytest.raises(ValueError, match=r"\S"):
        call(make_client(server), name, *arguments[name])
    assert server.requests == []


@pytest.mark.parametrize("bad", ["", "..", "a/b", "a?b"])
def test_a_bad_operation_name_never_reaches_a_url(make_client: MakeClient, bad: str) -> None:
    server = Server()
    with pytest.raises(ValueError, match=r"\S"):
        call(make_client(server), "execute_operation", "Patient", bad)
    assert server.requests == []


@pytest.mark.parametrize("name", ["update_resource", "patch_resource", "delete_resource"])
def test_a_412_is_a_precondition_failure(make_client: MakeClient, name: str) -> None:
    client = make_client(Server(reply(412)))
    arguments = {**CALLS, "delete_resource": ("Patient", "123")}
    with pytest.raises(PreconditionFailedError):
        call(client, name, *arguments[name], headers={"If-Match": 'W/"1"'})

"""Operations, GraphQL and documents as the server answers them."""

import pytest
from live_calls import LiveClient, Requests

from pymedplum import BadRequestError, NotFoundError, ValidationError
from pymedplum.fhir import Bundle, Observation
from tests.medplum_server.process import MedplumServer

GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"
BOT_CODE = "exports.handler = async (medplum, event) => ({ given: event.input.given });"
IMPLEMENTATION = "https://medplum.com/fhir/StructureDefinition/operationDefinition-implementation"


def test_the_dollar_sign_is_never_encoded(client: LiveClient, requests: Requests) -> None:
    patient = client.create()
    client("operations.patient_everything", patient["id"])
    client("execute_operation", "Patient", "everything", patient["id"])
    client("execute_operation", "Patient", "$everything", patient["id"], method="GET")
    client("execute_operation", None, "versions", method="GET")
    client("expand_valueset", GENDER)
    client("export_ccda", patient["id"])
    client("bulk.start_export")
    client("get", f"fhir/R4/Patient/{patient['id']}/$everything")
    sent = requests.targets()[1:]
    assert all("/$" in f"/{target.split()[1]}" for target in sent)
    assert not any("%24" in target for target in sent)


def test_an_encoded_dollar_sign_is_not_found(client: LiveClient) -> None:
    patient = client.create()
    with pytest.raises(NotFoundError):
        client("get", f"fhir/R4/Patient/{patient['id']}/%24everything")


@pytest.mark.parametrize("types", [["Observation"], ["Observation", "Condition"]])
def test_everything_takes_one_type_or_several(client: LiveClient, types: list[str]) -> None:
    patient = client.create()
    subject = {"reference": f"Patient/{patient['id']}"}
    observation = client.create("Observation", subject=subject)
    bundle = client("operations.patient_everything", patient["id"], type=types, as_fhir=Bundle)
    found = [entry.resource for entry in bundle.entry or []]
    assert [type(each) for each in found] == [Observation]
    assert found[0].id == observation["id"]


@pytest.mark.parametrize("given", [{"_type": "Observation"}, {"_type": ("A", "B")}])
def test_everything_by_get_with_a_joined_type_is_refused(
    client: LiveClient, given: dict[str, object]
) -> None:
    patient = client.create()
    with pytest.raises(ValidationError):
        client("execute_operation", "Patient", "everything", patient["id"], given, method="GET")


def test_everything_by_get_with_a_repeated_type_is_answered(client: LiveClient) -> None:
    patient = client.create()
    given = {"_type": ["Observation", "Patient"]}
    bundle = client(
        "execute_operation", "Patient", "everything", patient["id"], given, method="GET"
    )
    assert [entry["resource"]["id"] for entry in bundle["entry"]] == [patient["id"]]


def test_a_group_export_finds_its_group(client: LiveClient) -> None:
    patient = client.create()
    member = [{"entity": {"reference": f"Patient/{patient['id']}"}}]
    group = client.create("Group", type="person", actual=True, member=member)
    client.create()
    job = client("bulk.start_group_export", group["id"], type=["Patient"])
    manifest = client("wait_for_async_job", job)
    assert [file["type"] for file in manifest["output"]] == ["Patient"]


def test_validate_sends_the_bare_resource_and_a_refusal_is_a_result(client: LiveClient) -> None:
    good = client("validate_resource", {"resourceType": "Patient", "active": True})
    assert good["issue"][0]["code"] == "informational"
    bad = client("validate_resource", {"resourceType": "Patient", "active": "yes"})
    assert bad["issue"][0]["severity"] == "error"


def test_expanding_an_unknown_value_set_is_refused(client: LiveClient) -> None:
    with pytest.raises(ValidationError):
        client("expand_valueset", "http://nobody.example/vs")


def test_csv_has_all_resources_whatever_the_count(client: LiveClient) -> None:
    for _ in range(3):
        client.create()
    text = client("operations.search_csv", "Patient", fields=["id", "name"], query={"_count": 1})
    assert len(text.splitlines()) == 4
    assert text.splitlines()[0] == '"id","name"'


def test_csv_takes_a_search(client: LiveClient) -> None:
    client.create(active=False)
    wanted = client.create(active=True)
    text = client("operations.search_csv", "Patient", fields=["id"], query={"active": True})
    assert text.splitlines() == ['"id"', f'"{wanted["id"]}"']


def test_a_ccda_document_is_text(client: LiveClient, requests: Requests) -> None:
    patient = client.create()
    document = client("export_ccda", patient["id"])
    assert document.startswith("<?xml")
    assert requests.fhir()[-1]["headers"]["accept"].startswith("application/cda+xml")


def test_graphql_errors_of_fields_come_beside_the_data(client: LiveClient) -> None:
    patient = client.create()
    missing = "99999999-9999-4999-8999-999999999999"
    fields = (
        f'{name}: Patient(id: "{each}") {{ id }}'
        for name, each in {"good": patient["id"], "bad": missing}.items()
    )
    query = f"{{ {' '.join(fields)} }}"
    answer = client("execute_graphql", query)
    assert answer["data"]["good"]["id"] == patient["id"]
    assert answer["errors"]


def test_a_graphql_query_that_is_invalid_is_a_validation_error(client: LiveClient) -> None:
    with pytest.raises(ValidationError):
        client("execute_graphql", "{ Nonsense { id } }")
    found = client(
        "execute_graphql",
        "query($id: ID!) { Patient(id: $id) { id } }",
        {"id": client.create()["id"]},
    )
    assert found["data"]["Patient"]["id"]


def test_a_custom_operation_runs_its_bot(client: LiveClient) -> None:
    bot = client("create_bot", "echo")
    client("deploy_bot", bot["id"], BOT_CODE)
    client.create(
        "OperationDefinition",
        name="Echo",
        status="active",
        kind="operation",
        code="echo",
        system=True,
        type=False,
        instance=False,
        extension=[{"url": IMPLEMENTATION, "valueReference": {"reference": f"Bot/{bot['id']}"}}],
    )
    assert client("execute_operation", None, "echo", params={"given": 5}) == {"given": 5}


def test_parameters_are_wrapped_with_their_types(client: LiveClient) -> None:
    given = {"url": GENDER, "filter": "fem", "count": 5}
    found = client("execute_operation", "ValueSet", "expand", params=given, wrap_params=True)
    assert [each["code"] for each in found["expansion"]["contains"]] == ["female"]


def test_an_unknown_operation_is_not_found(client: LiveClient) -> None:
    with pytest.raises(NotFoundError):
        client("execute_operation", "Patient", "nonsense")


def test_accounts_are_set_and_counted(client: LiveClient) -> None:
    patient = client.create()
    account = f"Organization/{client.create('Organization', name='Clinic')['id']}"
    answer = client("set_accounts", f"Patient/{patient['id']}", account)
    assert answer["parameter"] == [{"name": "resourcesUpdated", "valueInteger": 1}]
    stored = client("read_resource", "Patient", patient["id"])["meta"]
    assert stored["accounts"] == [{"reference": account}]
    assert stored["account"] == {"reference": account}


def test_a_bot_that_fails_is_a_bad_request(client: LiveClient, server: MedplumServer) -> None:
    bot = client("create_bot", "broken")
    with pytest.raises(BadRequestError):
        client("execute_bot", bot["id"], {})
    client("deploy_bot", bot["id"], "exports.handler = async () => { throw new Error('x') };")
    with pytest.raises(ValidationError):
        client("execute_bot", bot["id"], {})
    assert server.control("counters")["byStatus"]["400"] == 2

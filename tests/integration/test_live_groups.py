"""The methods of the groups for clinical operations, agents, terminology and the server itself."""

from typing import Any

import pytest
from live_calls import LiveClient, ids_of

from pymedplum import NotFoundError
from pymedplum.fhir import CapabilityStatement, MeasureReport
from tests.medplum_server.process import MedplumServer

PROFILE = "http://hl7.org/fhir/StructureDefinition/Patient"
GENDER = "http://hl7.org/fhir/administrative-gender"
GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"
ANSWER = {"linkId": "1", "text": "weight", "answer": [{"valueInteger": 70}]}
RESPONSE = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [ANSWER]}
CLAIM = {
    "resourceType": "Claim",
    "status": "active",
    "use": "claim",
    "type": {"text": "t"},
    "created": "2026-01-01",
    "patient": {"reference": "Patient/1"},
    "provider": {"reference": "Practitioner/1"},
    "priority": {"text": "normal"},
    "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/1"}}],
}


def _create(client: LiveClient, resource: dict[str, Any]) -> str:
    return str(client("create_resource", resource)["id"])


def test_a_patient_has_everything_and_a_summary(client: LiveClient) -> None:
    patient = client.create()
    client.create("Observation", subject={"reference": f"Patient/{patient['id']}"})
    everything = client("operations.patient_everything", patient["id"], count=1)
    assert ids_of(everything) == [patient["id"]]
    assert len(client("operations.patient_everything", patient["id"])["entry"]) == 2
    document = client("operations.patient_summary", patient["id"], start="2020-01-01")
    assert (document["type"], document["entry"][0]["resource"]["title"]) == (
        "document",
        "Medical Summary",
    )


def test_measures_plans_and_charges_are_evaluated(client: LiveClient) -> None:
    measure = _create(client, {"resourceType": "Measure", "status": "active"})
    period = {"period_start": "2026-01-01", "period_end": "2026-02-01"}
    report = client("operations.evaluate_measure", measure, **period, as_fhir=MeasureReport)
    assert report.period.start == "2026-01-01"
    patient = f"Patient/{client.create()['id']}"
    plan = _create(
        client, {"resourceType": "PlanDefinition", "status": "active", "action": [{"title": "a"}]}
    )
    care = client("operations.apply_plan_definition", plan, subject=[patient])
    assert (care["resourceType"], care["subject"]["reference"]) == ("CarePlan", patient)
    definition = _create(
        client, {"resourceType": "ChargeItemDefinition", "status": "active", "url": "urn:charge"}
    )
    item = {
        "resourceType": "ChargeItem",
        "status": "planned",
        "code": {"text": "c"},
        "subject": {"reference": patient},
    }
    reference = {"reference": f"ChargeItem/{_create(client, item)}"}
    charge = client("operations.apply_charge_item_definition", definition, charge_item=reference)
    assert charge["resourceType"] == "ChargeItem"


def test_claims_and_answers_are_exported(client: LiveClient) -> None:
    stored = client("operations.export_claim", _create(client, CLAIM))
    given = client("operations.export_given_claim", resource=CLAIM)
    assert {stored["resourceType"], given["resourceType"]} == {"Media"}
    extracted = client("operations.extract_questionnaire_response", _create(client, RESPONSE))
    same = client(
        "operations.extract_given_questionnaire_response", questionnaire_response=RESPONSE
    )
    values = [each["entry"][0]["resource"]["valueInteger"] for each in (extracted, same)]
    assert values == [70, 70]


def test_resources_are_reindexed_and_resent(client: LiveClient) -> None:
    patient = client.create()
    assert client("operations.reindex_resource", "Patient", patient["id"]) is None
    options = {"interaction": "update"}
    assert client("operations.resend_subscriptions", "Patient", patient["id"], options) is None
    with pytest.raises(NotFoundError):
        client("operations.resend_subscriptions", "Patient", "99999999-9999-4999-8999-999999999999")


def test_a_graph_has_the_resource_and_what_it_refers_to(client: LiveClient) -> None:
    patient = client.create()
    subject = {"reference": f"Patient/{patient['id']}"}
    observation = client.create("Observation", subject=subject)
    found = client("operations.resource_graph", "Observation", observation["id"], graph="urn:g")
    assert {patient["id"], observation["id"]} <= set(ids_of(found))


def test_several_types_are_searched_at_once(client: LiveClient) -> None:
    patient = client.create()
    subject = {"reference": f"Patient/{patient['id']}"}
    observation = client.create("Observation", subject=subject)
    found = client("operations.search_types", type=["Patient", "Observation"], count=5)
    assert set(ids_of(found)) == {patient["id"], observation["id"]}
    query = {"_id": observation["id"]}
    found = client("operations.search_types", type=["Patient", "Observation"], query=query)
    assert ids_of(found) == [observation["id"]]


def test_a_subscription_gives_its_binding_token(client: LiveClient) -> None:
    subscription = client.create(
        "Subscription",
        status="active",
        reason="r",
        criteria="Patient",
        channel={"type": "websocket"},
    )
    found = client("operations.get_ws_binding_token", subscription["id"])
    assert [each["name"] for each in found["parameter"]] == ["token", "expiration", "websocket-url"]


def test_a_profile_is_expanded(client: LiveClient) -> None:
    found = client("operations.expand_profile", url=PROFILE)
    assert found["entry"][0]["resource"]["url"] == PROFILE


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("agents.status", "Parameters"),
        ("agents.reload_config", "OperationOutcome"),
        ("agents.upgrade", "OperationOutcome"),
        ("agents.fetch_logs", "Parameters"),
    ],
)
def test_agents_answer(client: LiveClient, method: str, result: str) -> None:
    assert client(method, client.create("Agent")["id"])["resourceType"] == result


def test_agents_are_asked_together(client: LiveClient, server: MedplumServer) -> None:
    agent = client.create("Agent")
    found = client("agents.bulk_status", query={"name": "agent"})
    assert found["entry"][0]["resource"]["parameter"][0]["resource"]["id"] == agent["id"]
    assert client("agents.bulk_status", query="name=nobody").get("entry", []) == []
    bundle = {"resourceType": "Bundle", "type": "collection"}
    for method in ("agents.bulk_reload_config", "agents.bulk_upgrade", "agents.bulk_fetch_logs"):
        server.control("script", {"json": bundle, "path": r"^fhir/R4/Agent/\$.*name=agent"})
        assert client(method, query={"name": "agent"}) == bundle


def test_an_agent_pushes_and_gives_what_it_got(client: LiveClient) -> None:
    agent = client.create("Agent")
    message = {
        "body": "MSH|",
        "content_type": "x-application/hl7-v2+er7",
        "destination": "mllp://x",
    }
    assert client("agents.push", agent["id"], **message)["resourceType"] == "OperationOutcome"
    assert client("agents.push", agent["id"], **message, wait_for_response=True) == "MSH|"


def test_codes_are_looked_up_validated_and_compared(client: LiveClient) -> None:
    found = client("lookup_concept", "female", GENDER)
    assert {"name": "display", "valueString": "Female"} in found["parameter"]
    for valid, code in ((True, "female"), (False, "nonsense")):
        in_set = client("validate_valueset_code", GENDERS, code=code, system=GENDER)
        in_system = client("validate_codesystem_code", GENDER, code=code)
        assert (in_set.is_valid, bool(in_system)) == (valid, valid)
    same = client("terminology.subsumes", code_a="female", code_b="female", system=GENDER)
    assert same["parameter"] == [{"name": "outcome", "valueCode": "equivalent"}]


def test_concepts_and_mappings_are_imported(client: LiveClient) -> None:
    elements = {"status": "active", "content": "complete", "url": "urn:codes"}
    client.create("CodeSystem", **elements)
    concept = [{"code": "a", "display": "A"}, {"code": "b"}]
    imported = client("terminology.import_code_system", system="urn:codes", concept=concept)
    assert [each["code"] for each in imported["concept"]] == ["a", "b"]
    client.create("ConceptMap", status="active", url="urn:map", sourceUri="urn:s")
    codings = [{"system": "urn:codes", "code": "a"}, {"system": "urn:other", "code": "x"}]
    mapping = [{"source": codings[0], "target": codings[1]}]
    client("terminology.import_concept_map", url="urn:map", mapping=mapping)
    translated = client("translate_concept", "a", "urn:codes", "urn:map")
    match = translated["parameter"][1]["part"][1]["valueCoding"]
    assert match == codings[1]


def test_the_server_describes_itself(client: LiveClient, server: MedplumServer) -> None:
    assert client("server.health")["ok"] is True
    assert client("server.versions")["default"] == "4.0"
    assert client("server.metadata")["fhirVersion"] == "4.0.1"
    assert client("server.openapi")["openapi"].startswith("3.")
    assert client("server.jwks") == {"keys": []}
    assert client("server.smart_styles") == {}
    for method in ("server.openid_configuration", "server.oauth_configuration"):
        assert client(method)["token_endpoint"] == f"{server.base_url}oauth2/token"
    assert client("server.smart_configuration")["capabilities"]
    assert client("server.protected_resource")["resource"] == f"{server.base_url}fhir/R4"


def test_its_capability_statement_is_read_into_a_model(client: LiveClient) -> None:
    statement = client("server.metadata", as_fhir=CapabilityStatement)
    assert statement.fhir_version == "4.0.1"


def test_texts_are_kept_by_their_keys(client: LiveClient) -> None:
    text = 'plain "text", 5 µg\n'
    assert client("keyvalue.put", "last-run", text) is None
    assert client("keyvalue.get", "last-run") == text
    assert client("keyvalue.delete", "last-run") is None
    with pytest.raises(NotFoundError):
        client("keyvalue.get", "last-run")


def test_mail_is_sent(client: LiveClient, server: MedplumServer) -> None:
    message = {"to": "ann@example.com", "subject": "Hi", "text": "Hi Ann"}
    assert client("email.send", message) is None
    assert server.control("mails") == [message]


def test_decision_support_is_asked(client: LiveClient) -> None:
    assert client("cds.services") == {"services": []}
    service = {"hook": "patient-view", "title": "Names", "description": "Says the name."}
    bot = client.create("Bot", cdsService=service)
    client("deploy_bot", bot["id"], "exports.handler = async () => ({ cards: [] });")
    assert client("cds.services") == {"services": [{"id": bot["id"], **service}]}
    request = {"hook": "patient-view", "hookInstance": "1", "context": {"patientId": "2"}}
    assert client("cds.call", bot["id"], request) == {"cards": []}


def test_expunging_forgets_the_history_too(client: LiveClient) -> None:
    patient = client.create()
    client.create("Observation", subject={"reference": f"Patient/{patient['id']}"})
    job = client("expunge_resource", "Patient", patient["id"], everything=True)
    assert client("wait_for_async_job", job)["status"] == "completed"
    assert client("search_one", "Observation") is None
    with pytest.raises(NotFoundError):
        client("resource_history", "Patient", patient["id"])
    other = client.create()
    client("expunge_resource", "Patient", other["id"])
    with pytest.raises(NotFoundError):
        client("read_resource", "Patient", other["id"])

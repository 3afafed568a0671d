"""Operations and binaries on the embedded server behave as Medplum's."""

from typing import Any

import httpx
import pytest
from embedded_requests import ASYNC, PATIENT, UNKNOWN_ID, create, finish, parameters, text_of

from tests.medplum_server.process import MedplumServer


def test_an_encoded_dollar_is_not_found(http: httpx.Client) -> None:
    assert http.get("fhir/R4/Patient/%24csv").status_code == 404
    assert http.get(f"fhir/R4/Patient/{UNKNOWN_ID}/$unknown").status_code == 404


def test_everything_wants_a_repeated_type(http: httpx.Client) -> None:
    patient = create(http)
    create(
        http,
        {
            "resourceType": "Condition",
            "subject": {"reference": f"Patient/{patient['id']}"},
        },
    )
    url = f"fhir/R4/Patient/{patient['id']}/$everything"
    assert len(http.get(url).json()["entry"]) == 2
    assert http.get(f"{url}?_type=Condition").status_code == 400
    assert http.get(f"{url}?_type=Condition,Patient").status_code == 400
    assert len(http.get(f"{url}?_type=Condition&_type=Patient").json()["entry"]) == 2
    one_type = parameters(_type={"valueCode": "Condition"})
    assert len(http.post(url, json=one_type).json()["entry"]) == 1
    assert http.get(f"{url}?_count=1").json()["link"][0]["relation"] == "next"


def test_documents_of_a_patient(http: httpx.Client) -> None:
    url = f"fhir/R4/Patient/{create(http)['id']}"
    summary = http.get(f"{url}/$summary").json()
    assert (summary["type"], summary["entry"][0]["resource"]["resourceType"]) == (
        "document",
        "Composition",
    )
    ccda = http.get(f"{url}/$ccda-export")
    assert ccda.headers["Content-Type"] == "application/cda+xml"
    assert ccda.text.startswith("<?xml")


def test_validate_wants_the_bare_resource(http: httpx.Client) -> None:
    assert text_of(http.post("fhir/R4/Patient/$validate", json=PATIENT)) == "All OK"
    wrapped = parameters(resource={"resource": PATIENT})
    assert http.post("fhir/R4/Patient/$validate", json=wrapped).status_code == 400
    wrong = {**PATIENT, "bogus": 1}
    assert http.post("fhir/R4/Patient/$validate", json=wrong).status_code == 400


def test_csv_has_a_line_for_each_resource(http: httpx.Client) -> None:
    create(http)
    create(http)
    response = http.get("fhir/R4/Patient/$csv?_fields=id,name&_count=1")
    assert response.headers["Content-Type"] == "text/csv"
    assert len(response.text.splitlines()) == 3


def test_published_value_sets_expand(http: httpx.Client) -> None:
    url = "http://hl7.org/fhir/ValueSet/observation-status"
    expansion = http.get("fhir/R4/ValueSet/$expand", params={"url": url, "filter": "fin"}).json()
    assert [c["code"] for c in expansion["expansion"]["contains"]] == ["final"]
    assert http.get("fhir/R4/ValueSet/$expand?url=https://example.com/x").status_code == 400
    query = {"url": url, "code": "final"}
    checked = http.get("fhir/R4/ValueSet/$validate-code", params=query).json()
    assert checked["parameter"][0] == {"name": "result", "valueBoolean": True}


def test_stored_terminology_is_looked_up_and_translated(http: httpx.Client) -> None:
    system = "https://example.com/codes"
    tree = [{"code": "a", "display": "A", "concept": [{"code": "b", "display": "B"}]}]
    code_system = {
        "resourceType": "CodeSystem",
        "status": "active",
        "content": "complete",
        "url": system,
        "name": "Codes",
        "concept": tree,
    }
    create(http, code_system)
    lookup = http.get("fhir/R4/CodeSystem/$lookup", params={"system": system, "code": "b"}).json()
    assert {"name": "display", "valueString": "B"} in lookup["parameter"]
    query = {"system": system, "codeA": "a", "codeB": "b"}
    subsumed = http.get("fhir/R4/CodeSystem/$subsumes", params=query).json()
    assert subsumed["parameter"] == [{"name": "outcome", "valueCode": "subsumes"}]
    added = parameters(
        system={"valueUri": system}, concept={"valueCoding": {"code": "c", "display": "C"}}
    )
    assert http.post("fhir/R4/CodeSystem/$import", json=added).status_code == 200
    target = {"code": "z", "equivalence": "equivalent"}
    element = [{"code": "c", "target": [target]}]
    concept_map = {
        "resourceType": "ConceptMap",
        "status": "active",
        "url": "https://example.com/map",
        "group": [{"source": system, "target": "https://example.com/z", "element": element}],
    }
    create(http, concept_map)
    query = {"url": "https://example.com/map", "system": system, "code": "c"}
    translated = http.get("fhir/R4/ConceptMap/$translate", params=query).json()
    assert translated["parameter"][0] == {"name": "result", "valueBoolean": True}


def test_a_deployed_bot_executes(http: httpx.Client) -> None:
    identifier = [{"system": "s", "value": "greeter"}]
    bot = create(http, {"resourceType": "Bot", "name": "greeter", "identifier": identifier})
    code = """
        exports.handler = async (medplum, event) => {
            if (event.input.fail) { throw new Error('told to fail'); }
            const made = await medplum.createResource({resourceType: 'Patient'});
            return {hello: event.input.name, id: made.id};
        };
    """
    url = f"fhir/R4/Bot/{bot['id']}"
    assert http.post(f"{url}/$execute", json={}).status_code == 400
    http.post(f"{url}/$deploy", json={"code": code, "filename": "index.js"}).raise_for_status()
    assert http.post(f"{url}/$execute", json={"name": "x"}).json()["hello"] == "x"
    assert http.get("fhir/R4/Bot/$execute?identifier=s|greeter&name=y").json()["hello"] == "y"
    failed = http.post(f"{url}/$execute", json={"fail": True})
    assert (failed.status_code, text_of(failed)) == (400, "told to fail")
    job = finish(http, http.post(f"{url}/$execute", json={"fail": True}, headers=ASYNC))
    assert job["status"] == "completed"
    assert job["output"]["parameter"][0]["resource"]["resourceType"] == "OperationOutcome"
    definition = {
        "resourceType": "OperationDefinition",
        "status": "active",
        "kind": "operation",
        "name": "Greet",
        "code": "greet",
        "system": True,
        "type": False,
        "instance": False,
        "extension": [
            {
                "url": "https://medplum.com/fhir/StructureDefinition/operationDefinition-implementation",
                "valueReference": {"reference": f"Bot/{bot['id']}"},
            }
        ],
    }
    create(http, definition)
    assert http.post("fhir/R4/$greet", json={"name": "z"}).json()["hello"] == "z"


def test_a_secret_is_rotated(server: MedplumServer, http: httpx.Client) -> None:
    url = f"fhir/R4/ClientApplication/{server.client_id}/$rotate-secret"
    body = parameters(secret={"valueString": server.client_secret})
    rotated = http.post(url, json=body).json()
    assert rotated["retiringSecret"] == server.client_secret
    assert rotated["secret"] != server.client_secret
    assert server.access_token()  # the retiring secret still works
    assert http.post(url, json=body).status_code == 400


AGENT = {"resourceType": "Agent", "name": "a", "status": "active"}
SUBSCRIPTION = {
    "resourceType": "Subscription",
    "status": "active",
    "reason": "x",
    "criteria": "Patient",
    "channel": {"type": "websocket"},
}
ANSWERED = {
    "resourceType": "QuestionnaireResponse",
    "status": "completed",
    "item": [{"linkId": "q", "answer": [{"valueString": "x"}]}],
}
YEAR = parameters(periodStart={"valueDate": "2020"}, periodEnd={"valueDate": "2021"})
SUBJECT = parameters(subject={"valueString": f"Patient/{UNKNOWN_ID}"})


@pytest.mark.parametrize(
    ("resource", "operation", "body"),
    [
        (AGENT, "$status", None),
        (AGENT, "$reload-config", {}),
        (AGENT, "$fetch-logs", {}),
        ({"resourceType": "Project", "name": "p"}, "$clone", {"name": "copy"}),
        ({"resourceType": "Measure", "status": "active"}, "$evaluate-measure", YEAR),
        ({"resourceType": "PlanDefinition", "status": "active"}, "$apply", SUBJECT),
        (SUBSCRIPTION, "$get-ws-binding-token", None),
        (ANSWERED, "$extract", None),
    ],
)
def test_other_operations_answer(
    http: httpx.Client, resource: dict[str, Any], operation: str, body: object
) -> None:
    stored = create(http, resource)
    url = f"fhir/R4/{stored['resourceType']}/{stored['id']}/{operation}"
    response = http.get(url) if body is None else http.post(url, json=body)
    assert response.is_success, response.text
    assert response.json()["resourceType"]


def test_system_and_type_operations_answer(http: httpx.Client) -> None:
    assert http.get("fhir/R4/$versions").json()["default"] == "4.0"
    made = http.post("fhir/R4/Project/$init", json=parameters(name={"valueString": "new"}))
    assert (made.status_code, made.json()["name"]) == (201, "new")
    url = "http://hl7.org/fhir/StructureDefinition/Patient"
    expanded = http.get("fhir/R4/StructureDefinition/$expand-profile", params={"url": url})
    assert expanded.json()["entry"][0]["resource"]["url"] == url


def test_binaries_give_back_their_bytes(server: MedplumServer, http: httpx.Client) -> None:
    content = bytes(range(256))
    owner = {"X-Security-Context": f"Patient/{UNKNOWN_ID}", "Content-Type": "image/png"}
    written = http.post("fhir/R4/Binary", content=content, headers=owner)
    binary = written.json()
    assert written.status_code == 201
    assert binary["securityContext"]["reference"] == f"Patient/{UNKNOWN_ID}"
    url = f"fhir/R4/Binary/{binary['id']}"
    raw = http.get(url, headers={"Accept": "application/json"})
    assert (raw.content, raw.headers["Content-Type"]) == (content, "image/png")
    described = http.get(url, headers={"Accept": "application/fhir+json, */*"}).json()
    assert described["resourceType"] == "Binary"
    assert httpx.get(binary["url"], trust_env=False).content == content
    photo = [{"contentType": "image/png", "url": f"Binary/{binary['id']}"}]
    assert create(http, photo=photo)["photo"][0]["url"].startswith(server.storage_url)


def test_a_binary_may_be_larger_than_other_bodies(http: httpx.Client) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    written = http.post("fhir/R4/Binary", content=b"x" * 3_000_000, headers=headers)
    assert written.status_code == 201


def test_executable_binaries_are_refused(http: httpx.Client) -> None:
    script = {"Content-Type": "text/javascript"}
    plain = {"Content-Type": "text/plain"}
    assert http.post("fhir/R4/Binary", content=b"x", headers=script).status_code == 400
    named = http.post("fhir/R4/Binary?_filename=x.exe", content=b"x", headers=plain)
    assert named.status_code == 400

"""What the documents say about FHIR operations, accounts and terminology."""

from datetime import date, datetime, timezone
from decimal import Decimal

import pytest
from api_calls import MakeClient, Server, body, call, parameters, path, query, reply

from pymedplum.fhir import Coding, Parameters, Patient, Quantity

RESULT = {"resourceType": "Parameters", "parameter": [{"name": "result", "valueBoolean": True}]}
REFUSED = {"resourceType": "Parameters", "parameter": [{"name": "result", "valueBoolean": False}]}
ACCOUNTS = ["Organization/org-456", "Practitioner/prac-789"]
PLACES = [
    (("Patient", "match"), "fhir/R4/Patient/$match"),
    (("Patient", "everything", "patient-123"), "fhir/R4/Patient/patient-123/$everything"),
    (("", "versions"), "fhir/R4/$versions"),
    ((None, "versions"), "fhir/R4/$versions"),
]
KINDS = [
    (True, {"valueBoolean": True}),
    (10, {"valueInteger": 10}),
    ("text", {"valueString": "text"}),
    (Decimal("1.5"), {"valueDecimal": 1.5}),
    (date(2024, 1, 2), {"valueDate": "2024-01-02"}),
    (Coding(code="x"), {"valueCoding": {"code": "x"}}),
    (Quantity(value=5, unit="mg"), {"valueQuantity": {"value": 5, "unit": "mg"}}),
    (Patient(active=True), {"resource": {"resourceType": "Patient", "active": True}}),
]


@pytest.mark.parametrize(("what", "where"), PLACES)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_an_operation_has_its_place_and_a_plain_dollar(
    make_client: MakeClient, what: tuple[str, ...], where: str, method: str
) -> None:
    server = Server(RESULT)
    assert call(make_client(server), "execute_operation", *what, method=method) == RESULT
    assert (server.last.method, path(server.last)) == (method, where)


def test_an_operation_posts_by_default(make_client: MakeClient) -> None:
    server = Server(RESULT)
    call(make_client(server), "execute_operation", "Patient", "match", params=RESULT)
    assert (server.last.method, body(server.last)) == ("POST", RESULT)


def test_get_sends_parameters_in_the_query(make_client: MakeClient) -> None:
    server = Server(RESULT)
    params = {"code": "12345", "system": "http://loinc.org"}
    client = make_client(server)
    call(client, "execute_operation", "CodeSystem", "lookup", params=params, method="GET")
    assert query(server.last) == {"code": ["12345"], "system": ["http://loinc.org"]}
    assert server.last.content == b""


def test_an_operation_takes_headers_and_gives_a_model(make_client: MakeClient) -> None:
    server = Server(RESULT)
    options = {"headers": {"X-Custom": "yes"}, "as_fhir": Parameters}
    result = call(make_client(server), "execute_operation", "Patient", "match", **options)
    assert type(result) is Parameters
    assert server.last.headers["x-custom"] == "yes"


@pytest.mark.parametrize(("value", "member"), KINDS, ids=[next(iter(m)) for _, m in KINDS])
def test_wrap_params_keeps_the_kind_of_a_value(
    make_client: MakeClient, value: object, member: dict[str, object]
) -> None:
    server = Server(RESULT)
    what = ("execute_operation", "Patient", "custom-operation", None, {"x": value})
    call(make_client(server), *what, wrap_params=True)
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "x", **member}]}
    assert body(server.last) == wrapped


def test_wrap_params_writes_an_instant_as_fhir_text(make_client: MakeClient) -> None:
    server = Server(RESULT)
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    what = ("execute_operation", "Patient", "custom-operation", None, {"x": moment})
    call(make_client(server), *what, wrap_params=True)
    (entry,) = body(server.last)["parameter"]
    assert datetime.fromisoformat(entry["valueDateTime"].replace("Z", "+00:00")) == moment


def test_wrap_params_keeps_the_order(make_client: MakeClient) -> None:
    server = Server(RESULT)
    params = {"onlyCertainMatches": True, "count": 10}
    what = ("execute_operation", "Patient", "custom-operation")
    call(make_client(server), *what, params=params, wrap_params=True)
    assert [entry["name"] for entry in body(server.last)["parameter"]] == list(params)


@pytest.mark.parametrize("refs", [ACCOUNTS, ACCOUNTS[0]], ids=["several", "one"])
def test_set_accounts_sends_references(make_client: MakeClient, refs: str | list[str]) -> None:
    server = Server(RESULT)
    assert call(make_client(server), "set_accounts", "Patient/123", refs) == RESULT
    assert (server.last.method, path(server.last)) == ("POST", "fhir/R4/Patient/123/$set-accounts")
    wanted = [{"reference": ref} for ref in ([refs] if isinstance(refs, str) else refs)]
    assert parameters(server.last)["accounts"] == wanted
    assert parameters(server.last).get("propagate") in (None, ["false"])


@pytest.mark.parametrize("propagate", [True, False])
@pytest.mark.parametrize("prefer_async", [True, False])
def test_prefer_async_takes_effect_only_with_propagate(
    make_client: MakeClient, *, propagate: bool, prefer_async: bool
) -> None:
    server = Server(RESULT)
    options = {"propagate": propagate, "prefer_async": prefer_async}
    call(make_client(server), "set_accounts", "Patient/123", ACCOUNTS[0], **options)
    wanted = "respond-async" if propagate and prefer_async else None
    assert server.last.headers.get("prefer") == wanted
    assert (parameters(server.last).get("propagate") == ["true"]) is propagate


@pytest.mark.parametrize("bad", ["", "123", "Patient/", "/123", "Patient/..", "Patient/1/2"])
def test_set_accounts_needs_a_reference(make_client: MakeClient, bad: str) -> None:
    server = Server()
    with pytest.raises(ValueError, match=r"\S"):
        call(make_client(server), "set_accounts", bad, ACCOUNTS[0])
    assert server.requests == []


CODING = {"system": "http://loinc.org", "code": "8867-4"}
EXPAND = {
    "valueset_url": ("url", "http://example.org/v"),
    "filter": ("filter", "diabetes"),
    "offset": ("offset", 0),
    "count": ("count", 20),
    "include_designations": ("includeDesignations", True),
    "active_only": ("activeOnly", False),
    "exclude_nested": ("excludeNested", True),
    "exclude_not_for_ui": ("excludeNotForUI", True),
    "exclude_post_coordinated": ("excludePostCoordinated", True),
    "display_language": ("displayLanguage", "de"),
    "property": ("property", ["a", "b"]),
}
LOOKUP = {
    "code": ("code", "8867-4"),
    "system": ("system", "http://loinc.org"),
    "version": ("version", "2"),
    "date": ("date", "2024-01-01"),
    "display_language": ("displayLanguage", "de"),
    "property": ("property", ["parent", "child"]),
}
TRANSLATE = {
    "code": ("code", "final"),
    "system": ("system", "http://example.org/s"),
    "conceptmap_url": ("url", "http://example.org/m"),
    "version": ("conceptMapVersion", "3"),
    "source": ("source", "http://example.org/a"),
    "target": ("target", "http://example.org/b"),
    "target_system": ("targetsystem", "http://example.org/t"),
    "reverse": ("reverse", True),
}
VALIDATE = {
    "valueset_url": ("url", "http://example.org/v"),
    "code": ("code", "final"),
    "system": ("system", "http://example.org/s"),
    "display": ("display", "Final"),
    "abstract": ("abstract", True),
}
TERMINOLOGY = [
    ("expand_valueset", "ValueSet/$expand", EXPAND),
    ("lookup_concept", "CodeSystem/$lookup", LOOKUP),
    ("translate_concept", "ConceptMap/$translate", TRANSLATE),
    ("validate_valueset_code", "ValueSet/$validate-code", VALIDATE),
]


@pytest.mark.parametrize(("name", "where", "table"), TERMINOLOGY, ids=[t[0] for t in TERMINOLOGY])
def test_terminology_parameters_have_fhirs_names(
    make_client: MakeClient, name: str, where: str, table: dict[str, tuple[str, object]]
) -> None:
    server = Server(RESULT)
    call(make_client(server), name, **{key: value for key, (_, value) in table.items()})
    assert path(server.last) == f"fhir/R4/{where}"
    wanted = {
        fhir: value if isinstance(value, list) else [str(value).lower()]
        for fhir, value in table.values()
    }
    found = parameters(server.last)
    assert {k: [v.lower() for v in found[k]] for k in found} == {
        k: [v.lower() for v in wanted[k]] for k in wanted
    }


@pytest.mark.parametrize(
    ("name", "options", "where"),
    [
        ("expand_valueset", {"valueset_id": "v"}, "ValueSet/v/$expand"),
        ("lookup_concept", {"code": "1", "codesystem_id": "c"}, "CodeSystem/c/$lookup"),
        ("translate_concept", {"code": "1", "conceptmap_id": "m"}, "ConceptMap/m/$translate"),
        ("validate_valueset_code", {"valueset_id": "v", "code": "1"}, "ValueSet/v/$validate-code"),
        (
            "validate_codesystem_code",
            {"codesystem_id": "c", "code": "1"},
            "CodeSystem/c/$validate-code",
        ),
    ],
)
def test_an_id_names_a_specific_resource(
    make_client: MakeClient, name: str, options: dict[str, str], where: str
) -> None:
    server = Server(RESULT)
    call(make_client(server), name, **options)
    assert path(server.last) == f"fhir/R4/{where}"


@pytest.mark.parametrize("name", ["validate_valueset_code", "translate_concept"])
def test_a_coding_is_sent_whole(make_client: MakeClient, name: str) -> None:
    server = Server(RESULT)
    call(make_client(server), name, coding=CODING)
    assert parameters(server.last)["coding"] == [CODING]


@pytest.mark.parametrize("name", ["validate_valueset_code", "validate_codesystem_code"])
@pytest.mark.parametrize(("answer", "is_valid"), [(RESULT, True), (REFUSED, False)])
def test_a_validation_is_true_or_false_and_still_gives_the_parameters(
    make_client: MakeClient, name: str, answer: dict[str, object], *, is_valid: bool
) -> None:
    result = call(make_client(Server(answer)), name, "http://example.org/v", code="final")
    assert bool(result) is is_valid
    assert result["parameter"] == answer["parameter"]
    assert result.get("resourceType") == "Parameters"


def test_a_ccda_is_given_as_text(make_client: MakeClient) -> None:
    xml = "<ClinicalDocument>é</ClinicalDocument>"
    kind = {"Content-Type": "application/cda+xml"}
    server = Server(reply(200, xml.encode(), headers=kind))
    assert call(make_client(server), "export_ccda", patient_id="patient-123") == xml
    assert path(server.last) == "fhir/R4/Patient/patient-123/$ccda-export"

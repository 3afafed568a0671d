"""What the documents say about batches, transactions, GraphQL and the bundle wrapper."""

import pytest
from api_calls import FHIR, PATIENT, MakeClient, Server, body, call, issue, page, path

from pymedplum import BundleEntryError, FHIRBundle
from pymedplum.fhir import Bundle, Organization, Patient

NEW = {"resourceType": "Patient", "active": True}
POST = {"method": "POST", "url": "Patient"}
ENTRIES = [{"resource": NEW, "request": POST}, {"request": {"method": "GET", "url": "Patient/1"}}]
BATCH = {"resourceType": "Bundle", "type": "batch", "entry": ENTRIES}
ANSWER = {
    "resourceType": "Bundle",
    "type": "batch-response",
    "entry": [
        {"response": {"status": "201 Created", "location": "Patient/9/_history/1"}},
        {"response": {"status": "200"}, "resource": PATIENT},
        {"response": {"status": "404", "outcome": issue("not-found", diagnostics="Smithson")}},
    ],
}
ORG = "Organization/org-456"


@pytest.mark.parametrize("as_model", [False, True], ids=["dict", "model"])
def test_a_batch_is_posted_to_the_fhir_base(make_client: MakeClient, *, as_model: bool) -> None:
    server = Server(ANSWER)
    given = Bundle.model_validate(BATCH) if as_model else BATCH
    assert call(make_client(server), "execute_batch", given) == ANSWER
    assert (server.last.method, path(server.last).rstrip("/")) == ("POST", "fhir/R4")
    assert body(server.last) == BATCH


@pytest.mark.parametrize("given", [{}, {"type": "transaction"}], ids=["missing", "given"])
def test_the_type_of_a_transaction_is_added_where_it_is_missing(
    make_client: MakeClient, given: dict[str, str]
) -> None:
    server = Server(ANSWER)
    bundle = {"resourceType": "Bundle", "entry": ENTRIES, **given}
    call(make_client(server), "execute_transaction", bundle)
    assert body(server.last) == {**BATCH, "type": "transaction"}
    assert "type" not in bundle or given


@pytest.mark.parametrize("name", ["execute_batch", "execute_transaction"])
def test_accounts_are_set_on_each_entry_with_a_resource(make_client: MakeClient, name: str) -> None:
    server = Server(ANSWER)
    kind = name.removeprefix("execute_")
    call(make_client(server), name, {**BATCH, "type": kind}, accounts=[ORG])
    first, second = body(server.last)["entry"]
    assert first["resource"]["meta"]["accounts"] == [{"reference": ORG}]
    assert second == ENTRIES[1]
    assert "meta" not in NEW


def test_graphql_is_posted_with_its_variables(make_client: MakeClient) -> None:
    answer = {"data": {"Patient": {"id": "123"}}, "errors": [{"message": "no"}]}
    server = Server(answer)
    text = "query GetPatient($id: ID!) { Patient(id: $id) { id } }"
    assert call(make_client(server), "execute_graphql", text, {"id": "123"}) == answer
    assert (server.last.method, path(server.last)) == ("POST", "fhir/R4/$graphql")
    assert body(server.last) == {"query": text, "variables": {"id": "123"}}


def test_a_conditional_batch_creates_what_does_not_exist(make_client: MakeClient) -> None:
    answer = {
        "resourceType": "Bundle",
        "type": "batch-response",
        "entry": [
            {"response": {"status": "201"}, "resource": {**PATIENT, "id": "new"}},
            {"response": {"status": "200"}, "resource": PATIENT},
            {"response": {"status": "412", "outcome": issue("multiple-matches")}},
        ],
    }
    server = Server(answer)
    pairs = [(NEW, "identifier=1"), (Patient(active=True), "?identifier=2"), (NEW, "identifier=3")]
    result = call(make_client(server), "conditional_create_batch", pairs, accounts=ORG)
    assert [[r.index for r in g] for g in (result.created, result.existed, result.failed)] == [
        [0],
        [1],
        [2],
    ]
    assert result.ok is False
    sent = body(server.last)
    assert sent["type"] == "batch"
    requests = [entry["request"] for entry in sent["entry"]]
    assert requests == [{**POST, "ifNoneExist": f"identifier={i}"} for i in (1, 2, 3)]
    assert sent["entry"][0]["resource"]["meta"]["accounts"] == [{"reference": ORG}]


def test_a_conditional_batch_is_sent_in_chunks(make_client: MakeClient) -> None:
    created = {"response": {"status": "201"}, "resource": PATIENT}
    two, one = ({"resourceType": "Bundle", "entry": [created] * size} for size in (2, 1))
    server = Server(two, one)
    pairs = [(NEW, f"identifier={i}") for i in range(3)]
    result = call(make_client(server), "conditional_create_batch", pairs, chunk_size=2)
    assert [len(body(request)["entry"]) for request in server.requests] == [2, 1]
    assert [entry.index for entry in result.created] == [0, 1, 2]
    assert result.ok is True


def test_an_empty_conditional_batch_sends_nothing(make_client: MakeClient) -> None:
    server = Server()
    result = call(make_client(server), "conditional_create_batch", [])
    assert (list(result.created), result.ok, server.requests) == ([], True, [])


ORGANIZATION = {"resourceType": "Organization", "id": "org", "name": "Clinic"}
SEARCH = {**page(PATIENT, ORGANIZATION, following=f"{FHIR}Patient?_offset=2"), "total": 40}


def test_a_bundle_gives_its_resources() -> None:
    bundle = FHIRBundle(SEARCH)
    assert list(bundle) == bundle.get_resources() == [PATIENT, ORGANIZATION]
    assert bundle.get_resources(max_resources=2) == [PATIENT, ORGANIZATION]
    assert len(bundle) == 2
    assert bundle
    assert not bundle.is_empty()


def test_a_bundle_gives_typed_resources_and_skips_other_types() -> None:
    assert [type(r) for r in FHIRBundle(SEARCH).get_resources_typed(Patient)] == [Patient]
    names = [r.name for r in FHIRBundle(SEARCH).get_resources_typed(Organization)]
    assert names == ["Clinic"]


def test_a_bundle_gives_its_links_and_total() -> None:
    bundle = FHIRBundle(SEARCH)
    assert bundle.raw == SEARCH
    assert bundle.link == SEARCH["link"]
    assert bundle.get_next_link() == f"{FHIR}Patient?_offset=2"
    assert (bundle.total, bundle.get_total()) == (40, 40)


def test_an_empty_bundle_is_false() -> None:
    bundle = FHIRBundle({"resourceType": "Bundle", "type": "searchset"})
    assert bundle.is_empty()
    assert not bundle
    assert (len(bundle), list(bundle)) == (0, [])
    assert (bundle.get_next_link(), bundle.total) == (None, None)


def test_a_bundle_gives_the_results_of_its_entries() -> None:
    created, read, missing = FHIRBundle(ANSWER).entry_results()
    assert (created.index, created.status_code, created.ok) == (0, 201, True)
    assert (created.resource_id, created.resource) == ("9", None)
    assert (read.resource_id, read.resource) == ("123", PATIENT)
    assert (missing.index, missing.status_code, missing.ok) == (2, 404, False)
    assert missing.outcome["issue"][0]["code"] == "not-found"


def test_a_bundle_parts_what_worked_from_what_failed() -> None:
    worked, failed = FHIRBundle(ANSWER).partition()
    assert ([r.index for r in worked], [r.index for r in failed]) == ([0, 1], [2])
    assert [r.index for r in FHIRBundle(ANSWER).failures()] == [2]


def test_failed_entries_raise_on_request_without_what_the_server_said() -> None:
    with pytest.raises(BundleEntryError) as caught:
        FHIRBundle(ANSWER).raise_for_entry_errors()
    assert "Smithson" not in f"{caught.value} {caught.value!r}"
    assert "Smithson" not in str(caught.value.sanitize_for_logging())
    FHIRBundle({**ANSWER, "entry": ANSWER["entry"][:2]}).raise_for_entry_errors()

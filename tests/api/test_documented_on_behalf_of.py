"""What the documents say about on-behalf-of: call, then block, then client, then nothing."""

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor

import pytest
from api_calls import (
    CREDENTIALS,
    OBO,
    PATIENT,
    Client,
    MakeClient,
    Server,
    call,
    reply,
    run,
)
from api_facts import read_methods

from pymedplum import NotFoundError
from pymedplum.fhir import ProjectMembership

CALL, BLOCK, DEFAULT = (f"ProjectMembership/{name}" for name in ("call", "block", "default"))
READ = ("read_resource", "Patient", "123")
PRECEDENCE = [
    # per call, block, client, what is sent
    (None, None, None, None),
    (None, None, DEFAULT, DEFAULT),
    (None, BLOCK, None, BLOCK),
    (None, BLOCK, DEFAULT, BLOCK),
    (CALL, None, None, CALL),
    (CALL, None, DEFAULT, CALL),
    (CALL, BLOCK, None, CALL),
    (CALL, BLOCK, DEFAULT, CALL),
    ("", None, None, None),
    ("", None, DEFAULT, None),
    ("", BLOCK, None, None),
    ("", BLOCK, DEFAULT, None),
]
ARGUMENTS = {
    "create_resource": ({"resourceType": "Patient"},),
    "create_resource_if_none_exist": ({"resourceType": "Patient"}, "identifier=1"),
    "read_resource": ("Patient", "123"),
    "vread_resource": ("Patient", "123", "1"),
    "update_resource": (PATIENT,),
    "patch_resource": ("Patient", "123", [{"op": "remove", "path": "/active"}]),
    "delete_resource": ("Patient", "123"),
    "search_resources": ("Patient",),
    "search_one": ("Patient",),
    "search_resource_pages": ("Patient",),
    "search_with_options": ("Patient",),
    "execute_batch": ({"resourceType": "Bundle", "type": "batch", "entry": [{}]},),
    "execute_transaction": ({"resourceType": "Bundle", "type": "transaction", "entry": [{}]},),
    "execute_graphql": ("{ x }",),
    "get": ("x",),
    "post": ("x", {}),
    "put": ("x", {}),
    "delete": ("x",),
    "set_accounts": ("Patient/123", "Organization/1"),
    "get_async_job_status": ("1",),
    "wait_for_async_job": ("1",),
    "upload_binary": (b"x", "text/plain"),
    "download_binary": ("1",),
    "export_ccda": ("1",),
    "expand_valueset": ("http://example.org/v",),
    "lookup_concept": ("1", "http://loinc.org"),
    "translate_concept": ("1", "http://loinc.org"),
    "execute_operation": ("Patient", "everything", "123"),
    "create_document_reference": ("1", "2", "text/plain", "title"),
    "expunge_resource": ("Patient", "123"),
    "read_bot": ("1",),
    "update_bot": ({"resourceType": "Bot", "id": "1", "name": "b"},),
    "delete_bot": ("1",),
    "list_bots": (),
    "deploy_bot": ("1", "code"),
    "execute_bot": ("1", {}),
    "validate_valueset_code": ("http://example.org/v", None, "1"),
    "validate_codesystem_code": ("http://loinc.org", None, "1"),
    "invite_user": ("1", "Patient", "A", "B", "a@example.com"),
}
ANSWER = {**PATIENT, "status": "completed"}
SEARCHSET = {"resourceType": "Bundle", "type": "searchset"}
SEARCHES = {name for name in ARGUMENTS if name.startswith("search")} | {"list_bots"}


def answering(name: str) -> Server:
    return Server(SEARCHSET if name in SEARCHES else ANSWER)


def header(server: Server) -> str | None:
    return server.last.headers.get(OBO)


@pytest.mark.parametrize(("per_call", "block", "default", "sent"), PRECEDENCE)
def test_the_precedence_is_fixed(
    make_client: MakeClient,
    per_call: str | None,
    block: str | None,
    default: str | None,
    sent: str | None,
) -> None:
    server = Server()
    client = make_client(server, default_on_behalf_of=default)
    if block is None:
        call(client, *READ, on_behalf_of=per_call)
    else:
        with client.on_behalf_of(block):
            call(client, *READ, on_behalf_of=per_call)
    assert header(server) == sent


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_method_that_reaches_the_server_sends_it(make_client: MakeClient, name: str) -> None:
    server = answering(name)
    call(make_client(server), name, *ARGUMENTS[name], on_behalf_of=CALL)
    assert {request.headers.get(OBO) for request in server.requests} == {CALL}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_method_uses_the_ambient_one(make_client: MakeClient, name: str) -> None:
    server = answering(name)
    client = make_client(server)
    with client.on_behalf_of(BLOCK):
        call(client, name, *ARGUMENTS[name])
    assert {request.headers.get(OBO) for request in server.requests} == {BLOCK}


def test_the_table_above_names_documented_methods() -> None:
    assert ARGUMENTS.keys() <= read_methods().keys()


def test_leaving_a_block_restores_the_prior_one(make_client: MakeClient) -> None:
    server = Server(reply(404), PATIENT)
    client = make_client(server, default_on_behalf_of=DEFAULT)
    with client.on_behalf_of("ProjectMembership/outer"):
        with pytest.raises(NotFoundError), client.on_behalf_of("ProjectMembership/inner"):
            call(client, *READ)
        call(client, *READ)
    call(client, *READ)
    sent = [request.headers.get(OBO) for request in server.requests]
    assert sent == ["ProjectMembership/inner", "ProjectMembership/outer", DEFAULT]


@pytest.mark.parametrize("make_client", ["async"], indirect=True)
def test_async_with_works_on_the_async_client(make_client: MakeClient) -> None:
    server = Server()
    client = make_client(server)

    async def use() -> None:
        async with client.on_behalf_of(BLOCK):
            await client.read_resource("Patient", "123")
        assert header(server) == BLOCK
        await client.read_resource("Patient", "123")

    run(use())
    assert header(server) is None


@pytest.mark.parametrize("as_model", [False, True], ids=["bare id", "model"])
def test_a_membership_is_an_id_or_a_resource(make_client: MakeClient, *, as_model: bool) -> None:
    server = Server()
    client = make_client(server)
    reference = {"reference": "Practitioner/1"}
    model = ProjectMembership(id="abc", project=reference, user=reference, profile=reference)
    with client.on_behalf_of(model if as_model else "abc"):
        call(client, *READ)
    assert header(server) == "ProjectMembership/abc"


def test_two_clients_never_see_each_others_state(make_client: MakeClient) -> None:
    first, second = Server(), Server()
    one, other = make_client(first), make_client(second)
    with one.on_behalf_of("ProjectMembership/one"):
        call(other, *READ)
        with other.on_behalf_of("ProjectMembership/other"):
            call(one, *READ)
            call(other, *READ)
    assert [request.headers.get(OBO) for request in first.requests] == ["ProjectMembership/one"]
    sent = [request.headers.get(OBO) for request in second.requests]
    assert sent == [None, "ProjectMembership/other"]


def test_a_block_and_a_default_leave_the_token_request_alone(make_client: MakeClient) -> None:
    server = Server()
    client = make_client(server, **CREDENTIALS)
    with client.on_behalf_of(BLOCK):
        call(client, *READ)
    assert OBO not in server.token_requests[0].headers


@pytest.mark.parametrize("make_client", ["async"], indirect=True)
def test_tasks_that_share_a_client_see_only_their_own_block(make_client: MakeClient) -> None:
    server = Server()
    client = make_client(server)

    async def read(name: str) -> None:
        with client.on_behalf_of(f"ProjectMembership/{name}"):
            await asyncio.sleep(0)
            await client.read_resource("Patient", name)
            await asyncio.sleep(0)

    async def together() -> None:
        await asyncio.gather(*(read(name) for name in "abc"))

    run(together())
    sent = {request.url.path[-1]: request.headers[OBO][-1] for request in server.requests}
    assert sent == {"a": "a", "b": "b", "c": "c"}


def read_in_thread(client: Client, *, copied: bool) -> None:
    with ThreadPoolExecutor(1) as pool, client.on_behalf_of(BLOCK):
        if copied:
            pool.submit(
                contextvars.copy_context().run, client.read_resource, "Patient", "1"
            ).result()
        else:
            pool.submit(client.read_resource, "Patient", "1").result()


@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize("make_client", ["sync"], indirect=True)
def test_threads_see_a_block_only_in_a_copied_context(
    make_client: MakeClient, *, copied: bool
) -> None:
    server = Server()
    client = make_client(server)
    read_in_thread(client, copied=copied)
    assert header(server) == (BLOCK if copied else None)


@pytest.mark.parametrize("make_client", ["sync"], indirect=True)
def test_to_thread_propagates_a_block(make_client: MakeClient) -> None:
    server = Server()
    client = make_client(server)

    async def use() -> None:
        with client.on_behalf_of(BLOCK):
            await asyncio.to_thread(client.read_resource, "Patient", "1")

    run(use())
    assert header(server) == BLOCK

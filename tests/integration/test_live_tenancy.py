"""Signing in, acting on behalf of others, and what accounts and modes show."""

import asyncio
import threading
from typing import Any

import pytest
from live_calls import LiveClient, MakeClient, Requests, run

from pymedplum import AuthorizationError, NotFoundError, ValidationError
from tests.medplum_server.process import MedplumServer

UNKNOWN_ID = "99999999-9999-4999-8999-999999999999"
HEADER = "x-medplum-on-behalf-of"


def _login(client: LiveClient, server: MedplumServer, who: str) -> dict[str, Any]:
    person = {"email": server.users[who], "password": server.users["password"]}
    step: dict[str, Any] = client("auth.login", {**person, "scope": "openid"})
    return step


def test_a_person_with_one_membership_gets_a_code(
    client: LiveClient, server: MedplumServer
) -> None:
    step = _login(client, server, "admin")
    assert step["code"]
    with pytest.raises(ValidationError):
        client("auth.login", {"email": server.users["admin"], "password": "wrong"})


def test_a_person_with_two_memberships_chooses_a_profile(
    client: LiveClient, server: MedplumServer
) -> None:
    step = _login(client, server, "doctor")
    assert "code" not in step
    ids = {each["id"] for each in step["memberships"]}
    assert ids == {server.membership_ids["doctor"], server.membership_ids["nurse"]}
    choice = {"login": step["login"], "profile": server.membership_ids["nurse"]}
    assert client("auth.choose_profile", choice)["code"]


def test_me_describes_the_session(client: LiveClient, server: MedplumServer) -> None:
    me = client("auth.me")
    assert me["project"]["id"] == server.project_id
    assert me["membership"]["id"] == server.membership_ids["client"]


@pytest.mark.parametrize("spelling", ["{}", "ProjectMembership/{}"])
def test_a_write_on_behalf_of_a_membership_is_recorded(
    client: LiveClient, server: MedplumServer, requests: Requests, spelling: str
) -> None:
    membership = server.membership_ids["doctor"]
    patient = {"resourceType": "Patient"}
    stored = client("create_resource", patient, on_behalf_of=spelling.format(membership))
    assert requests.fhir()[-1]["headers"][HEADER] == f"ProjectMembership/{membership}"
    assert stored["meta"]["onBehalfOf"]["reference"] == server.profiles["doctor"]


def test_a_profile_may_be_acted_for_too(client: LiveClient, server: MedplumServer) -> None:
    profile = server.profiles["nurse"]
    stored = client("create_resource", {"resourceType": "Patient"}, on_behalf_of=profile)
    assert stored["meta"]["onBehalfOf"]["reference"] == profile


def test_an_unknown_profile_is_forbidden_and_an_unknown_membership_not_found(
    client: LiveClient,
) -> None:
    with pytest.raises(AuthorizationError):
        client("search_resources", "Patient", on_behalf_of=f"Practitioner/{UNKNOWN_ID}")
    with pytest.raises(NotFoundError):
        client("search_resources", "Patient", on_behalf_of=UNKNOWN_ID)


def test_only_admins_act_for_others(client_of: MakeClient, server: MedplumServer) -> None:
    client = client_of()
    invited = client("admin.create_client", {"name": "other"}, project_id=server.project_id)
    other = client_of(client_id=invited["id"], client_secret=invited["secret"])
    assert other("search_resources", "Patient")["type"] == "searchset"
    with pytest.raises(AuthorizationError):
        other("search_resources", "Patient", on_behalf_of=server.membership_ids["doctor"])


def test_the_calls_word_wins_over_the_context_and_that_over_the_default(
    client_of: MakeClient, server: MedplumServer, requests: Requests
) -> None:
    ids = server.membership_ids
    client = client_of(default_on_behalf_of=ids["admin"])
    client("search_resources", "Patient")
    with client.acting_for(ids["doctor"]):
        client("search_resources", "Patient")
        client("search_resources", "Patient", on_behalf_of=ids["nurse"])
        client("search_resources", "Patient", on_behalf_of="")
        with client.acting_for(""):
            client("search_resources", "Patient")
    client("search_resources", "Patient")
    sent = [each["headers"].get(HEADER, "").removeprefix("ProjectMembership/") for each in
            requests.fhir()]  # fmt: skip
    assert sent == [ids["admin"], ids["doctor"], ids["nurse"], "", "", ids["admin"]]


def test_pages_keep_acting_for_whom_they_began(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    for _ in range(3):
        client.create()
    with client.acting_for(server.membership_ids["doctor"]):
        pages = client.inner.search_resource_pages("Patient", page_size=1)
    found = run(_all(pages)) if client.is_async else list(pages)
    assert len(found) == 3
    actors = {each["headers"].get(HEADER) for each in requests.fhir()[3:]}
    assert actors == {f"ProjectMembership/{server.membership_ids['doctor']}"}


async def _all(pages: Any) -> list[Any]:
    return [each async for each in pages]


def test_clients_tasks_and_threads_act_for_themselves(
    client_of: MakeClient, server: MedplumServer
) -> None:
    client, other = client_of(), client_of()
    names = ["admin", "doctor", "nurse"] * 4

    def sync_write(name: str) -> str:
        with client.inner.on_behalf_of(server.membership_ids[name]):
            assert "onBehalfOf" not in other.create()["meta"]
            return str(client.create()["meta"]["onBehalfOf"]["reference"])

    async def async_write(name: str) -> str:
        async with client.inner.on_behalf_of(server.membership_ids[name]):
            await asyncio.sleep(0)
            plain = await other.inner.create_resource({"resourceType": "Patient"})
            assert "onBehalfOf" not in plain["meta"]
            stored = await client.inner.create_resource({"resourceType": "Patient"})
            return str(stored["meta"]["onBehalfOf"]["reference"])

    async def together() -> list[str]:
        return list(await asyncio.gather(*map(async_write, names)))

    found = run(together()) if client.is_async else _in_threads(sync_write, names)
    assert found == [server.profiles[name] for name in names]


def _in_threads(write: Any, names: list[str]) -> list[str]:
    found = [""] * len(names)

    def store(place: int) -> None:
        found[place] = write(names[place])

    threads = [threading.Thread(target=store, args=(place,)) for place in range(len(names))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return found


def test_admin_writes_in_extended_mode_keep_account_and_accounts_in_step(
    client_of: MakeClient,
) -> None:
    client, plain = client_of(), client_of(extended=False)
    account = f"Organization/{client.create('Organization', name='Clinic')['id']}"
    reference = {"reference": account}
    kept = client("create_resource", {"resourceType": "Patient"}, accounts=account)
    assert kept["meta"]["account"] == reference
    assert kept["meta"]["accounts"] == [reference]
    seen = plain("create_resource", {"resourceType": "Patient"}, accounts=account)
    assert seen["meta"]["accounts"] == [reference]
    assert "account" not in seen["meta"]

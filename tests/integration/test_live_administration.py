"""Administration: projects, members, clients, bots, access, and people's own settings."""

from typing import Any

import pytest
from live_calls import LiveClient, MakeClient, Requests

from pymedplum import AuthenticationError, NotFoundError, make_project_membership_access
from pymedplum.fhir import ProjectMembership
from tests.medplum_server.process import MedplumServer

POLICY = "AccessPolicy/60000000-0000-4000-8000-000000000001"
POLICY_IDS = {"60000000-0000-4000-8000-000000000001"}
PERSON = {"firstName": "Ann", "lastName": "Ode", "email": "ann@example.com"}
CODE = "exports.handler = async (medplum, event) => ({ given: event.input });"
DONE = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "ok"}]}


@pytest.fixture
def client(client_of: MakeClient, server: MedplumServer) -> LiveClient:
    return client_of(project_id=server.project_id)


def test_a_project_is_read_with_its_members(client: LiveClient, server: MedplumServer) -> None:
    details = client("admin.read_project")
    assert details["project"]["id"] == server.project_id
    assert {each["id"] for each in details["members"]} == set(server.membership_ids.values())


def test_a_project_must_be_named_somewhere(client_of: MakeClient) -> None:
    with pytest.raises(ValueError, match="project_id"):
        client_of()("admin.read_project")


def test_a_member_is_invited_read_changed_and_removed(client: LiveClient) -> None:
    invited = client(
        "admin.invite", {"resourceType": "Practitioner", **PERSON}, as_fhir=ProjectMembership
    )
    assert isinstance(invited, ProjectMembership)
    read = client("admin.read_member", invited.id)
    changed = client("admin.update_member", invited.id, {**read, "admin": True})
    assert changed["admin"] is True
    assert client("admin.delete_member", invited.id) is None
    with pytest.raises(NotFoundError):
        client("admin.read_member", invited.id)


def test_a_person_is_invited_with_a_password_and_signs_in(
    client: LiveClient, server: MedplumServer
) -> None:
    membership = client(
        "invite_user",
        server.project_id,
        "Practitioner",
        PERSON["firstName"],
        PERSON["lastName"],
        PERSON["email"],
        password="a-password",
        send_email=False,
        membership={"externalId": "e1"},
    )
    assert membership["resourceType"] == "ProjectMembership"
    step = client("auth.login", {"email": PERSON["email"], "password": "a-password"})
    assert step["code"]


def test_bots_and_clients_are_made_by_the_project(client: LiveClient) -> None:
    assert client("admin.create_bot", {"name": "echo"})["resourceType"] == "Bot"
    made = client("admin.create_client", {"name": "service"})
    assert made["secret"]


def test_secrets_and_sites_are_set(client: LiveClient) -> None:
    secrets = [{"name": "key", "valueString": "hush"}]
    assert client("admin.update_secrets", secrets)["resourceType"] == "OperationOutcome"
    sites = [{"name": "site", "domain": ["example.com"]}]
    assert client("admin.update_sites", sites)["resourceType"] == "OperationOutcome"
    project = client("admin.read_project")["project"]
    assert (project["secret"], project["site"]) == (secrets, sites)


def test_projects_are_made_and_cloned(client: LiveClient, server: MedplumServer) -> None:
    owner = {"reference": "User/50000000-0000-4000-8000-000000000001"}
    made = client("admin.init_project", name="new", owner=owner)
    assert (made["name"], made["owner"]) == ("new", owner)
    copy = client("admin.clone_project", server.project_id, {"name": "copy"})
    assert (copy["resourceType"], copy["name"]) == ("Project", "copy")


def test_a_secret_is_rotated_and_the_old_one_retires(
    client: LiveClient, client_of: MakeClient
) -> None:
    made = client("admin.create_client", {"name": "service"})
    rotated = client("admin.rotate_client_secret", made["id"], secret=made["secret"])
    assert rotated["secret"] != made["secret"]
    for secret in (made["secret"], rotated["secret"]):
        client_of(client_id=made["id"], client_secret=secret)("search_one", "Patient")
    client("admin.rotate_client_secret", made["id"], retiring_secret=made["secret"])
    with pytest.raises(AuthenticationError):
        client_of(client_id=made["id"], client_secret=made["secret"])("search_one", "Patient")


def test_the_address_of_a_user_is_changed(client: LiveClient) -> None:
    user = "50000000-0000-4000-8000-000000000001"
    changed = client("admin.update_user_email", user, email="new@example.com")
    assert changed["email"] == "new@example.com"


def test_a_password_is_set_for_a_member(client: LiveClient, server: MedplumServer) -> None:
    server.control("script", {"json": DONE, "method": "POST", "path": "^admin/projects/setpass"})
    given = {"email": server.users["admin"], "password": "another"}
    assert client("admin.set_password", given) is None


def test_people_keep_their_own_settings(client: LiveClient, server: MedplumServer) -> None:
    assert client("auth.mfa_status") == {"enrolled": False}
    token = {"token": "123456"}
    assert client("auth.enroll_mfa", token) is None
    assert client("auth.disable_mfa", token) is None
    assert client("auth.verify_mfa", {"login": "1", **token})
    change = {"oldPassword": "old", "newPassword": "new"}
    assert client("auth.change_password", change) is None
    assert client("auth.reset_password", {"email": server.users["admin"]}) is None


def test_a_login_has_a_status_and_takes_a_scope(client: LiveClient, server: MedplumServer) -> None:
    person = {"email": server.users["doctor"], "password": server.users["password"]}
    login = client("auth.login", person)["login"]
    assert client("auth.choose_scope", {"login": login, "scope": "openid"})["code"]
    step = {"login": login, "code": "1"}
    server.control("script", {"json": step, "method": "GET", "path": f"^auth/login/{login}$"})
    assert client("auth.login_status", login) == step


def test_a_session_is_introspected_revoked_and_left(client: LiveClient, requests: Requests) -> None:
    assert client("oauth.user_info")["sub"]
    claims = client("oauth.introspect", {"token": client.inner.access_token})
    assert claims["active"] is True
    assert client("auth.revoke", {"loginId": "99999999-9999-4999-8999-999999999999"}) is None
    assert client("oauth.logout") is None
    client("oauth.user_info")  # the session is over: the client gets another token
    assert requests.tokens() == 2


def test_an_application_registers_itself(client: LiveClient) -> None:
    asked = {"redirect_uris": ["http://localhost:8000/callback"]}
    given = client("oauth.register_client", asked)
    assert given["client_id"]
    assert given["client_secret"]


def _stored_access(client: LiveClient, membership: str) -> list[dict[str, Any]]:
    read = client("read_resource", "ProjectMembership", membership)
    access: list[dict[str, Any]] = read.get("access", [])
    return access


def test_managed_access_is_merged_added_and_removed(
    client: LiveClient, server: MedplumServer
) -> None:
    membership = server.membership_ids["doctor"]
    entry = make_project_membership_access(POLICY, {"organization": "Organization/1"})
    other = make_project_membership_access("AccessPolicy/other", {})
    server_entry = client("read_resource", "ProjectMembership", membership)
    client("update_resource", {**server_entry, "access": [other]})
    ids = {"managed_policy_ids": POLICY_IDS}
    first = client("merge_project_membership_access", membership, managed_access=[entry], **ids)
    assert (first.updated, first.managed_count, first.untouched_count) == (True, 1, 1)
    assert (
        client("merge_project_membership_access", membership, managed_access=[entry], **ids).updated
        is False
    )
    added = make_project_membership_access(POLICY, {"organization": "Organization/2"})
    client("add_project_membership_access_entry", membership, added, **ids)
    assert len(_stored_access(client, membership)) == 3
    client("remove_project_membership_access_entry", membership, entry, **ids)
    assert len(_stored_access(client, membership)) == 2
    client("merge_project_membership_access", membership, managed_access=[], **ids)
    assert _stored_access(client, membership) == [other]


def test_access_is_merged_again_when_somebody_was_faster(
    client: LiveClient, server: MedplumServer
) -> None:
    membership = server.membership_ids["doctor"]
    server.control("script", {"status": 412, "json": {}, "method": "PUT"})
    entry = make_project_membership_access(POLICY, {})
    result = client(
        "add_project_membership_access_entry", membership, entry, managed_policy_ids=POLICY_IDS
    )
    assert result.updated
    assert len(_stored_access(client, membership)) == 1
    with pytest.raises(ValueError, match="unrestricted"):
        client(
            "remove_project_membership_access_entry", membership, entry,
            managed_policy_ids=POLICY_IDS,
        )  # fmt: skip


def test_a_bot_lives_its_life(client: LiveClient) -> None:
    bot = client("create_bot", "echo", source_code="// none", runtime_version="vmcontext")
    assert client("read_bot", bot["id"]) == bot
    assert client("update_bot", {**bot, "description": "says it again"})["description"]
    assert client("save_bot_code", bot["id"], "// first")["code"] == "// first"
    stored, deployed = client("save_and_deploy_bot", bot["id"], "// second", CODE)
    assert (stored["code"], deployed["resourceType"]) == ("// second", "OperationOutcome")
    assert client("execute_bot", bot["id"], {"a": [1, None]}) == {"given": {"a": [1, None]}}
    listed = client("list_bots", name="echo")
    assert [each["resource"]["id"] for each in listed["entry"]] == [bot["id"]]
    assert client("delete_bot", bot["id"]) is None
    with pytest.raises(NotFoundError):
        client("read_bot", bot["id"])

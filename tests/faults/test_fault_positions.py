"""One fault at one place: what is repeated, what is reported, and what is stored then."""

import time

import pytest
from fault_calls import PATIENT, Called, number_of_patients, sent, stored

from pymedplum import MedplumError
from tests.medplum_server.process import MedplumServer

KINDS = ["drop", "reset-headers", "500", "502", "503", "504", "hang", "slow"]
KINDS += ["html-error", "html-ok", "empty-error", "incomplete-json"]
EVERYWHERE = [f"{kind}-{when}" for kind in KINDS for when in ("before", "after")]
EVERYWHERE.append("truncate-body")
SLOW = 260  # milliseconds: longer than the client waits
REPEATED = ("drop", "reset", "502", "503", "504", "hang", "slow", "truncate")
QUERY = "identifier=http://example.com/one|1"


def strike(server: MedplumServer, kind: str, method: str) -> None:
    server.control("faults", {"kinds": [kind], "times": 1, "method": method, "slow": SLOW})


def let_slow_ones_end(kind: str) -> None:
    if kind.startswith("slow"):
        time.sleep(SLOW / 1000)


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_a_bare_create_is_sent_once_and_never_denied(
    call: Called, server: MedplumServer, kind: str
) -> None:
    strike(server, kind, "POST")
    with pytest.raises(MedplumError) as caught:
        call("create_resource", PATIENT)
    let_slow_ones_end(kind)
    assert sent(server, "POST") == 1
    assert caught.value.possibly_committed
    expected = kind.startswith("slow") or kind.endswith(("after", "body"))
    assert number_of_patients(server) == expected


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_a_conditional_create_makes_one_resource(
    call: Called, server: MedplumServer, kind: str
) -> None:
    strike(server, kind, "POST")
    identified = {**PATIENT, "identifier": [{"system": "http://example.com/one", "value": "1"}]}
    if kind.startswith(REPEATED):
        made = call("create_resource_if_none_exist", identified, QUERY)
        let_slow_ones_end(kind)
        assert sent(server, "POST") == 2
        assert [e["resource"]["id"] for e in stored(server, "Patient")["entry"]] == [made["id"]]
    else:
        with pytest.raises(MedplumError) as caught:
            call("create_resource_if_none_exist", identified, QUERY)
        assert caught.value.possibly_committed
        assert number_of_patients(server) == kind.endswith("after")


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_a_guarded_update_is_written_once(call: Called, server: MedplumServer, kind: str) -> None:
    made = call("create_resource", PATIENT)
    strike(server, kind, "PUT")
    changed = {**made, "active": False}
    is_written = kind.endswith("after") or kind == "truncate-body"
    if kind.startswith(REPEATED) and not is_written:
        version = call("update_resource", changed)["meta"]["versionId"]
    else:
        with pytest.raises(MedplumError) as caught:
            call("update_resource", changed)
        assert caught.value.possibly_committed
        version = None
    let_slow_ones_end(kind)
    versions = stored(server, f"Patient/{made['id']}/_history")["entry"]
    assert len(versions) == (2 if kind.startswith(REPEATED) or kind.endswith("after") else 1)
    assert version in {None, versions[0]["resource"]["meta"]["versionId"]}


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_a_guarded_patch_is_sent_once(call: Called, server: MedplumServer, kind: str) -> None:
    made = call("create_resource", PATIENT)
    strike(server, kind, "PATCH")
    operations = [{"op": "replace", "path": "/active", "value": False}]
    guard = f'W/"{made["meta"]["versionId"]}"'
    with pytest.raises(MedplumError) as caught:
        call("patch_resource", "Patient", made["id"], operations, if_match=guard)
    assert caught.value.possibly_committed
    assert sent(server, "PATCH") == 1


@pytest.mark.parametrize("kind", ["html-ok-before", "incomplete-json-before"])
def test_a_page_is_not_taken_for_a_deletion(call: Called, server: MedplumServer, kind: str) -> None:
    made = call("create_resource", PATIENT)
    strike(server, kind, "DELETE")
    with pytest.raises(MedplumError) as caught:
        call("delete_resource", "Patient", made["id"])
    assert caught.value.possibly_committed
    assert number_of_patients(server) == 1


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_a_failed_read_is_never_a_possible_write(
    call: Called, server: MedplumServer, kind: str
) -> None:
    server.control("faults", {"kinds": [kind], "method": "GET", "slow": SLOW})
    with pytest.raises(MedplumError) as caught:
        call("read_resource", "Project", server.project_id)
    assert not caught.value.possibly_committed

"""Bulk exports of both clients, over HTTP: what is on the server is in the folder."""

import inspect
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from live_calls import LiveClient, MakeClient, Requests, run

from pymedplum import AsyncJobTimeoutError, BulkExportError
from tests.medplum_server.process import MedplumServer

DIALECTS = ("medplum", "ig")


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest, server: MedplumServer) -> str:
    server.control("config", {"exportDialect": request.param})
    return str(request.param)


def after(result: Any) -> Any:
    """Await what the asynchronous job gives."""
    return run(result) if inspect.isawaitable(result) else result


def lines(paths: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def ids(paths: Any) -> set[str]:
    return {resource["id"] for resource in lines(paths)}


def storage(server: MedplumServer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.control("storage")["requests"]
    return found


def stored(client: LiveClient, number: int = 3) -> set[str]:
    return {client.create()["id"] for _ in range(number)}


@pytest.mark.usefixtures("dialect")
def test_every_resource_comes_once(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    server.control("config", {"exportLinesPerFile": 2, "exportPolls": 3})
    made = stored(client, 5)
    job = client("bulk_export", types=["Patient"])
    files = after(job.download(tmp_path))
    assert len(files.output) == 3
    assert ids(files.output) == made
    assert sum(each.lines for each in files.files) == 5
    assert len(client.clock.sleeps) == 3


@pytest.mark.usefixtures("dialect")
def test_a_group_has_its_members_alone(client: LiveClient, tmp_path: Path) -> None:
    inside, outside = client.create(), client.create()
    member = {"entity": {"reference": f"Patient/{inside['id']}"}}
    group = client.create("Group", type="person", actual=True, member=[member])
    client.create("Observation", subject={"reference": f"Patient/{outside['id']}"})
    seen = client.create("Observation", subject={"reference": f"Patient/{inside['id']}"})
    job = client("bulk_export", f"Group/{group['id']}", types=["Patient", "Observation"])
    files = after(job.download(tmp_path))
    assert ids(files.output) == {inside["id"], seen["id"]}


def test_the_guides_parameters_reach_the_server(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    server.control("config", {"exportDialect": "ig"})
    one, _ = client.create(), client.create()
    final = client.create("Observation", subject={"reference": f"Patient/{one['id']}"})
    draft = {"status": "preliminary", "subject": {"reference": f"Patient/{one['id']}"}}
    client.create("Observation", **draft)
    job = client(
        "bulk_export",
        "Patient",
        types=["Patient", "Observation"],
        type_filter="Observation?status=final",
        patient=one,
    )
    assert ids(after(job.download(tmp_path)).output) == {one["id"], final["id"]}


def test_deletions_and_errors_have_files_of_their_own(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    server.control("config", {"exportDialect": "ig", "exportErrors": 2})
    gone = client.create()
    client("delete_resource", "Patient", gone["id"])
    job = client("bulk_export", types=["Patient"], since="2020-01-01T00:00:00Z")
    files = after(job.download(tmp_path))
    assert [path.parent.name for path in files.deleted + files.error] == ["deleted", "error"]
    assert gone["id"] in files.deleted[0].read_text()
    assert {each["resourceType"] for each in lines(files.error)} == {"OperationOutcome"}


def test_progress_and_pauses_are_the_servers(client: LiveClient, server: MedplumServer) -> None:
    server.control("config", {"exportDialect": "ig", "exportPolls": 2, "exportRetryAfter": 17})
    job = client("bulk_export")
    after(job.wait())
    assert client.clock.sleeps == [17, 17]
    assert job.progress


def test_the_token_never_reaches_the_second_origin(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    stored(client)
    job = client("bulk_export")
    after(job.download(tmp_path, concurrency=2))
    seen = storage(server)
    assert seen
    text = json.dumps(seen)
    assert client.inner.access_token not in text
    names = {name.lower() for each in seen for name in each["headers"]}
    assert not names & {"authorization", "cookie", "x-medplum-on-behalf-of", "x-medplum"}


def test_files_that_need_the_token_come_from_the_server_itself(
    client: LiveClient, server: MedplumServer, requests: Requests, tmp_path: Path
) -> None:
    server.control("config", {"exportToken": True})
    made = stored(client)
    job = client("bulk_export", types=["Patient"])
    assert ids(after(job.download(tmp_path)).output) == made
    assert storage(server) == []
    fetched = [each for each in requests.all() if each["target"].startswith("/storage")]
    assert [each["headers"]["authorization"][:7] for each in fetched] == ["Bearer "]


def test_a_spent_token_is_renewed_for_files(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    server.control("config", {"exportToken": True})
    made = stored(client)
    job = client("bulk_export", types=["Patient"])
    after(job.wait())
    server.control("tokens", {"revoke": True})
    assert ids(after(job.download(tmp_path)).output) == made


def test_files_elsewhere_that_want_the_token_get_nothing(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    server.control("config", {"exportToken": True, "exportElsewhere": True})
    made = stored(client)
    job = client("bulk_export", types=["Patient"])
    with pytest.raises(BulkExportError, match="wants the access token"):
        after(job.download(tmp_path))
    assert storage(server) == []
    origin = server.storage_url.rstrip("/")
    files = after(job.download(tmp_path, trusted_origins=[origin]))
    assert ids(files.output) == made


@pytest.mark.usefixtures("dialect")
def test_links_that_expired_are_renewed_once_for_all(
    client: LiveClient, server: MedplumServer, requests: Requests, tmp_path: Path
) -> None:
    server.control("config", {"exportLinesPerFile": 1, "exportPolls": 0})
    made = stored(client, 8)
    job = client("bulk_export", types=["Patient"])
    after(job.wait())
    server.control("expire-links", {})
    files = after(job.download(tmp_path))
    assert ids(files.output) == made
    polls = [each for each in requests.targets() if "bulkdata" in each]
    assert len(polls) == 2


def test_links_that_are_always_expired_are_given_up(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    server.control("config", {"linkLifetime": -1})
    stored(client)
    job = client("bulk_export", types=["Patient"])
    with pytest.raises(BulkExportError, match="HTTP 403, with fresh links too"):
        after(job.download(tmp_path))


def test_a_store_that_hangs_does_not_hold_up_the_end(
    client_of: MakeClient, server: MedplumServer, tmp_path: Path
) -> None:
    client = client_of(timeout=httpx.Timeout(600.0))
    stored(client)
    job = client("bulk_export", types=["Patient", "Practitioner"])
    after(job.wait())
    server.control("faults", {"origin": "storage", "kinds": ["hang"], "path": "Practitioner"})

    def fail(_: object) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        after(job.download(tmp_path, concurrency=2, progress=fail))
    assert not list(tmp_path.rglob("*.part"))


KINDS = ["drop", "reset-headers", "truncate-body", "429", "500", "503", "403"]


@pytest.mark.parametrize("kind", KINDS)
def test_faults_of_the_store_are_survived(
    client: LiveClient, server: MedplumServer, tmp_path: Path, kind: str
) -> None:
    server.control("config", {"exportLinesPerFile": 2})
    made = stored(client, 6)
    job = client("bulk_export", types=["Patient"])
    after(job.wait())
    server.control("faults", {"origin": "storage", "kinds": [kind], "times": 2})
    files = after(job.download(tmp_path, concurrency=1))
    assert ids(files.output) == made
    assert len(storage(server)) >= 4


def test_half_a_file_that_looks_whole_is_found_by_its_count(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    server.control("config", {"exportCounts": True})
    made = stored(client, 6)
    job = client("bulk_export", types=["Patient"])
    after(job.wait())
    short = {"origin": "storage", "kinds": ["short-body-after"], "times": 1}
    server.control("faults", short)
    assert ids(after(job.download(tmp_path)).output) == made
    assert len(storage(server)) == 2


def test_a_manifest_that_counts_wrongly_is_an_error(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    server.control("config", {"exportCounts": "wrong"})
    stored(client, 2)
    job = client("bulk_export", types=["Patient"])
    with pytest.raises(BulkExportError, match=r"Patient\.000\.ndjson.* 3 lines, and 2 came"):
        after(job.download(tmp_path))
    assert [each.name for each in tmp_path.iterdir()] == ["export.json"]


def test_failures_of_the_status_are_survived(client: LiveClient, server: MedplumServer) -> None:
    stored(client)
    job = client("bulk_export", types=["Patient"])
    faults = {"kinds": ["drop", "429", "503", "html-error"], "times": 6, "path": "bulkdata"}
    server.control("faults", faults)
    assert len(after(job.wait()).output) == 1


def test_an_export_that_fails_says_so(client: LiveClient, server: MedplumServer) -> None:
    server.control("config", {"exportFails": True})
    job = client("bulk_export")
    with pytest.raises(BulkExportError, match="failed on the server: HTTP 500"):
        after(job.wait())
    assert after(job.status()).state == "failed"


def test_an_export_can_be_cancelled(client: LiveClient, dialect: str) -> None:
    job = client("bulk_export")
    after(job.cancel())
    assert after(job.status()).state == "cancelled"
    other = client("attach_bulk_export", job.status_url)
    expected = AsyncJobTimeoutError if dialect == "medplum" else BulkExportError
    with pytest.raises(expected):  # Medplum goes on saying 202
        after(other.wait(deadline=100))


def test_another_process_comes_back_by_the_status_url(
    client_of: MakeClient, tmp_path: Path
) -> None:
    first, second = client_of(), client_of()
    made = stored(first)
    url = first("bulk_export", types=["Patient"]).status_url
    job = second("attach_bulk_export", url)
    assert ids(after(job.download(tmp_path)).output) == made


def test_the_pages_of_a_manifest_are_followed(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    server.control("config", {"exportDialect": "ig", "exportPages": 3, "exportLinesPerFile": 1})
    made = stored(client, 6)
    job = client("bulk_export", types=["Patient"])
    assert ids(after(job.download(tmp_path)).output) == made
    assert len(job.manifest.output) == 6


def test_encoded_files_are_decoded(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    server.control("config", {"exportGzip": "encoding"})
    made = stored(client)
    job = client("bulk_export", types=["Patient"])
    assert ids(after(job.download(tmp_path)).output) == made


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ({"output": [{"type": "../../x", "url": "http://127.0.0.1/"}]}, r"output\[0\]\.type"),
        ({"output": [{"type": "Patient"}]}, r"output\[0\]\.url"),
        ({"output": "none"}, "output"),
        ({"requiresAccessToken": "yes"}, "requiresAccessToken"),
    ],
)
def test_a_wrong_manifest_writes_nothing(
    client: LiveClient, server: MedplumServer, tmp_path: Path, patch: dict[str, Any], said: str
) -> None:
    server.control("config", {"manifestPatch": patch})
    job = client("bulk_export")
    with pytest.raises(BulkExportError, match=said):
        after(job.download(tmp_path / "folder"))
    assert not (tmp_path / "folder").exists()


def test_a_manifest_may_say_more(client: LiveClient, server: MedplumServer, tmp_path: Path) -> None:
    server.control("config", {"manifestPatch": {"extension": {"a": [1]}}})
    job = client("bulk_export")
    after(job.download(tmp_path))
    assert job.manifest.members["extension"] == {"a": [1]}

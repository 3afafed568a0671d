"""The storage origin of the embedded server: links, tokens, files on disk and faults."""

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from embedded_requests import ASYNC, create

from tests.medplum_server.process import MedplumServer, ServerError


def export(
    server: MedplumServer, http: httpx.Client, query: str = "_type=Patient", **config: object
) -> tuple[str, dict[str, Any]]:
    """Export, and return the status URL and the manifest."""
    server.control("config", {"exportPolls": 0, **config})
    kicked = http.get(f"fhir/R4/$export?{query}", headers=ASYNC)
    status = kicked.headers["Content-Location"]
    return status, http.get(status).json()


def fetch(item: dict[str, Any], **headers: str) -> httpx.Response:
    return httpx.get(item["url"], headers=headers, trust_env=False, timeout=5)


def bearer(http: httpx.Client) -> dict[str, str]:
    return {"Authorization": http.headers["Authorization"]}


def test_an_expired_link_is_forbidden_and_a_fresh_manifest_signs_it_anew(
    server: MedplumServer, http: httpx.Client
) -> None:
    create(http)
    status, manifest = export(server, http, expiredManifests=1)
    (old,) = manifest["output"]
    refused = fetch(old)
    assert (refused.status_code, "AccessDenied" in refused.text) == (403, True)
    (fresh,) = http.get(status).json()["output"]
    assert fresh["url"].split("?")[0] == old["url"].split("?")[0]
    assert fetch(fresh).status_code == 200
    server.control("expire-links", {})
    assert fetch(fresh).status_code == 403
    assert fetch(http.get(status).json()["output"][0]).status_code == 200


def test_a_link_cannot_be_prolonged(server: MedplumServer, http: httpx.Client) -> None:
    create(http)
    _, manifest = export(server, http, linkLifetime=-1)
    url = httpx.URL(manifest["output"][0]["url"])
    prolonged = url.copy_merge_params({"Expires": "9999999999"})
    assert httpx.get(prolonged, trust_env=False).status_code == 401


def test_files_that_need_the_token_are_at_the_own_origin(
    server: MedplumServer, http: httpx.Client
) -> None:
    create(http)
    _, manifest = export(server, http, exportToken=True)
    (item,) = manifest["output"]
    assert manifest["requiresAccessToken"] is True
    assert item["url"].startswith(server.base_url)
    assert fetch(item).status_code == 401
    assert fetch(item, **bearer(http)).status_code == 200
    assert server.control("storage") == {"authorized": False, "requests": []}


def test_files_that_need_the_token_may_be_elsewhere(
    server: MedplumServer, http: httpx.Client
) -> None:
    create(http)
    _, manifest = export(server, http, exportToken=True, exportElsewhere=True)
    (item,) = manifest["output"]
    assert manifest["requiresAccessToken"] is True
    assert item["url"].startswith(server.storage_url)
    assert fetch(item).status_code == 401
    assert fetch(item, **bearer(http), **{"X-Mine": "1"}).status_code == 200
    storage = server.control("storage")
    assert storage["authorized"] is True
    without, with_token = storage["requests"]
    assert (without["authorization"], without["status"]) == (None, 401)
    assert with_token["authorization"] == bearer(http)["Authorization"]
    assert with_token["headers"]["x-mine"] == "1"


def test_a_folder_on_disk_is_listed_and_streamed(
    server: MedplumServer, http: httpx.Client, tmp_path: Path
) -> None:
    line = json.dumps({"resourceType": "Patient", "id": "x" * 1000}) + "\n"
    for number in (1, 2, 10):
        (tmp_path / f"Patient.{number}.ndjson").write_text(line * 1000 * number)
    (tmp_path / "Observation.ndjson").write_text("")
    (tmp_path / "notes.txt").write_text("no resource")
    (tmp_path / "counts.json").write_text(json.dumps({"Patient.1.ndjson": 1000}))
    server.control("export-folder", {"folder": str(tmp_path)})
    _, manifest = export(server, http, "")
    names = [item["url"].split("?")[0].rsplit("/", 1)[1] for item in manifest["output"]]
    assert names == [
        "Observation.ndjson",
        "Patient.1.ndjson",
        "Patient.2.ndjson",
        "Patient.10.ndjson",
    ]
    assert [item.get("count") for item in manifest["output"]] == [None, 1000, None, None]
    for name, item in zip(names, manifest["output"], strict=True):
        response = fetch(item, **{"Accept-Encoding": "identity"})
        assert response.content == (tmp_path / name).read_bytes()
        assert int(response.headers["Content-Length"]) == len(response.content)
    _, some = export(server, http, "_type=Observation")
    assert [item["type"] for item in some["output"]] == ["Observation"]
    server.control("export-folder", {"folder": None})
    assert export(server, http, "_type=Observation")[1]["output"] == []


def test_an_unknown_folder_is_refused(server: MedplumServer, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="no such folder"):
        server.control("export-folder", {"folder": str(tmp_path / "missing")})


@pytest.mark.parametrize("is_on_disk", [False, True])
def test_files_are_compressed_for_those_who_accept_it(
    server: MedplumServer,
    http: httpx.Client,
    tmp_path: Path,
    is_on_disk: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    patient = create(http)
    if is_on_disk:
        (tmp_path / "Patient.1.ndjson").write_text(f"{json.dumps(patient)}\n")
        server.control("export-folder", {"folder": str(tmp_path)})
    _, manifest = export(server, http, exportGzip="encoding")
    (item,) = manifest["output"]
    with httpx.stream(
        "GET", item["url"], headers={"Accept-Encoding": "gzip"}, trust_env=False
    ) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        content = gzip.decompress(b"".join(response.iter_raw()))
    plain = fetch(item, **{"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert content == plain.content


@pytest.fixture(params=["memory", "disk"])
def item(
    request: pytest.FixtureRequest, server: MedplumServer, http: httpx.Client, tmp_path: Path
) -> dict[str, Any]:
    """A file of an export, held in memory or on disk."""
    patient = create(http)
    if request.param == "disk":
        (tmp_path / "Patient.1.ndjson").write_text(f"{json.dumps(patient)}\n" * 1000)
        server.control("export-folder", {"folder": str(tmp_path)})
    found: dict[str, Any] = export(server, http)[1]["output"][0]
    return found


@pytest.mark.parametrize("kind", ["drop", "reset-headers", "truncate-body"])
def test_a_fault_may_break_the_connection_to_storage(
    server: MedplumServer, item: dict[str, Any], kind: str
) -> None:
    server.control("faults", {"kinds": [kind], "origin": "storage", "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        fetch(item)
    assert fetch(item).status_code == 200
    assert [line["isWhole"] for line in server.control("storage")["requests"]] == [False, True]


@pytest.mark.parametrize("kind", [403, 429, 503, "empty-error"])
def test_a_fault_may_answer_in_the_place_of_storage(
    server: MedplumServer, item: dict[str, Any], kind: int | str
) -> None:
    fault = {"kinds": [kind], "origin": "storage", "times": 1, "retryAfter": 3}
    server.control("faults", fault)
    struck = fetch(item)
    assert struck.status_code == (500 if kind == "empty-error" else kind)
    assert struck.headers["Retry-After"] == "3"
    assert fetch(item).status_code == 200


def test_a_short_body_passes_for_a_whole_one(server: MedplumServer, item: dict[str, Any]) -> None:
    whole = fetch(item).content
    server.control("faults", {"kinds": ["short-body"], "origin": "storage", "times": 1})
    short = fetch(item)
    assert short.status_code == 200
    assert short.content == whole[: len(whole) // 2]


def test_faults_strike_their_own_origin_alone(
    server: MedplumServer, http: httpx.Client, item: dict[str, Any]
) -> None:
    server.control("faults", {"kinds": [503], "origin": "storage"})
    assert http.get("fhir/R4/Patient").status_code == 200
    assert fetch(item).status_code == 503
    server.control("faults", {"kinds": [503]})
    assert http.get("fhir/R4/Patient").status_code == 503
    assert fetch(item).status_code == 200
    server.control("faults", {"kinds": [503], "origin": "storage", "path": "Observation"})
    assert fetch(item).status_code == 200


def test_polling_may_be_throttled_with_retry_after(
    server: MedplumServer, http: httpx.Client
) -> None:
    status, _ = export(server, http, exportDialect="ig")
    fault = {"kinds": [429], "path": "bulkdata/export", "times": 1, "retryAfter": 2}
    server.control("faults", fault)
    throttled = http.get(status)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "2")
    assert http.get(status).status_code == 200

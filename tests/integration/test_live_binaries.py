"""Binary content up and down."""

import io
from pathlib import Path

import pytest
from live_calls import LiveClient, Requests

from pymedplum import ContentTooLargeError, UnsafeRedirectError, ValidationError
from tests.medplum_server.process import MedplumServer

BYTES = bytes(range(256)) * 10


def _upload(client: LiveClient, content: object = BYTES, kind: str = "image/png") -> str:
    return str(client("upload_binary", content, kind)["id"])


def test_bytes_come_back_as_they_went(client: LiveClient, requests: Requests) -> None:
    assert client("download_binary", _upload(client)) == BYTES
    assert requests.fhir()[-1]["headers"]["accept"] == "*/*"


@pytest.mark.parametrize("kind", ["application/fhir+json", "application/json", "text/plain"])
def test_content_that_looks_like_fhir_comes_back_raw(client: LiveClient, kind: str) -> None:
    content = b'{ "resourceType": "Patient",  "active": true }'
    assert client("download_binary", _upload(client, content, kind)) == content


def test_the_resource_itself_is_read_as_json(client: LiveClient, requests: Requests) -> None:
    binary_id = _upload(client)
    assert client("read_resource", "Binary", binary_id)["contentType"] == "image/png"
    assert requests.fhir()[-1]["headers"]["accept"] == "application/fhir+json"


@pytest.mark.parametrize(
    ("kind", "filename"), [("text/javascript", None), ("text/plain", "setup.exe")]
)
def test_executable_content_is_refused(client: LiveClient, kind: str, filename: str | None) -> None:
    with pytest.raises(ValidationError):
        client("upload_binary", b"x", kind, filename=filename)


def test_attachment_urls_come_presigned_and_get_no_token(
    client: LiveClient, server: MedplumServer
) -> None:
    patient = client.create()
    binary_id = _upload(client)
    document = client(
        "create_document_reference", patient["id"], binary_id, "image/png", "scan.png", "a scan"
    )
    assert document["subject"]["reference"] == f"Patient/{patient['id']}"
    read = client("read_resource", "DocumentReference", document["id"])
    url = read["content"][0]["attachment"]["url"]
    assert url.startswith(server.storage_url)
    with pytest.raises(UnsafeRedirectError):
        client("get", url)
    assert server.control("storage")["requests"] == []


def test_a_file_goes_up_and_down_with_its_progress(client: LiveClient, tmp_path: Path) -> None:
    source, destination = tmp_path / "up", tmp_path / "down"
    source.write_bytes(BYTES * 100)
    sent: list[int] = []
    received: list[int] = []
    stored = client("upload_binary", source, "image/png", progress=sent.append)
    length = client("download_binary_to", stored["id"], destination, progress=received.append)
    assert (length, destination.read_bytes()) == (len(BYTES) * 100, BYTES * 100)
    assert sent[-1] == received[-1] == length
    assert sent == sorted(sent)
    assert [each.name for each in sorted(tmp_path.iterdir())] == ["down", "up"]


def test_open_files_are_taken_from_where_they_stand(client: LiveClient) -> None:
    source = io.BytesIO(b"skipped" + BYTES)
    source.seek(7)
    target = io.BytesIO()
    binary_id = _upload(client, source)
    assert client("download_binary_to", binary_id, target) == len(BYTES)
    assert target.getvalue() == BYTES


def test_an_upload_is_larger_than_other_bodies_may_be(client: LiveClient) -> None:
    content = b"x" * 1_500_000
    assert client("download_binary", _upload(client, content)) == content


def test_a_limit_keeps_nothing_of_what_is_larger(client: LiveClient, tmp_path: Path) -> None:
    binary_id = _upload(client)
    destination = tmp_path / "file"
    destination.write_text("before")
    with pytest.raises(ContentTooLargeError):
        client("download_binary", binary_id, max_bytes=100)
    with pytest.raises(ContentTooLargeError):
        client("download_binary_to", binary_id, destination, max_bytes=100)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert destination.read_text() == "before"
    assert client("download_binary", binary_id, max_bytes=len(BYTES)) == BYTES


def test_a_download_that_breaks_off_begins_again(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    binary_id = _upload(client)
    destination = tmp_path / "file"
    server.control("faults", {"kinds": ["truncate-body"], "times": 1})
    assert client("download_binary_to", binary_id, destination) == len(BYTES)
    assert destination.read_bytes() == BYTES
    server.control("faults", {"kinds": ["truncate-body"]})
    destination.unlink()
    with pytest.raises(Exception, match="no answer"):
        client("download_binary_to", binary_id, destination)
    assert list(tmp_path.iterdir()) == []


def test_an_upload_after_a_rejection_sends_everything_again(
    client: LiveClient, server: MedplumServer, tmp_path: Path
) -> None:
    source = tmp_path / "up"
    source.write_bytes(BYTES)
    server.control("faults", {"kinds": ["429"], "times": 1})
    assert client("download_binary", _upload(client, source)) == BYTES
    server.control("tokens", {"revoke": True})
    assert client("download_binary", _upload(client, io.BytesIO(BYTES))) == BYTES


def test_a_binary_belongs_to_its_security_context(client: LiveClient) -> None:
    owner = f"Patient/{client.create()['id']}"
    stored = client("upload_binary", BYTES, "image/png", security_context=owner)
    assert stored["securityContext"]["reference"] == owner

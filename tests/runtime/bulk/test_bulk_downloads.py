import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard
from export_talk import AT, TWO_LINES, ExportTalk, contents, file_of, manifest_of, reply

from pymedplum import BulkExportError, NetworkError

TalkOf = Callable[..., ExportTalk]
GZIP = {"Content_Encoding": "gzip"}


async def later(_: object) -> None:
    """Cannot be awaited by a thread."""


def test_every_file_has_a_name_of_ours(whole: ExportTalk, tmp_path: Path) -> None:
    files = whole.download(tmp_path / "new" / "folder")
    found = contents(tmp_path / "new" / "folder")
    described = json.loads(found.pop("export.json"))
    assert found == {
        "Patient.000.ndjson": TWO_LINES,
        "Patient.001.ndjson": TWO_LINES.upper(),
        "Observation.000.ndjson": b'{"a":1}',
        "deleted/Bundle.000.ndjson": b"",
        "error/OperationOutcome.000.ndjson": b"{}\n",
    }
    assert [each.lines for each in files.files] == [2, 2, 1, 0, 1]
    assert [each.name for each in files.output] == [
        "Patient.000.ndjson",
        "Patient.001.ndjson",
        "Observation.000.ndjson",
    ]
    assert [len(files.deleted), len(files.error)] == [1, 1]
    assert described["transactionTime"] == AT
    assert [each["name"] for each in described["files"]] == [
        str(each.path.relative_to(files.folder)) for each in files.files
    ]


def test_the_folder_tells_no_key_no_filter_and_no_time(whole: ExportTalk, tmp_path: Path) -> None:
    whole.download(tmp_path)
    text = (tmp_path / "export.json").read_text()
    for secret in ("hush", "files.test", "Ro", "secret-token"):
        assert secret not in text


def test_two_downloads_make_the_same_folder(whole: ExportTalk, tmp_path: Path) -> None:
    whole.download(tmp_path / "a", concurrency=1)
    whole.download(tmp_path / "b", concurrency=8)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_nothing_of_the_clients_goes_to_the_files(talk_of: TalkOf, tmp_path: Path) -> None:
    talk = talk_of(default_on_behalf_of="ProjectMembership/1")
    talk.polls(manifest_of(file_of()))
    talk.serves("1", TWO_LINES)
    talk.download(tmp_path)
    (sent,) = talk.files.requests
    assert not {"authorization", "cookie", "x-medplum", "x-medplum-on-behalf-of"} & {*sent.headers}
    assert sent.headers["Accept"] == "application/fhir+ndjson"


@pytest.mark.parametrize("content", [TWO_LINES, b"", TWO_LINES.rstrip(b"\n"), TWO_LINES * 9000])
def test_gzip_and_zstd_hold_the_same_lines(
    talk: ExportTalk, tmp_path: Path, content: bytes
) -> None:
    talk.polls(manifest_of(file_of("1")))
    talk.serves("1", content)
    packed = talk.download(tmp_path / "gz", compress="gzip").files[0]
    frame = talk.download(tmp_path / "zst", compress="zstd").files[0]
    assert (packed.path.name, frame.path.name) == (
        "Patient.000.ndjson.gz",
        "Patient.000.ndjson.zst",
    )
    assert gzip.decompress(packed.path.read_bytes()) == content
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(frame.path.read_bytes())) as reader:
        assert reader.read() == content
    assert packed.bytes == packed.path.stat().st_size
    assert packed.path.read_bytes()[4:8] == b"\0\0\0\0"  # the time of a gzip header
    assert packed.lines == frame.lines == len(content.splitlines())


def test_another_compression_is_another_folder(whole: ExportTalk, tmp_path: Path) -> None:
    whole.download(tmp_path)
    with pytest.raises(BulkExportError, match="compressed in another way"):
        whole.download(tmp_path, compress="gzip")


def test_what_the_server_compressed_comes_plain(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(manifest_of(file_of("1", count=20_000)))
    members = gzip.compress(TWO_LINES * 5000) + gzip.compress(TWO_LINES * 5000)
    talk.serves("1", reply(200, members, **GZIP))
    talk.download(tmp_path)
    assert (tmp_path / "Patient.000.ndjson").read_bytes() == TWO_LINES * 10_000


def test_progress_adds_up(whole: ExportTalk, tmp_path: Path) -> None:
    seen: list[Any] = []
    whole.serves("1", reply(503), reply(200, TWO_LINES))
    whole.download(tmp_path, progress=seen.append)
    last = seen[-1]
    files = whole.download(tmp_path).files
    assert (last.files_done, last.files, last.resources_expected) == (5, 5, None)
    assert last.bytes == sum(each.bytes for each in files)
    assert last.lines == sum(each.lines for each in files) == 6


def test_progress_goes_on_where_it_was(talk: ExportTalk, tmp_path: Path) -> None:
    seen: list[Any] = []
    talk.polls(manifest_of(file_of("1", count=2), file_of("2", count=2)))
    talk.serves("1", TWO_LINES)
    with pytest.raises(BulkExportError):
        talk.download(tmp_path)
    talk.serves("2", TWO_LINES)
    talk.download(tmp_path, progress=seen.append)
    last = seen[-1]
    assert (last.files_done, last.lines, last.bytes) == (2, 4, len(TWO_LINES))
    assert last.resources_expected == 4


def test_progress_says_how_much_is_promised(talk: ExportTalk, tmp_path: Path) -> None:
    seen: list[Any] = []
    talk.polls(manifest_of(file_of("1", count=40_000), file_of("2", count=2)))
    talk.serves("1", TWO_LINES * 20_000)
    talk.serves("2", TWO_LINES)
    talk.download(tmp_path, progress=seen.append, concurrency=1)
    assert {each.resources_expected for each in seen} == {40_002}
    assert [each.files_done for each in seen] == [0, 1, 2]


def test_a_progress_function_that_fails_ends_the_download(
    whole: ExportTalk, tmp_path: Path
) -> None:
    def fail(_: object) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        whole.download(tmp_path, progress=fail)
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    "failure", [BrokenPipeError("mine"), httpx.ConnectError("mine"), BulkExportError("mine")]
)
def test_what_a_progress_function_raises_is_not_blamed_on_the_file(
    talk: ExportTalk, tmp_path: Path, failure: Exception
) -> None:
    def fail(_: object) -> None:
        calls.append(1)
        raise failure

    calls: list[int] = []
    talk.polls(manifest_of(*(file_of(str(number)) for number in range(5))))
    for number in range(5):
        talk.serves(str(number), TWO_LINES * 20_000)
    with pytest.raises(type(failure), match=r"^mine$"):
        talk.download(tmp_path, progress=fail)
    assert calls == [1]
    assert not list(tmp_path.rglob("*.part"))


def test_an_event_names_public_exceptions_alone(talk_of: TalkOf, tmp_path: Path) -> None:
    events: list[Any] = []
    talk = talk_of(on_request_complete=events.append)
    talk.polls(manifest_of(file_of("1")))
    talk.serves("1", httpx.ReadTimeout("hush"), reply(200, TWO_LINES))
    talk.download(tmp_path)
    (file,) = (each for each in events if each.path == "/1")
    assert [type(each.exception) for each in file.attempts] == [NetworkError, type(None)]


def test_every_file_is_an_event(talk_of: TalkOf, tmp_path: Path) -> None:
    events: list[Any] = []
    talk = talk_of(on_request_complete=events.append)
    talk.polls(manifest_of(file_of("1"), file_of("2")))
    talk.serves("1", reply(503), reply(200, TWO_LINES))
    talk.serves("2", reply(404))
    with pytest.raises(BulkExportError):
        talk.download(tmp_path, concurrency=1)
    one, other = (each for each in events if each.path in {"/1", "/2"})
    assert [each.status_code for each in one.attempts] == [503, 200]
    assert (one.outcome, other.outcome, other.final_status_code) == ("success", "error", 404)
    assert one.query_params is None
    assert "hush" not in repr(events) + str(one.to_phi_audit_dict(include_query_params=True))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"concurrency": 0}, ValueError),
        ({"concurrency": 65}, ValueError),
        ({"concurrency": "4"}, TypeError),
        ({"compress": "bz2"}, ValueError),
        ({"progress": 1}, TypeError),
        ({"progress": later}, TypeError),
        ({"trusted_origins": "https://files.test"}, TypeError),
        ({"trusted_origins": ["files.test"]}, ValueError),
        ({"trusted_origins": ["https://files.test/path"]}, ValueError),
        ({"deadline": None}, TypeError),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(
    talk: ExportTalk, tmp_path: Path, wrong: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        talk.download(tmp_path / "folder", **wrong)
    assert talk.api.requests == []
    assert not (tmp_path / "folder").exists()

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

from pymedplum import BulkExportError

TalkOf = Callable[..., ExportTalk]
GZIP = {"Content_Encoding": "gzip"}


@pytest.fixture
def whole(talk: ExportTalk) -> ExportTalk:
    """An export of every kind of file."""
    talk.polls(
        manifest_of(
            file_of("1", count=2),
            file_of("2", count=2),
            file_of("3", "Observation", count=1),
            deleted=[file_of("4", "Bundle", count=0)],
            error=[file_of("5", "OperationOutcome")],
        )
    )
    talk.serves("1", TWO_LINES)
    talk.serves("2", TWO_LINES.upper())
    talk.serves("3", b'{"a":1}')
    talk.serves("4", b"")
    talk.serves("5", b"{}\n")
    return talk


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


def test_a_finished_folder_is_not_fetched_again(whole: ExportTalk, tmp_path: Path) -> None:
    first = whole.download(tmp_path)
    before = contents(tmp_path)
    whole.files.requests.clear()
    assert whole.download(tmp_path) == first
    assert whole.files.requests == []
    assert contents(tmp_path) == before


def test_an_interrupted_download_goes_on_after_its_whole_files(
    whole: ExportTalk, tmp_path: Path
) -> None:
    whole.download(tmp_path / "undisturbed")
    whole.serves("3", reply(404))
    with pytest.raises(BulkExportError, match=r"1 of 5 files.*Observation.000.ndjson: HTTP 404"):
        whole.download(tmp_path / "folder")
    (tmp_path / "folder" / ".Observation.000.ndjson.part").write_bytes(b"left over")
    with (tmp_path / "folder" / ".export.finished").open("ab") as journal:
        journal.write(b'\n{"name": "cut o')
    whole.serves("3", b'{"a":1}')
    whole.files.requests.clear()
    whole.download(tmp_path / "folder")
    assert [each.url.path for each in whole.files.requests] == ["/3"]
    assert contents(tmp_path / "folder") == contents(tmp_path / "undisturbed")


def test_a_file_that_was_cut_later_is_fetched_again(whole: ExportTalk, tmp_path: Path) -> None:
    whole.download(tmp_path)
    before = contents(tmp_path)
    (tmp_path / "Patient.000.ndjson").write_bytes(b"cut")
    (tmp_path / "Patient.001.ndjson").unlink()
    whole.download(tmp_path)
    assert contents(tmp_path) == before


def test_files_keep_their_names_where_the_server_changes_their_order(
    talk: ExportTalk, tmp_path: Path
) -> None:
    talk.polls(manifest_of(file_of("1"), file_of("2")))
    talk.serves("1", b"1\n")
    talk.serves("2", reply(404))
    with pytest.raises(BulkExportError):
        talk.download(tmp_path)
    talk.polls(manifest_of(file_of("2"), file_of("1")))
    talk.serves("2", b"2\n")
    talk.download(tmp_path)
    assert (tmp_path / "Patient.000.ndjson").read_bytes() == b"1\n"
    assert (tmp_path / "Patient.001.ndjson").read_bytes() == b"2\n"


@pytest.mark.parametrize(
    "other",
    [
        manifest_of(file_of("1"), transactionTime="2026-02-02T00:00:00Z"),
        manifest_of(file_of("1"), request="https://medplum.test/fhir/R4/Patient/$export"),
        manifest_of(file_of("1"), file_of("2")),
        manifest_of(file_of("1", "Observation")),
    ],
)
def test_a_folder_of_another_export_is_left_alone(
    talk: ExportTalk, tmp_path: Path, other: dict[str, Any]
) -> None:
    talk.polls(manifest_of(file_of("1")))
    talk.serves("1", TWO_LINES)
    talk.download(tmp_path)
    before = contents(tmp_path)
    talk.polls(other)
    with pytest.raises(BulkExportError, match="another export"):
        talk.download(tmp_path)
    assert contents(tmp_path) == before
    assert len(talk.files.requests) == 1


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "{}", '{"format": 2}', '{"format": 1, "files": [{}]}', "\udc80", "[" * 9999],
)
def test_a_description_of_somebody_elses_is_left_alone(
    talk: ExportTalk, tmp_path: Path, text: str
) -> None:
    (tmp_path / "export.json").write_bytes(text.encode(errors="surrogateescape"))
    before = contents(tmp_path)
    talk.polls(manifest_of(file_of("1")))
    with pytest.raises(BulkExportError, match="another export"):
        talk.download(tmp_path)
    assert contents(tmp_path) == before


def test_a_description_with_a_path_in_it_is_none_of_ours(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(manifest_of(file_of("1")))
    talk.serves("1", TWO_LINES)
    talk.download(tmp_path / "folder")
    description = tmp_path / "folder" / "export.json"
    description.write_text(description.read_text().replace("Patient.000", "../Patient.000"))
    with pytest.raises(BulkExportError, match="another export"):
        talk.download(tmp_path / "folder")
    assert not (tmp_path / "Patient.000.ndjson").exists()


def test_files_of_others_are_not_overwritten(talk: ExportTalk, tmp_path: Path) -> None:
    (tmp_path / "Patient.000.ndjson").write_bytes(b"mine")
    (tmp_path / "notes.txt").write_bytes(b"mine")
    before = contents(tmp_path)
    talk.polls(manifest_of(file_of("1")))
    with pytest.raises(BulkExportError, match=r"Patient\.000\.ndjson already"):
        talk.download(tmp_path)
    assert contents(tmp_path) == before


def test_two_downloads_cannot_share_a_folder(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(manifest_of(file_of("1")))
    problems: list[str] = []

    def meanwhile(_: httpx.Request) -> httpx.Response:
        other = ExportTalk(type(talk.client))
        other.polls(manifest_of(file_of("1")))
        try:
            other.download(tmp_path)
        except BulkExportError as error:
            problems.append(str(error))
        return reply(200, TWO_LINES)

    talk.serves("1", meanwhile)
    talk.download(tmp_path)
    assert problems == [f"another download is writing into {tmp_path}"]


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
    total = sum(each.bytes for each in whole.download(tmp_path).files)
    assert (last.files_done, last.files, last.lines, last.bytes) == (5, 5, 5, total)
    assert last.resources_expected is None


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
    assert "hush" not in repr(vars) + str(one.to_phi_audit_dict(include_query_params=True))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"concurrency": 0}, ValueError),
        ({"concurrency": 65}, ValueError),
        ({"concurrency": "4"}, TypeError),
        ({"compress": "bz2"}, ValueError),
        ({"progress": 1}, TypeError),
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

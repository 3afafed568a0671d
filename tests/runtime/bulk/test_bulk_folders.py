from pathlib import Path
from typing import Any

import httpx
import pytest
from export_talk import TWO_LINES, ExportTalk, contents, file_of, manifest_of, reply

from pymedplum import BulkExportError


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


@pytest.mark.parametrize("target", ["there", "nowhere"])
@pytest.mark.parametrize("name", ["export.json", ".export.finished", "deleted", "error"])
def test_links_under_names_of_ours_are_refused(
    talk: ExportTalk, tmp_path: Path, name: str, target: str
) -> None:
    (tmp_path / "there").write_bytes(b"mine")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).symlink_to(tmp_path / target)
    talk.polls(manifest_of(file_of("1"), deleted=[file_of("2", "Bundle")]))
    with pytest.raises(BulkExportError, match=rf"{name} is a symbolic link"):
        talk.download(folder)
    assert contents(tmp_path) == {"there": b"mine"} | dict.fromkeys(
        [f"folder/{name}"] if target == "there" else [], b"mine"
    )


@pytest.mark.parametrize("name", [".export.json.part", ".Patient.000.ndjson.part"])
def test_links_under_temporary_names_are_not_followed(
    talk: ExportTalk, tmp_path: Path, name: str
) -> None:
    (tmp_path / "there").write_bytes(b"mine")
    folder = tmp_path / "folder"
    folder.mkdir()

    def plant(_: httpx.Request) -> httpx.Response:
        (folder / ".Patient.001.ndjson.part").symlink_to(tmp_path / "there")
        return reply(200, TWO_LINES)

    (folder / name).symlink_to(tmp_path / "there")
    talk.polls(manifest_of(file_of("1"), file_of("2")))
    talk.serves("1", plant)
    talk.serves("2", TWO_LINES)
    assert [each.lines for each in talk.download(folder, concurrency=1).files] == [2, 2]
    assert (tmp_path / "there").read_bytes() == b"mine"


def test_a_link_to_nothing_is_somebodys_file_too(talk: ExportTalk, tmp_path: Path) -> None:
    (tmp_path / "Patient.000.ndjson").symlink_to(tmp_path / "elsewhere")
    talk.polls(manifest_of(file_of("1")))
    with pytest.raises(BulkExportError, match=r"Patient\.000\.ndjson already"):
        talk.download(tmp_path)


def test_a_folder_that_is_none_is_refused_before_anything_is_sent(talk: ExportTalk) -> None:
    with pytest.raises(TypeError):
        talk.download(None)  # type: ignore[arg-type]
    assert talk.api.requests == []


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

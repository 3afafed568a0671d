import asyncio
import gzip
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from export_talk import (
    FILES,
    TWO_LINES,
    ExportTalk,
    contents,
    failure,
    file_of,
    manifest_of,
    reply,
)

from pymedplum import AsyncJobTimeoutError, AsyncMedplumClient, BulkExportError, TokenProvider

TalkOf = Callable[..., ExportTalk]
OURS = "https://medplum.test/files/1"


def own_file(**members: object) -> dict[str, Any]:
    return {"type": "Patient", "url": OURS, **members}


def protected(*output: dict[str, Any]) -> dict[str, Any]:
    return manifest_of(*output, requiresAccessToken=True)


@pytest.mark.parametrize(
    "passing",
    [
        reply(500),
        reply(503, Retry_After="9"),
        reply(429, Retry_After="9"),
        httpx.ConnectError("no"),
        httpx.ReadError("broke"),
        reply(200, TWO_LINES[:9], Content_Length="74"),
        reply(200, gzip.compress(TWO_LINES)[:-9], Content_Encoding="gzip"),
        reply(200, b"no gzip", Content_Encoding="gzip"),
    ],
)
def test_what_passes_is_tried_again(talk: ExportTalk, tmp_path: Path, passing: Any) -> None:
    talk.polls(manifest_of(file_of(count=2)))
    talk.serves("1", passing, reply(200, TWO_LINES))
    talk.download(tmp_path)
    assert (tmp_path / "Patient.000.ndjson").read_bytes() == TWO_LINES
    if isinstance(passing, httpx.Response) and "Retry-After" in passing.headers:
        assert sum(talk.clock.slept) == 9
    talk.serves("1", passing)
    with pytest.raises(BulkExportError, match=r"Patient\.000\.ndjson"):
        talk.download(tmp_path / "other")
    assert set(contents(tmp_path / "other")) == {"export.json"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_spent_link_leads_to_a_fresh_manifest(
    talk: ExportTalk, tmp_path: Path, status: int
) -> None:
    spent = [{"type": "Patient", "url": f"{FILES}/{n}?Signature=spent"} for n in range(6)]
    fresh = [{"type": "Patient", "url": f"{FILES}/{n}?Signature=fresh"} for n in range(6)]
    talk.polls(manifest_of(*spent), manifest_of(*fresh[::-1]))

    def check(request: httpx.Request) -> httpx.Response:
        is_fresh = request.url.params["Signature"] == "fresh"
        return reply(200, request.url.path.encode()) if is_fresh else reply(status)

    for number in range(6):
        talk.serves(str(number), check)
    talk.download(tmp_path)
    found = [(tmp_path / f"Patient.00{number}.ndjson").read_text() for number in range(6)]
    assert found == [f"/{number}" for number in range(6)]
    assert len(talk.api.requests) == 2, "one fresh manifest serves all"


def test_links_that_stay_spent_are_given_up(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(manifest_of(file_of("1"), file_of("2")))
    talk.serves("1", reply(403))
    talk.serves("2", TWO_LINES)
    with pytest.raises(BulkExportError, match="HTTP 403, with fresh links too") as caught:
        talk.download(tmp_path)
    assert "hush" not in str(caught.value)
    assert len(talk.api.requests) == 3
    assert (tmp_path / "Patient.001.ndjson").exists()


@pytest.mark.parametrize(
    "later",
    [reply(404, failure()), reply(202), reply(200, manifest_of(transactionTime="2027-01-01"))],
)
def test_an_export_that_is_gone_meanwhile_is_an_error(
    talk: ExportTalk, tmp_path: Path, later: httpx.Response
) -> None:
    talk.polls(reply(200, manifest_of(file_of())), later)
    talk.serves("1", reply(403))
    with pytest.raises(BulkExportError, match=r"Patient\.000\.ndjson"):
        talk.download(tmp_path)


def test_a_wrong_count_is_tried_once_more(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(manifest_of(file_of(count=2)))
    talk.serves("1", TWO_LINES[:9], TWO_LINES)
    talk.download(tmp_path)
    assert len(talk.files.requests) == 2
    talk.serves("1", TWO_LINES + b"{}\n")
    with pytest.raises(BulkExportError, match="promises 2 lines, and 3 came"):
        talk.download(tmp_path / "other")
    assert set(contents(tmp_path / "other")) == {"export.json"}
    talk.download(tmp_path / "other", check_counts=False)
    assert (tmp_path / "other" / "Patient.000.ndjson").exists()


def test_the_token_goes_to_the_servers_own_files_alone(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(protected(own_file()))
    talk.files.set("/files/1", [reply(200, TWO_LINES)])
    talk.download(tmp_path)
    assert talk.files.requests[0].headers["Authorization"] == "Bearer secret-token"


@pytest.mark.parametrize("needs_token", [True, False])
def test_files_are_fetched_for_whom_the_export_runs(
    talk_of: TalkOf, tmp_path: Path, *, needs_token: bool
) -> None:
    events: list[Any] = []
    talk = talk_of(on_request_complete=events.append)
    talk.polls(manifest_of(own_file(), requiresAccessToken=needs_token))
    talk.files.set("/files/1", [reply(503), reply(200, TWO_LINES)])
    with talk.client.on_behalf_of("ProjectMembership/1"):
        job = talk.start()
    talk.download(tmp_path, job)
    acting = "ProjectMembership/1" if needs_token else None
    sent = [each.headers.get("X-Medplum-On-Behalf-Of") for each in talk.files.requests]
    assert sent == [acting, acting]
    (file,) = (each for each in events if each.path == "/files/1")
    assert [each.on_behalf_of for each in file.attempts] == [acting, acting]


def test_no_token_where_none_is_wanted(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(manifest_of(own_file()))
    talk.files.set("/files/1", [reply(200, TWO_LINES)])
    talk.download(tmp_path)
    assert "Authorization" not in talk.files.requests[0].headers


def test_a_foreign_file_that_wants_the_token_is_refused(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(protected(own_file(), file_of("1")))
    with pytest.raises(BulkExportError, match=r"https://files\.test wants the access token"):
        talk.download(tmp_path / "folder")
    assert talk.files.requests == []
    assert not (tmp_path / "folder").exists()


def test_an_origin_that_is_trusted_gets_the_token(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(protected(file_of("1")))
    talk.serves("1", TWO_LINES)
    talk.download(tmp_path, trusted_origins=[FILES])
    assert talk.files.requests[0].headers["Authorization"] == "Bearer secret-token"


def test_a_redirect_elsewhere_goes_without_the_token(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(protected(own_file()))
    talk.files.set("/files/1", [reply(302, Location=f"{FILES}/there")])
    talk.serves("there", reply(307, Location="/back"))
    talk.serves("back", reply(301, Location="https://medplum.test/end"))
    talk.files.set("/end", [reply(200, TWO_LINES)])
    talk.download(tmp_path)
    sent = ["Authorization" in each.headers for each in talk.files.requests]
    assert sent == [True, False, False, False]


@pytest.mark.parametrize(
    ("location", "said"),
    [
        (f"{FILES}/1", "redirects"),
        ("http://files.test/1", "in the clear"),
        ("ftp://files.test/1", "no plain HTTP URL"),
        ("http://[", "no URL"),
        ("", "redirects"),
    ],
)
def test_redirects_that_lead_nowhere_good_are_refused(
    talk: ExportTalk, tmp_path: Path, location: str, said: str
) -> None:
    talk.polls(manifest_of(file_of()))
    talk.serves("1", reply(302, Location=location))
    with pytest.raises(BulkExportError, match=said):
        talk.download(tmp_path)
    assert all(each.url.scheme == "https" for each in talk.files.requests)


def test_urls_that_are_not_safe_are_not_asked(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(manifest_of({"type": "Patient", "url": "http://files.test/1"}))
    with pytest.raises(BulkExportError, match=r"Patient\.000\.ndjson.* in the clear"):
        talk.download(tmp_path)
    assert talk.files.requests == []


@pytest.mark.parametrize("needs_token", [False, True])
@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "https://u:p@x/1", "x", "/files/1", "//x/1", "https://x:0x/", "ü"]
)
def test_urls_that_are_none_of_http_are_named_by_their_place(
    talk: ExportTalk, tmp_path: Path, url: str, *, needs_token: bool
) -> None:
    wrong = {"type": "Patient", "url": url}
    talk.polls(manifest_of(file_of("1"), wrong, requiresAccessToken=needs_token))
    with pytest.raises(BulkExportError, match=r"wrong: output\[1\]\.url must be an absolute"):
        talk.download(tmp_path / "folder")
    assert talk.files.requests == []
    assert not (tmp_path / "folder").exists()


def test_a_refused_token_is_renewed_once(talk_of: TalkOf, tmp_path: Path) -> None:
    tokens = iter(["one", "two", "three"])
    talk = talk_of(auth=TokenProvider(lambda: next(tokens)))
    talk.polls(protected(own_file()))
    talk.files.set("/files/1", [reply(401), reply(200, TWO_LINES)])
    talk.download(tmp_path)
    sent = [each.headers["Authorization"] for each in talk.files.requests]
    assert sent == ["Bearer one", "Bearer two"]
    talk.files.set("/files/1", [reply(401)])
    with pytest.raises(BulkExportError, match="HTTP 401"):
        talk.download(tmp_path / "other")
    assert len(talk.files.requests) == 4


def test_a_web_page_is_no_file(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(manifest_of(file_of()))
    talk.serves("1", reply(200, b"<html>", Content_Type="text/html"))
    with pytest.raises(BulkExportError, match="web page"):
        talk.download(tmp_path)


def test_one_failure_lets_the_others_finish(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(manifest_of(*(file_of(str(number)) for number in range(20))))
    for number in range(20):
        talk.serves(str(number), reply(418) if number < 12 else reply(200, TWO_LINES))
    with pytest.raises(BulkExportError, match=r"12 of 20 .*; the others are there.*; and 2 more"):
        talk.download(tmp_path)
    assert len(list(tmp_path.glob("Patient.*.ndjson"))) == 8
    assert not list(tmp_path.glob("*.part"))


def test_the_others_are_not_spoken_of_where_there_are_none(
    talk: ExportTalk, tmp_path: Path
) -> None:
    talk.polls(manifest_of(file_of("1")))
    talk.serves("1", reply(418))
    with pytest.raises(BulkExportError, match=r"1 of 1 .*; the next download tries again: Pat"):
        talk.download(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(talk: ExportTalk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    talk.polls(manifest_of(file_of()))
    with pytest.raises(BulkExportError, match=r"cannot write .*file"):
        talk.download(tmp_path / "file")
    assert talk.files.requests == []


def test_a_path_that_is_taken_fails_its_file_alone(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(manifest_of(file_of("1"), file_of("2")))
    talk.serves("1", reply(404))
    talk.serves("2", TWO_LINES)
    with pytest.raises(BulkExportError):
        talk.download(tmp_path)
    talk.serves("1", TWO_LINES)
    (tmp_path / "Patient.000.ndjson").mkdir()
    with pytest.raises(BulkExportError, match=r"cannot write .*Patient\.000\.ndjson"):
        talk.download(tmp_path)
    assert (tmp_path / "Patient.001.ndjson").read_bytes() == TWO_LINES


def test_waiting_belongs_to_the_download(talk: ExportTalk, tmp_path: Path) -> None:
    talk.polls(reply(202))
    with pytest.raises(AsyncJobTimeoutError):
        talk.download(tmp_path / "folder", deadline=60)
    assert not (tmp_path / "folder").exists()
    talk.polls(reply(202), reply(200, manifest_of(file_of())))
    talk.serves("1", TWO_LINES)
    assert talk.download(tmp_path).files[0].lines == 2


def test_ctrl_c_ends_the_threads_and_leaves_no_part(talk: ExportTalk, tmp_path: Path) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    talk.polls(manifest_of(*(file_of(str(number)) for number in range(9))))
    for number in range(9):
        talk.serves(str(number), TWO_LINES * 20_000)
    with pytest.raises(KeyboardInterrupt):
        talk.download(tmp_path, progress=interrupt, concurrency=2)
    assert len(talk.files.requests) < 9
    assert not list(tmp_path.rglob("*.part"))


def test_cancelling_the_task_ends_the_threads(tmp_path: Path) -> None:
    talk = ExportTalk(AsyncMedplumClient)
    talk.polls(manifest_of(*(file_of(str(number)) for number in range(9))))

    async def main() -> None:
        loop, started = asyncio.get_running_loop(), asyncio.Event()

        def begin(_: httpx.Request) -> httpx.Response:
            loop.call_soon_threadsafe(started.set)
            return reply(503, Retry_After="50")

        for number in range(9):
            talk.serves(str(number), begin)
        job = await talk.client.attach_bulk_export("fhir/R4/bulkdata/export/1")
        with httpx.Client(transport=httpx.MockTransport(talk.files)) as http:
            task = asyncio.create_task(job.download(tmp_path, http_client=http, concurrency=1))
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert len(talk.files.requests) < 9
    assert not list(tmp_path.rglob("*.part"))


def test_no_key_and_no_token_reach_the_logs(
    talk: ExportTalk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    talk.polls(protected(own_file(url=f"{OURS}?Signature=hush")))
    talk.files.set("/files/1", [reply(302, Location="/files/2?Signature=hush")])
    talk.files.set("/files/2", [reply(404)])
    with pytest.raises(BulkExportError) as caught:
        talk.download(tmp_path)
    assert caplog.records
    assert "hush" not in caplog.text + str(caught.value) + repr(caught.value.__context__)
    assert "secret-token" not in caplog.text

"""Bodies that are files, up and down: uploads.py, downloads.py, wire.py."""

import io
import json
import os
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flow_steps import Hand, answer_of, session_of
from hypothesis import given
from hypothesis import strategies as st

from pymedplum.fhir import Observation
from pymedplum_runtime.client.downloads import FileDownload, MemoryDownload
from pymedplum_runtime.errors import ContentTooLargeError
from pymedplum_runtime.http.uploads import CHUNK, Upload
from pymedplum_runtime.models.strict_json import encode

CONTENT = b"0123456789" * 20_000
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63)
plain = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_an_upload_begins_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    open_file = io.BytesIO(b"skip" + CONTENT)
    open_file.seek(4)
    for upload in (Upload(path), Upload(open_file)):
        assert upload.size() == len(CONTENT)
        first = upload.chunks()
        next(first)  # an attempt that breaks off
        assert b"".join(upload.chunks()) == CONTENT
        assert b"".join(upload.chunks()) == CONTENT


def test_an_upload_reads_in_chunks_and_tells_its_progress(tmp_path: Path) -> None:
    sizes: list[int] = []
    upload = Upload(io.BytesIO(CONTENT), sizes.append)
    assert max(len(each) for each in upload.chunks()) == CHUNK
    assert sizes == [CHUNK, 2 * CHUNK, 3 * CHUNK, len(CONTENT)]
    empty = tmp_path / "empty"
    empty.touch()
    assert list(Upload(empty).chunks()) == []


def test_a_file_that_cannot_seek_is_refused() -> None:
    reader, writer = os.pipe()
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe, pytest.raises(ValueError, match="seekable"):
        Upload(pipe)


def test_a_download_in_memory_forgets_what_broke_off() -> None:
    sizes: list[int] = []
    download = MemoryDownload(None, sizes.append)
    download(b"half")
    download.restart()
    download(b"who")
    download(b"le")
    assert (download.content(), sizes) == (b"whole", [4, 3, 5])


def test_a_download_to_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with FileDownload(path, None, None) as download:
        download(b"half and more")
        assert path.read_bytes() == b"before"
        download.restart()
        download(b"whole")
        assert download.finish() == 5
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("file", b"whole")]


@pytest.mark.parametrize("existing", [True, False])
def test_a_download_that_fails_leaves_nothing_behind(
    tmp_path: Path,
    existing: bool,  # noqa: FBT001 - a table of cases
) -> None:
    path = tmp_path / "file"
    if existing:
        path.write_bytes(b"before")
    with pytest.raises(LookupError), FileDownload(path, None, None) as download:  # noqa: PT012 - all of it is the call
        download(b"half")
        raise LookupError
    assert [each.name for each in tmp_path.iterdir()] == (["file"] if existing else [])


def test_a_stream_gets_the_content_only_when_it_is_whole() -> None:
    target = io.BytesIO()
    with pytest.raises(ContentTooLargeError), FileDownload(target, 10, None) as download:  # noqa: PT012 - all of it is the call
        download(b"12345")
        download(b"678901")
    assert target.getvalue() == b""
    with FileDownload(target, 11, None) as download:
        download(b"12345678901")
        download.finish()
    assert target.getvalue() == b"12345678901"


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with FileDownload(path, None, None) as download:
        download(b"x")
        download.finish()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_missing_folder_is_an_error_before_anything_is_sent(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="missing"),
        FileDownload(tmp_path / "missing" / "f", None, None),
    ):
        pass  # pragma: no cover - never entered


@pytest.mark.parametrize("limit", [-1, True, False])
def test_a_limit_is_a_number_of_bytes(limit: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="max_bytes"):
        MemoryDownload(limit, None)


def test_a_limit_of_nothing_takes_nothing() -> None:
    download = MemoryDownload(0, None)
    assert download.content() == b""
    with pytest.raises(ContentTooLargeError):
        download(b"x")


def test_every_attempt_gets_the_whole_upload() -> None:
    hand = Hand(answer_of(429), answer_of(401), answer_of())
    upload = Upload(io.BytesIO(CONTENT))
    with pytest.raises(Exception, match="401"):
        hand.call(session_of(hand.clock), "POST", body=upload)
    for request in hand.sent:
        assert isinstance(request.content, Upload)
        assert b"".join(request.content.chunks()) == CONTENT


@given(plain)
def test_json_comes_back_as_it_went(value: object) -> None:
    assert json.loads(encode(value)) == value


@given(plain)
def test_no_depth_hides_what_is_not_a_number(value: object) -> None:
    for bad in (float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("Infinity")):
        for hidden in ([value, bad], {"a": [{"b": bad}], "c": value}, (bad,)):
            with pytest.raises(ValueError, match=r"NaN|finite"):
                encode(hidden)


def test_the_word_null_is_no_reason_to_refuse() -> None:
    assert json.loads(encode({"text": "null", "none": None})) == {"text": "null", "none": None}


@pytest.mark.parametrize("text", ["1.00", "0.10000000000000000005", "1e-7", "0.00000000", "-0.0"])
def test_decimals_are_written_as_they_were_read(text: str) -> None:
    start = '{"resourceType":"Observation","status":"final","code":{"text":"c"},'
    content = f'{start}"valueQuantity":{{"value":{text}}}}}'
    answer = answer_of(200, content.encode())
    assert encode(answer.json(exact=True)) == content.encode()
    assert encode(Observation.model_validate_json(content)) == content.encode()
    assert f":{text}}}".encode() in encode(
        {"valueQuantity": Observation.model_validate_json(content).value_quantity}
    )


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", {"a": object()}])
def test_what_is_no_json_is_refused_without_showing_it(value: object) -> None:
    with pytest.raises(TypeError) as caught:
        encode(value)
    assert "bytes" not in str(caught.value) or isinstance(value, bytes)

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flow_calls import Talk, reply

Start = Callable[..., Talk]
PDF = "application/pdf"


def test_a_text_is_neither_content_nor_a_path(talk: Start) -> None:
    client = talk()
    with pytest.raises(TypeError, match=r"give bytes, or pathlib\.Path for a file"):
        client("upload_binary", "letter.pdf", PDF)
    assert client.requests == []


@pytest.mark.parametrize("content", [io.StringIO("text"), None, 5, ["x"]])
def test_what_is_no_binary_content_is_a_type_error(talk: Start, content: object) -> None:
    client = talk()
    with pytest.raises(TypeError, match=r"binary|give bytes"):
        client("upload_binary", content, PDF)
    assert client.requests == []


def test_bytes_paths_and_binary_files_are_sent(talk: Start, tmp_path: Path) -> None:
    path = tmp_path / "letter"
    path.write_bytes(b"abc")
    client = talk(reply(201, {"resourceType": "Binary", "id": "1"}))
    with path.open("rb") as file:
        for content in (b"abc", bytearray(b"abc"), memoryview(b"abc"), path, file):
            client("upload_binary", content, PDF)
    client("upload_binary", io.BytesIO(b"abc"), PDF)
    assert [each.content for each in client.requests] == [b"abc"] * 6


@pytest.mark.parametrize(
    "kind", ["text/plain; a=\nb", "text/plain\n", "text/plän", "text/plain; a=\x00", "text", ""]
)
def test_a_media_type_is_printable_ascii(talk: Start, kind: str) -> None:
    client = talk()
    with pytest.raises(ValueError, match="media type"):
        client("upload_binary", b"x", kind)
    assert client.requests == []


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "application/vnd.a+b", "image/*"])
def test_a_media_type_may_have_parameters(talk: Start, kind: str) -> None:
    client = talk(reply(201, {"resourceType": "Binary", "id": "1"}))
    client("upload_binary", b"x", kind)
    assert client.requests[0].headers["Content-Type"] == kind


@pytest.mark.parametrize("destination", [None, 5, io.StringIO()])
def test_a_destination_without_bytes_is_refused_before_sending(
    talk: Start, destination: object
) -> None:
    client = talk()
    with pytest.raises(TypeError, match="destination"):
        client("download_binary_to", "1", destination)
    assert client.requests == []


def test_a_folder_is_no_destination(talk: Start, tmp_path: Path) -> None:
    client = talk()
    with pytest.raises(IsADirectoryError, match="directory"):
        client("download_binary_to", "1", tmp_path)
    with pytest.raises(FileNotFoundError):
        client("download_binary_to", "1", tmp_path / "missing" / "file")
    assert client.requests == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bad", ["5", 5.0, True])
def test_a_limit_of_bytes_is_an_int(talk: Start, bad: object) -> None:
    client = talk()
    with pytest.raises(TypeError, match="max_bytes"):
        client("download_binary", "1", max_bytes=bad)
    assert client.requests == []

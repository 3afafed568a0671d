import gzip
import io
import os
import resource as limits
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from ndjson_texts import ADA, WEIGHT, resources

from pymedplum.fhir import HumanName, Observation, Patient
from pymedplum_runtime.errors import NdjsonError
from pymedplum_runtime.ndjson import read_ndjson, write_ndjson

Compression = Literal["gzip", "zstd"]
COMPRESSIONS: list[Compression | None] = [None, "gzip", "zstd"]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@given(wanted=st.lists(resources, max_size=5))
def test_what_was_written_is_read(
    compression: Compression | None, wanted: list[dict[str, Any]]
) -> None:
    file = io.BytesIO()

    assert write_ndjson(file, wanted, compression=compression) == len(wanted)

    file.seek(0)
    assert list(read_ndjson(file)) == wanted


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz", "a.ndjson.zst"])
def test_dicts_models_and_bytes_are_lines(tmp_path: Path, name: str) -> None:
    file = tmp_path / name

    count = write_ndjson(file, [{"resourceType": "Basic"}, Patient(id="ada"), ADA + b"\r\n"])

    assert count == 3
    assert list(read_ndjson(file, raw=True)) == [
        b'{"resourceType":"Basic"}',
        b'{"resourceType":"Patient","id":"ada"}',
        ADA,
    ]


def test_the_ending_says_how_to_compress(tmp_path: Path) -> None:
    for name in ("a.ndjson", "a.gz", "a.zst"):
        write_ndjson(tmp_path / name, [ADA])

    assert (tmp_path / "a.ndjson").read_bytes() == ADA + b"\n"
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == ADA + b"\n"
    with zstandard.open(tmp_path / "a.zst", "rb") as file:
        assert file.read() == ADA + b"\n"


@pytest.mark.parametrize("name", ["a.gz", "a.zst"])
def test_the_same_resources_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    first, second = tmp_path / name, tmp_path / f"other-{name}"
    write_ndjson(first, [ADA, WEIGHT])
    write_ndjson(second, [ADA, WEIGHT])

    assert first.read_bytes() == second.read_bytes()
    assert b"\0\0\0\0" in first.read_bytes()[:10] or name == "a.zst"


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_decimals_keep_their_digits(compression: Compression | None) -> None:
    file = io.BytesIO()
    exact = read_ndjson(io.BytesIO(WEIGHT), exact_decimals=True)
    models = read_ndjson(io.BytesIO(WEIGHT), Observation)
    write_ndjson(file, [*exact, *models], compression=compression)
    file.seek(0)

    assert list(read_ndjson(file, raw=True)) == [WEIGHT, WEIGHT]


NOT_RESOURCES = [
    {"id": "hunter2"},
    {"resourceType": "Patient", "n": float("nan")},
    {"resourceType": "Patient", "n": Decimal("Infinity")},
    {"resourceType": "Patient", "birthDate": date(2000, 1, 1)},
    {"resourceType": "Patient", "id": "\ud800"},
    HumanName(family="hunter2"),
    "hunter2",
    b'{"id":"hunter2"}',
    b'{"resourceType":"Patient",\n"id":"hunter2"}',
    b"hunter2",
    None,
]


@pytest.mark.parametrize("resource", NOT_RESOURCES, ids=range(len(NOT_RESOURCES)))
def test_what_is_no_resource_is_named_and_the_old_file_stays(tmp_path: Path, resource: Any) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(b"old")

    with pytest.raises(NdjsonError, match="line 2: resource 2 cannot be written: ") as caught:
        write_ndjson(file, [ADA, resource])

    assert (caught.value.source, caught.value.line) == (str(file), 2)
    assert "hunter2" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["a.ndjson"]
    assert file.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["a.ndjson", "a.gz", "a.zst"])
def test_where_the_resources_end_in_an_error_nothing_is_left(tmp_path: Path, name: str) -> None:
    def broken() -> Iterator[bytes]:
        yield ADA
        raise KeyError("the server is gone")

    with pytest.raises(KeyError):
        write_ndjson(tmp_path / name, broken())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.ndjson", "a.gz", "a.zst"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"old")
    random = (
        b'{"resourceType":"Basic","id":"%s"}' % os.urandom(9).hex().encode() for _ in range(9999)
    )
    soft, hard = limits.getrlimit(limits.RLIMIT_FSIZE)
    limits.setrlimit(limits.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(OSError, match=rf"File too large: '.*/{name}'"):
            write_ndjson(tmp_path / name, random)
    finally:
        limits.setrlimit(limits.RLIMIT_FSIZE, (soft, hard))

    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"old"


def test_a_file_is_not_there_before_it_is_complete(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def watched() -> Iterator[bytes]:
        yield ADA
        seen.append([p.suffix for p in tmp_path.iterdir()])

    write_ndjson(tmp_path / "a.ndjson", watched())

    assert seen == [[".part"]]
    assert [p.name for p in tmp_path.iterdir()] == ["a.ndjson"]


def test_a_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "opened").touch()
    write_ndjson(tmp_path / "a.ndjson", [ADA])

    assert (tmp_path / "a.ndjson").stat().st_mode == (tmp_path / "opened").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a.ndjson")
    write_ndjson(tmp_path / "link", [ADA])

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a.ndjson").read_bytes() == ADA + b"\n"


@pytest.mark.parametrize("place", [".", os.devnull])
def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path, place: str) -> None:
    with pytest.raises(OSError, match="no regular file"):
        write_ndjson(tmp_path / place, [ADA])


def test_an_open_file_stays_open() -> None:
    file = io.BytesIO()
    write_ndjson(file, [ADA], compression="gzip")
    write_ndjson(file, [ADA], compression="gzip")

    assert gzip.decompress(file.getvalue()) == (ADA + b"\n") * 2


def test_nothing_makes_an_empty_file(tmp_path: Path) -> None:
    assert write_ndjson(tmp_path / "a.ndjson.zst", []) == 0
    assert list(read_ndjson(tmp_path / "a.ndjson.zst")) == []


@pytest.mark.parametrize("single", [{"resourceType": "Patient"}, Patient(id="ada"), ADA, "text"])
def test_a_single_resource_is_refused_at_once(tmp_path: Path, single: Any) -> None:
    with pytest.raises(TypeError, match="put a single one into a list"):
        write_ndjson(tmp_path / "a.ndjson", single)
    assert list(tmp_path.iterdir()) == []


def test_a_class_is_no_resource() -> None:
    wrong: Any = [Patient]

    with pytest.raises(NdjsonError, match="expected a dict, a resource model or bytes, got"):
        write_ndjson(io.BytesIO(), wrong)


def test_unknown_targets_and_compressions_are_refused(tmp_path: Path) -> None:
    wrong: Any = 3

    with pytest.raises(TypeError, match="expected a path or an open binary file, got int"):
        write_ndjson(wrong, [ADA])
    with pytest.raises(ValueError, match="compression must be"):
        write_ndjson(tmp_path / "a", [ADA], compression=wrong)

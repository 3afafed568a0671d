"""What a view is run over: files, folders, exports, Bundles, resources; in one process or two."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from table_shapes import column, view

from pymedplum.fhir import Bundle
from pymedplum_runtime.errors import MedplumError, NdjsonError, ViewError
from pymedplum_runtime.ndjson.mapping import CHUNK_BYTES
from pymedplum_runtime.search.bundle import FHIRBundle
from pymedplum_runtime.tables.python.batches import batches
from pymedplum_runtime.tables.python.lines import LineRows, needs_digits
from pymedplum_runtime.tables.python.sources import Files, source_of
from pymedplum_runtime.tables.python.table_rows import rows
from pymedplum_runtime.tables.views.view import View

FAMILIES = View.from_definition(view("Patient", column("id"), column("name.family"))).plan
both = pytest.mark.parametrize("processes", [1, 2])


def patient(its_id: str, *families: str) -> dict[str, Any]:
    """Return a patient."""
    names = {"name": [{"family": family} for family in families]} if families else {}
    return {"resourceType": "Patient", "id": its_id, **names}


def line(its_id: str, *families: str) -> bytes:
    """Return a patient as a line."""
    return json.dumps(patient(its_id, *families)).encode() + b"\n"


def ids(source: Any, **options: Any) -> list[str]:
    """Return the ids in the rows of a source."""
    return [row["c_id"] for row in rows(FAMILIES, source, options)]  # type: ignore[arg-type]  # any options


def _folder(tmp_path: Path) -> Path:
    (tmp_path / "b.ndjson").write_bytes(line("b1") + b'{"resourceType":"Group"}\n')
    (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress(line("a1") + b"\n" + line("a2")))
    return tmp_path


SOURCES: dict[str, tuple[Callable[[Path], Any], list[str]]] = {
    "a folder": (lambda folder: folder, ["a1", "a2", "b1"]),
    "a path": (lambda folder: str(folder / "b.ndjson"), ["b1"]),
    "a glob": (lambda folder: f"{folder}/*.ndjson*", ["a1", "a2", "b1"]),
    "several": (lambda folder: [folder / "b.ndjson", f"{folder}/a.*"], ["b1", "a1", "a2"]),
    "an iterator of paths": (lambda folder: folder.glob("a.*"), ["a1", "a2"]),
    "an open file": (lambda folder: io.BytesIO((folder / "b.ndjson").read_bytes()), ["b1"]),
    "lines": (lambda _: iter([line("x"), line("y")]), ["x", "y"]),
    "dicts": (lambda _: (patient(n) for n in "xy"), ["x", "y"]),
    "nothing": (lambda _: [], []),
}


@pytest.mark.parametrize("name", SOURCES)
def test_sources_are_told_apart(tmp_path: Path, name: str) -> None:
    make, expected = SOURCES[name]
    assert ids(make(_folder(tmp_path))) == expected


def test_an_odd_name_is_a_path_before_it_is_a_glob(tmp_path: Path) -> None:
    (tmp_path / "a[1].ndjson").write_bytes(line("a"))
    assert ids(str(tmp_path / "a[1].ndjson")) == ["a"]


BUNDLE = {
    "resourceType": "Bundle",
    "type": "searchset",
    "entry": [{"resource": patient("a")}, {"fullUrl": "urn:x"}, {"resource": patient("b")}],
}


@pytest.mark.parametrize("make", [dict, Bundle.model_validate, FHIRBundle])
def test_bundles_give_their_resources(make: Callable[[Any], Any]) -> None:
    assert ids(make(BUNDLE)) == ["a", "b"]
    assert ids([patient("c"), make(BUNDLE)] if make is not FHIRBundle else make(BUNDLE))[-1] == "b"


def test_a_view_of_bundles_sees_the_bundle() -> None:
    plan = View.from_definition(view("Bundle", column("entry.count()"))).plan
    assert list(rows(plan, BUNDLE, {})) == [{"c_entry_count__": 3}]
    assert list(rows(plan, [BUNDLE], {})) == [{"c_entry_count__": 3}]


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (patient("a"), "put a single one into a list"),
        (3, "expected the path .* got int"),
        (b"{}", "got bytes"),
        ([patient("a"), 3], "resource 2: expected a dict"),
        (["a.ndjson", {}], "expected paths and open binary files only, got dict"),
    ],
)
def test_other_sources_are_refused(mistake: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        ids(mistake)


def test_a_glob_that_finds_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NdjsonError, match="no file of such a name"):
        ids(f"{tmp_path}/*.ndjson")
    with pytest.raises(FileNotFoundError):
        ids(tmp_path / "absent.ndjson")


def _export(folder: Path, **members: Any) -> Path:
    files = [
        {"name": "Patient.000.ndjson", "kind": "output", "type": "Patient", "source": ""},
        {"name": "Group.000.ndjson", "kind": "output", "type": "Group", "source": ""},
        {"name": "error/Patient.000.ndjson", "kind": "error", "type": "Patient", "source": ""},
    ]
    (folder / "Patient.000.ndjson").write_bytes(line("a") + b'{"resourceType":"Group"}\n')
    (folder / "Group.000.ndjson").write_bytes(b"this is not even read")
    description = {"format": 1, "files": files, **members}
    (folder / "export.json").write_text(json.dumps(description))
    return folder


@both
def test_of_an_export_only_files_of_the_type_are_read(tmp_path: Path, processes: int) -> None:
    found = rows(FAMILIES, _export(tmp_path), {"on_error": "collect", "processes": processes})
    assert [row["c_id"] for row in found] == ["a"]
    (error,) = found.errors
    assert isinstance(error, NdjsonError)
    assert error.line == 2
    assert "expected Patient" in str(error)


def test_what_a_download_returns_is_a_source(tmp_path: Path) -> None:
    _export(tmp_path)
    files = [
        SimpleNamespace(path=tmp_path / f"{kind}.000.ndjson", kind="output", type=kind)
        for kind in ("Group", "Patient")
    ]
    source = source_of(SimpleNamespace(folder=tmp_path, files=tuple(files)), FAMILIES)
    assert isinstance(source, Files)
    assert source.paths == (tmp_path / "Patient.000.ndjson",)
    assert [file.expected for file in source.files] == ["Patient"]


def test_an_export_of_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ViewError, match="another version of FHIR"):
        ids(_export(tmp_path, fhirVersion="5.0.0"))
    assert ids(_export(tmp_path, fhirVersion="4.0.1"), on_error="collect") == ["a"]


@pytest.mark.parametrize("text", ["[]", "{", '{"format":1,"files":[{}]}', '{"format":7}'])
def test_a_description_of_something_else_is_not_looked_at(tmp_path: Path, text: str) -> None:
    (tmp_path / "export.json").write_text(text)
    (tmp_path / "a.ndjson").write_bytes(line("a"))
    assert ids(tmp_path) == ["a"]


@both
def test_errors_name_file_and_line(tmp_path: Path, processes: int) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(line("a") + b"\n" + line("b", "F", "G") + b"{broken\n" + line("c"))
    cut = tmp_path / "b.ndjson.gz"
    cut.write_bytes(gzip.compress(line("d"))[:-9])
    found = rows(FAMILIES, [path, cut], {"on_error": "collect", "processes": processes})
    assert [row["c_id"] for row in found][:2] == ["a", "c"]
    several, broken, end = found.errors
    assert isinstance(several, ViewError)
    assert several.place == f"{path}, line 3"
    assert isinstance(broken, NdjsonError)
    assert (broken.source, broken.line) == (str(path), 4)
    assert isinstance(end, NdjsonError)
    assert end.source == str(cut)


@both
def test_the_first_error_is_raised_after_the_rows_before_it(tmp_path: Path, processes: int) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(line("a") + line("b", "F", "G") + b"{broken\n" + line("c"))
    found = rows(FAMILIES, path, {"processes": processes})
    assert next(found)["c_id"] == "a"
    with pytest.raises(ViewError, match="line 2"):
        next(found)


def test_two_processes_give_the_rows_of_one_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    count = 3 * CHUNK_BYTES // len(line("100000", "x" * 500))
    path.write_bytes(b"".join(line(f"{n:06}", "x" * 500) for n in range(count)))
    assert ids(path, processes=2) == ids(path) == [f"{n:06}" for n in range(count)]


DOSES = View.from_definition(view("Observation", column("value.ofType(Quantity).value"))).plan


def _doses(*numbers: str) -> bytes:
    text = '{"resourceType":"Observation","valueQuantity":{"value":%s}}\n'
    return "".join(text % number for number in numbers).encode()


@both
def test_batches_leave_out_what_does_not_fit_and_name_it(tmp_path: Path, processes: int) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(_doses("1.5", "1e30", "2", "{}", "1e31"))
    problems: list[MedplumError] = []
    made = batches(DOSES, path, {"on_error": "collect", "processes": processes}, problems)
    assert [str(v) for batch in made for v in batch.column(0).to_pylist()] == [
        "1.500000000000000000",
        "2.000000000000000000",
    ]
    lines = [str(error).partition("line ")[2][:1] for error in problems]
    assert lines == ["2", "4", "5"]


def test_batches_before_an_error_come_first(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(_doses("1.5", "1e30", "2"))
    made = batches(DOSES, path, {}, [])
    assert next(made).num_rows == 1
    with pytest.raises(ViewError, match="line 2"):
        next(made)


def test_batches_of_resources_name_them_too() -> None:
    source = [*_doses("1", "1e30").splitlines()]
    problems: list[MedplumError] = []
    assert sum(b.num_rows for b in batches(DOSES, source, {"on_error": "collect"}, problems)) == 1
    assert "resource 2" in str(problems[0])


def test_digits_are_read_where_a_view_needs_them() -> None:
    assert needs_digits(DOSES)
    assert not needs_digits(FAMILIES)
    large = b'{"resourceType":"Patient","id":"a","multipleBirthInteger":1e999}'
    assert LineRows(FAMILIES).rows(large) == [("a", None)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("value.ofType(Quantity)", True),
        ("value.ofType(Quantity).value > 1", True),
        ("value.ofType(integer) > 1", False),
        ("(value.ofType(integer) + 1)", True),
        ("component.where(value.ofType(Quantity).value = 1).exists()", True),
        ("value.ofType(Quantity).value.exists()", False),
    ],
)
def test_what_needs_the_digits_of_numbers(path: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    of_type = {"type": "Quantity"} if path.endswith("(Quantity)") else {}
    plan = View.from_definition(view("Observation", column(path, **of_type))).plan
    assert needs_digits(plan) is expected
    nested = view(
        "Observation", select=[{"unionAll": [{"select": [{"column": [column(path, **of_type)]}]}]}]
    )
    assert needs_digits(View.from_definition(nested).plan) is expected


def test_an_exact_number_is_compared_exactly(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(_doses("0.30000000000000001", "0.3"))
    plan = View.from_definition(
        view("Observation", column("value.ofType(Quantity).value = 0.3"))
    ).plan
    assert [list(row.values()) for row in rows(plan, path, {})] == [[False], [True]]


def test_an_empty_name_is_no_folder() -> None:
    with pytest.raises(ValueError, match="the name of a source is empty"):
        source_of("", FAMILIES)

"""What can be loaded, and what is refused before anything is sent."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from load_calls import Loader, about, lines, patient
from load_server import LoadServer

from pymedplum.exceptions import NdjsonError
from pymedplum.fhir import Observation, Patient


def test_any_source_will_do(loader: Loader, tmp_path: Path) -> None:
    path = lines(tmp_path / "a.ndjson", [patient("1"), patient("2")])
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert loader(tmp_path / "a.ndjson").created == 2
    assert loader(tmp_path, on_error="collect").created == 2
    assert loader([str(path)]).created == 2
    assert loader(io.BytesIO(path.read_bytes())).created == 2
    model = Observation.model_validate({"status": "final", "code": {"text": "weight"}})
    assert (
        loader(each for each in [Patient(id="1"), {"resourceType": "Patient"}, model]).created == 3
    )
    assert loader([]).total == 0


def test_the_same_type_and_id_twice_is_a_failure(loader: Loader, tmp_path: Path) -> None:
    lines(tmp_path / "a.ndjson", [patient("1"), patient("1"), about("Encounter", "1", "Patient/1")])
    report = loader(tmp_path)
    assert report.created == 2
    assert [(each.line, each.reason) for each in report.failed] == [
        (2, "another resource has its type and id")
    ]


BAD = {
    "{": "no JSON",
    "[]": "no resource",
    '"Secret"': "no resource",
    "{}": "no resourceType",
    '{"resourceType": 5}': "resourceType",
    '{"resourceType": "Secret/x"}': "resourceType",
    '{"resourceType": "Patient", "id": 5}': "id is no text",
    '{"resourceType": "Patient", "meta": "Secret"}': "meta",
    '{"resourceType": "Patient", "meta": {"tag": "Secret"}}': "meta",
    '{"resourceType": "Patient", "x": ' + "[" * 250 + "]" * 250 + "}": "nested",
    '{"resourceType": "Patient", "x": -0, "name": "\\udc00Secret"}': "surrogate",
    '{"resourceType": "Patient", "name": "\\udc00Secret"}': "",
}


@pytest.mark.parametrize("text", BAD)
def test_a_line_that_is_no_resource_stops_all(
    loader: Loader, fake: LoadServer, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(f'{{"resourceType": "Patient"}}\n\n{text}\n')
    with pytest.raises(NdjsonError, match=rf"a\.ndjson, line 3: .*{BAD[text]}") as caught:
        loader(path, journal=tmp_path / "j")
    assert "Secret" not in str(caught.value)
    assert fake.requests == []
    report = loader(path, journal=tmp_path / "j", on_error="collect")
    assert report.created == 1
    assert [(each.line, each.resource_type) for each in report.failed] == [(3, None)]
    assert "Secret" not in repr(report)
    assert len(loader(path, journal=tmp_path / "j", on_error="collect").failed) == 1
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "bad", ["Secret", 5, None, {"id": "1"}, {"resourceType": "Patient", "x": {1}}]
)
def test_what_is_no_resource_is_named_by_its_place(
    loader: Loader, fake: LoadServer, bad: object
) -> None:
    with pytest.raises(NdjsonError, match="<resources>, line 2: ") as caught:
        loader([patient(), bad])
    assert "Secret" not in str(caught.value)
    assert fake.requests == []


@pytest.mark.parametrize("bad", [patient(), Patient(), 5, None, b"text"])
def test_what_is_no_source_is_a_type_error(loader: Loader, fake: LoadServer, bad: Any) -> None:
    with pytest.raises(TypeError):
        loader(bad)
    assert fake.requests == []


def test_a_truncated_file_stops_all(loader: Loader, fake: LoadServer, tmp_path: Path) -> None:
    whole = gzip.compress(lines(tmp_path / "x", [patient(str(n)) for n in range(99)]).read_bytes())
    (tmp_path / "a.ndjson.gz").write_bytes(whole[:-20])
    with pytest.raises(NdjsonError, match=r"a\.ndjson\.gz"):
        loader(tmp_path / "a.ndjson.gz")
    assert fake.requests == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"match": "name"},
        {"write": "replace"},
        {"on_error": "ignore"},
        {"chunk_size": 0},
        {"chunk_size": True},
        {"max_bytes": -1},
        {"patience": -1},
        {"patience": "long"},
        {"progress": "bar"},
        {"accounts": "nobody"},
    ],
)
def test_wrong_arguments_are_refused_at_once(
    loader: Loader, fake: LoadServer, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises((TypeError, ValueError), match=next(iter(wrong)).removesuffix("s")):
        loader([patient()], journal=tmp_path / "j", **wrong)
    assert fake.requests == []
    assert not (tmp_path / "j").exists()


def test_sources_are_read_once(loader: Loader) -> None:
    asked: list[int] = []

    def once() -> Any:
        for n in range(3):
            asked.append(n)
            yield json.loads(json.dumps(patient(str(n))))

    assert loader(once()).created == 3
    assert asked == [0, 1, 2]


def test_a_deeply_nested_resource_can_still_be_sent(loader: Loader) -> None:
    deep: list[Any] = []
    for _ in range(180):
        deep = [deep, {}]
    assert loader([patient(extension=deep)]).created == 1

import gc
import io
import json
import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ndjson_texts import ADA, BAD, WEIGHT, numbered
from pydantic import ValidationError

from pymedplum.fhir import DomainResource, HumanName, Observation, Patient, Resource
from pymedplum_runtime.errors import NdjsonError
from pymedplum_runtime.ndjson import read_ndjson


def file_of(*lines: bytes) -> io.BytesIO:
    return io.BytesIO(b"\n".join(lines))


def error_of(*lines: bytes, **options: Any) -> NdjsonError:
    with pytest.raises(NdjsonError) as caught:
        list(read_ndjson(file_of(*lines), **options))
    return caught.value


def test_lines_are_dicts_where_nothing_else_is_asked_for() -> None:
    assert list(read_ndjson(file_of(ADA))) == [json.loads(ADA)]


def test_decimals_keep_their_digits_where_that_is_asked_for() -> None:
    value = next(read_ndjson(file_of(WEIGHT), exact_decimals=True))["valueQuantity"]["value"]

    assert isinstance(value, Decimal)
    assert str(value) == "1.00"
    assert next(read_ndjson(file_of(WEIGHT)))["valueQuantity"]["value"] == 1.0


def test_models_are_of_the_class_that_is_asked_for() -> None:
    class Owner(Patient):
        nickname: str | None = None

    found = next(read_ndjson(file_of(ADA), Owner))

    assert (type(found), found.birth_date) == (Owner, "1815-12-10")


@pytest.mark.parametrize("abstract", [Resource, DomainResource])
def test_an_abstract_class_gives_what_each_line_names(abstract: type[Resource]) -> None:
    found = list(read_ndjson(file_of(ADA, WEIGHT), abstract))

    assert [type(each) for each in found] == [Patient, Observation]


def test_an_abstract_class_does_not_give_what_is_not_derived_from_it() -> None:
    error = error_of(b'{"resourceType":"Bundle","type":"batch"}', as_fhir=DomainResource)

    assert str(error) == "<stream>, line 1: expected DomainResource, got Bundle"


def test_raw_lines_are_not_looked_at() -> None:
    assert list(read_ndjson(file_of(ADA, b"", b"no JSON"), raw=True)) == [ADA, b"no JSON"]


def test_models_keep_what_this_version_does_not_know() -> None:
    patient = next(read_ndjson(file_of(b'{"resourceType":"Patient","news":[1.10]}'), Patient))

    assert patient.model_dump_json() == '{"resourceType":"Patient","news":[1.10]}'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"[1]", "expected a resource: a JSON object"),
        (b"null", "expected a resource: a JSON object"),
        (b'{"id":"1"}', "expected a resource: resourceType is missing, or no text"),
        (b'{"resourceType":7}', "expected a resource: resourceType is missing, or no text"),
        (b'{"resourceType":"Patient",}', "invalid JSON: "),
        (b'{"resourceType":"Patient"', "invalid JSON: "),
        (b'{"resourceType":"\xff"}', "invalid JSON: "),
        (b"[" * 100_000, "invalid JSON: JSON is nested too deeply"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"as_fhir": Patient}, {"exact_decimals": True}])
def test_a_line_that_is_no_resource_is_an_error(
    line: bytes, words: str, options: dict[str, Any]
) -> None:
    error = error_of(ADA, b"", line, **options)

    assert (error.source, error.line) == ("<stream>", 3)
    assert str(error).startswith(f"<stream>, line 3: {words}")


@pytest.mark.parametrize(
    ("line", "as_fhir", "words"),
    [
        (WEIGHT, Patient, "expected Patient, got Observation"),
        (b'{"resourceType":"hunter 2"}', Patient, "expected Patient, got something else"),
        (b'{"resourceType":"hunter"}', Patient, "expected Patient, got something else"),
        (b'{"resourceType":"Patiend"}', Resource, "did you mean 'Patient'?"),
    ],
)
def test_a_line_of_another_kind_is_an_error(
    line: bytes, as_fhir: type[Resource], words: str
) -> None:
    assert words in str(error_of(ADA, line, as_fhir=as_fhir))


def test_a_broken_resource_is_named_with_its_elements_and_without_values() -> None:
    error = error_of(BAD, as_fhir=Patient)

    assert str(error).startswith("<stream>, line 1: Patient/bob is invalid: ")
    assert "birthDate: expected a date" in str(error)
    assert "name.0.given.0: " in str(error)
    assert isinstance(error.__cause__, ValidationError)
    assert "hunter2" not in f"{error} {error!r} {error.__cause__} {error.__cause__!r}"


def test_what_is_no_id_is_not_quoted() -> None:
    error = error_of(b'{"resourceType":"Patient","id":"hunter 2","birthDate":"x"}', as_fhir=Patient)

    assert str(error).startswith("<stream>, line 1: Patient is invalid: id: ")
    assert "hunter" not in f"{error} {error.__cause__}"


def test_a_number_beyond_floats_is_named_for_dicts() -> None:
    line = b'{"resourceType":"Basic","x":1e999}'

    assert "exact_decimals=True keeps it" in str(error_of(line))
    assert len(list(read_ndjson(file_of(line), exact_decimals=True))) == 1


def test_many_problems_make_no_long_message() -> None:
    names = ",".join('{"given":7}' for _ in range(1000))

    error = error_of(b'{"resourceType":"Patient","name":[%s]}' % names.encode(), as_fhir=Patient)

    assert str(error).endswith("; and 997 more")


def test_errors_are_collected_and_the_rest_is_given(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(b"\n".join([BAD, ADA, b"{"]))
    (tmp_path / "b.ndjson.gz").write_bytes(b"\x1f\x8b")
    (tmp_path / "c.ndjson").write_bytes(ADA)

    with read_ndjson(tmp_path, Patient, on_error="collect") as reader:
        assert [patient.id for patient in reader] == ["ada", "ada"]

    places = [(Path(error.source).name, error.line) for error in reader.errors]
    assert places == [("a.ndjson", 1), ("a.ndjson", 3), ("b.ndjson.gz", 1)]


def test_errors_are_told_in_the_order_of_the_lines() -> None:
    told: list[Any] = []

    reader = read_ndjson(file_of(BAD, ADA, BAD), Patient, on_error=told.append)
    told.extend(patient.id for patient in reader)

    assert [e if isinstance(e, str) else e.line for e in told] == [1, "ada", 3]


@given(st.lists(st.sampled_from([ADA, BAD, b"", b"{"])))
def test_every_line_is_given_or_told_of(lines: list[bytes]) -> None:
    reader = read_ndjson(file_of(*lines), Patient, on_error="collect")

    assert len(list(reader)) == lines.count(ADA)
    wrong = [n for n, line in enumerate(lines, 1) if line in (BAD, b"{")]
    assert [error.line for error in reader.errors] == wrong


@pytest.mark.parametrize("as_fhir", ["Patient", dict, HumanName, Patient()])
def test_a_class_that_is_no_resource_is_refused_at_once(as_fhir: Any) -> None:
    with pytest.raises(TypeError, match="as_fhir must be a resource class such as Patient"):
        read_ndjson(file_of(ADA), as_fhir)


def test_bytes_and_models_are_not_asked_for_together() -> None:
    everything: Any = {"as_fhir": Patient, "raw": True}

    with pytest.raises(TypeError, match="give one of the two"):
        read_ndjson(file_of(ADA), **everything)


@pytest.mark.parametrize("on_error", ["ignore", None, 3])
def test_an_unknown_way_with_errors_is_refused_at_once(on_error: Any) -> None:
    with pytest.raises(ValueError, match="on_error must be"):
        read_ndjson(file_of(ADA), on_error=on_error)


def test_a_closed_reader_has_closed_its_file(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(numbered(3))

    with read_ndjson(file) as reader:
        next(reader)
    gc.collect()  # an open file would be a ResourceWarning, which is an error

    assert list(reader) == []


def test_an_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(error_of(BAD, as_fhir=Patient)))  # noqa: S301 - our own

    assert (error.source, error.line) == ("<stream>", 1)

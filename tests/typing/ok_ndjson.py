"""Every overload of reading NDJSON, and the types that checkers infer."""

from __future__ import annotations

import io
from typing import Any

from typing_extensions import assert_type

from pymedplum.fhir import Patient, Resource
from pymedplum.ndjson import NdjsonReader, map_ndjson, read_ndjson, write_ndjson


def birth_year(patient: Patient) -> int | None:
    return int(patient.birth_date[:4]) if patient.birth_date else None


def type_of(resource: dict[str, Any]) -> str:
    return str(resource["resourceType"])


def readings(source: io.BytesIO, other: type[Patient] | None) -> None:
    assert_type(read_ndjson(source), NdjsonReader[dict[str, Any]])
    assert_type(read_ndjson(source, exact_decimals=True), NdjsonReader[dict[str, Any]])
    assert_type(read_ndjson(source, Patient), NdjsonReader[Patient])
    assert_type(read_ndjson(source, as_fhir=Resource), NdjsonReader[Resource])
    assert_type(read_ndjson(source, raw=True), NdjsonReader[bytes])
    assert_type(read_ndjson(source, other), NdjsonReader[dict[str, Any]] | NdjsonReader[Patient])
    for patient in read_ndjson([source, "Patient.ndjson"], Patient, on_error="collect"):
        assert_type(patient, Patient)
    assert_type(map_ndjson(type_of, source), NdjsonReader[str])
    assert_type(map_ndjson(birth_year, source, as_fhir=Patient), NdjsonReader[int | None])


def writings(target: io.BytesIO) -> None:
    assert_type(write_ndjson("a.ndjson.gz", [Patient()]), int)
    assert_type(write_ndjson(target, read_ndjson("a.ndjson", raw=True), compression="zstd"), int)
    assert_type(write_ndjson(target, read_ndjson("a.ndjson", Patient)), int)
    assert_type(write_ndjson(target, read_ndjson("a.ndjson")), int)


read_ndjson(io.BytesIO(b"{}"), on_error=print)

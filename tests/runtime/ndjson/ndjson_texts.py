"""Resources for files of NDJSON, and the functions that other processes import."""

import json
import os
from typing import Any

import pytest
from hypothesis import strategies as st

from pymedplum.fhir import Patient
from pymedplum_runtime.errors import NdjsonError
from pymedplum_runtime.ndjson.lines import lines_of
from pymedplum_runtime.ndjson.sources import NdjsonSource

ADA = b'{"resourceType":"Patient","id":"ada","birthDate":"1815-12-10"}'
BAD = b'{"resourceType":"Patient","id":"bob","birthDate":"hunter2","name":[{"given":[1]}]}'
WEIGHT = (
    b'{"resourceType":"Observation","status":"final","code":{"text":"weight"},'
    b'"valueQuantity":{"value":1.00}}'
)

_texts = st.text(st.characters(exclude_categories=["Cs"]))
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
resources = st.dictionaries(_texts, _json, max_size=4).map(
    lambda members: {**members, "resourceType": "Basic"}
)


def numbered(count: int) -> bytes:
    """Return so many Patients, numbered from 1."""
    every = ({"resourceType": "Patient", "id": str(n)} for n in range(1, count + 1))
    return b"".join(json.dumps(each).encode() + b"\n" for each in every)


def given_before_the_error(source: NdjsonSource) -> tuple[list[bytes], NdjsonError]:
    given: list[bytes] = []
    lines = lines_of(source)
    with pytest.raises(NdjsonError) as caught:
        given.extend(line.content for line in lines)
    return given, caught.value


def id_of(resource: dict[str, Any]) -> str:
    return resource["id"]


def birth_date_of(patient: Patient) -> str | None:
    return patient.birth_date


def process_of(_: dict[str, Any]) -> int:
    return os.getpid()


class NeedsTwo(Exception):  # noqa: N818 - its name is shown in a message
    """An exception that cannot be unpickled."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def fails_at_seven(resource: dict[str, Any]) -> str:
    if resource["id"] == "7":
        raise KeyError("seven")
    return resource["id"]


def fails_badly(_: dict[str, Any]) -> None:
    raise NeedsTwo("one", "two")


def ends_the_process(_: dict[str, Any]) -> None:
    os._exit(3)


def gives_a_function(_: dict[str, Any]) -> Any:
    return lambda: None

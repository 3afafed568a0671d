from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.helpers import build_reference, parse_reference, resolve_id

Make = Callable[[str, dict[str, Any]], Any]

IDS = st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True)


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/abc-123",
        "Patient/abc-123/_history/4",
        "https://api.medplum.com/fhir/R4/Patient/abc-123",
        "http://localhost:8103/fhir/R4/Patient/abc-123/_history/4",
    ],
)
def test_a_reference_is_a_type_and_an_id(reference: str) -> None:
    assert parse_reference(reference) == ("Patient", "abc-123")
    assert resolve_id(reference) == "abc-123"


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "Patient",
        "Patient/",
        "/123",
        "Patient/1/2",
        "Patient/1\n",
        "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
        "Patient?identifier=http://mrn/secret|1",
        "https://api.medplum.com/",
    ],
)
def test_a_malformed_reference_is_refused_without_being_quoted(reference: str) -> None:
    with pytest.raises(ValueError, match="Type/id") as refusal:
        parse_reference(reference)
    assert "secret" not in str(refusal.value)


@given(IDS)
def test_building_a_reference_undoes_parsing_it(resource_id: str) -> None:
    reference = build_reference("Patient", resource_id)
    assert reference == f"Patient/{resource_id}"
    assert parse_reference(reference) == ("Patient", resource_id)
    assert resolve_id(reference) == resolve_id(resource_id) == resource_id


@pytest.mark.parametrize(
    ("resource_type", "resource_id"), [("", "1"), ("Patient", ""), ("Patient", "Patient/1")]
)
def test_a_reference_is_not_built_of_parts_that_are_none(
    resource_type: str, resource_id: str
) -> None:
    with pytest.raises(ValueError, match="must be"):
        build_reference(resource_type, resource_id)


def test_an_id_is_found_in_a_reference_and_in_a_resource(make: Make) -> None:
    assert resolve_id(make("Reference", {"reference": "Patient/abc"})) == "abc"
    assert resolve_id(make("Patient", {"resourceType": "Patient", "id": "abc"})) == "abc"


def test_no_id_is_found_where_there_is_none(make: Make) -> None:
    assert resolve_id(make("Reference", {"display": "somebody"})) is None
    assert resolve_id(make("Reference", {"id": "x", "reference": "#contained"})) is None
    assert resolve_id(make("Patient", {"resourceType": "Patient"})) is None


@pytest.mark.parametrize("reference", [None, "", "Patient/", "#p1", "urn:uuid:1", {}, {"id": 1}])
def test_looking_for_an_id_never_raises(reference: Any) -> None:
    assert resolve_id(reference) is None


def test_what_is_no_data_has_no_id() -> None:
    other: Any = 42
    assert resolve_id(other) is None

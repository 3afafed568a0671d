from collections.abc import Callable
from typing import Any

import pytest

from pymedplum.fhir import Coding
from pymedplum_runtime.helpers import (
    SERVICE_TYPE_REFERENCE_URL,
    read_service_type_references,
    service_type_reference_extension,
)

Make = Callable[[str, dict[str, Any]], Any]

EXTENSION = {
    "url": SERVICE_TYPE_REFERENCE_URL,
    "valueReference": {"reference": "HealthcareService/123"},
}


def slot(*service_types: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Slot",
        "schedule": {"reference": "Schedule/1"},
        "status": "free",
        "start": "2026-01-01T09:00:00Z",
        "end": "2026-01-01T10:00:00Z",
    } | ({"serviceType": [*service_types]} if service_types else {})


def test_a_service_type_refers_to_a_service() -> None:
    assert service_type_reference_extension("HealthcareService/123") == {"extension": [EXTENSION]}


def test_a_service_type_carries_codings() -> None:
    codings: list[Any] = [{"code": "a"}, Coding(code="b")]
    assert service_type_reference_extension("HealthcareService/123", codings) == {
        "extension": [EXTENSION],
        "coding": [{"code": "a"}, {"code": "b"}],
    }


@pytest.mark.parametrize("reference", ["", "123", "HealthcareService/", "Patient/secret"])
def test_a_reference_to_anything_else_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match="a reference to a service") as refusal:
        service_type_reference_extension(reference)
    assert "secret" not in str(refusal.value)


def test_the_services_of_a_slot_are_read_in_their_order(make: Make) -> None:
    first = service_type_reference_extension("HealthcareService/1")
    second = service_type_reference_extension("HealthcareService/2", [{"code": "b"}])
    read = read_service_type_references(make("Slot", slot(first, {"text": "other"}, second)))
    assert read == ["HealthcareService/1", "HealthcareService/2"]


def test_a_slot_without_service_types_has_no_services(make: Make) -> None:
    assert read_service_type_references(make("Slot", slot())) == []


def test_malformed_service_types_are_skipped() -> None:
    broken = {"extension": [{"url": SERVICE_TYPE_REFERENCE_URL, "valueReference": "x"}, None]}
    assert read_service_type_references({"serviceType": [broken, "x", {"extension": {}}]}) == []

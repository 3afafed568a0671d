from collections.abc import Callable
from typing import Any

import pytest

from pymedplum_runtime.helpers import extract_identifier, get_patient_display_name

Make = Callable[[str, dict[str, Any]], Any]

MRN = "http://hospital.org/mrn"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ({"text": "Dr. J. Doe", "family": "Doe"}, "Dr. J. Doe"),
        ({"given": ["John", "Q"], "family": "Doe"}, "John Q Doe"),
        ({"family": "Doe"}, "Doe"),
        ({"given": ["John"]}, "John"),
        ({"use": "official"}, "Unknown"),
    ],
)
def test_a_patient_is_shown_by_the_first_name(make: Make, name: dict[str, Any], shown: str) -> None:
    patient = {"resourceType": "Patient", "name": [name, {"text": "Another"}]}
    assert get_patient_display_name(make("Patient", patient)) == shown


def test_a_given_name_that_is_only_an_extension_is_left_out(make: Make) -> None:
    absent = {"extension": [{"url": "http://x.org/absent", "valueCode": "masked"}]}
    name = {"given": [None, "John"], "_given": [absent, None], "family": "Doe"}
    patient = make("Patient", {"resourceType": "Patient", "name": [name]})
    assert get_patient_display_name(patient) == "John Doe"


@pytest.mark.parametrize("name", [None, [], {}, "Doe", ["Doe"], [None], [{"given": "John"}]])
def test_malformed_names_are_unknown(name: object) -> None:
    assert get_patient_display_name({"name": name}) == "Unknown"


def test_a_patient_without_a_name_is_unknown(make: Make) -> None:
    assert get_patient_display_name(make("Patient", {"resourceType": "Patient"})) == "Unknown"


def test_an_identifier_is_found_by_its_system(make: Make) -> None:
    identifiers = [
        {"value": "no system"},
        {"system": "http://other.org", "value": "1"},
        {"system": MRN, "value": "2"},
        {"system": MRN, "value": "3"},
    ]
    patient = make("Patient", {"resourceType": "Patient", "identifier": identifiers})
    assert extract_identifier(patient, MRN) == "2"
    assert extract_identifier(patient, "http://absent.org") is None


def test_models_inside_a_dict_are_read_too(make: Make) -> None:
    identifier = make("Identifier", {"system": MRN, "value": "2"})
    assert extract_identifier({"identifier": [identifier]}, MRN) == "2"


def test_what_is_neither_a_dict_nor_a_model_is_refused_by_its_type() -> None:
    other: Any = "Jane Doe"
    with pytest.raises(TypeError, match=r"^expected a dict or a model, got str$"):
        get_patient_display_name(other)

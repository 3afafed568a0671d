"""Property 4: models are pickled, copied and compared as data."""

import pickle
from copy import copy, deepcopy

import pytest
from refusals import problems
from unstubbed import Bundle, HumanName, Observation, Patient, Quantity

PATIENT = Patient(
    id="a", birth_date="1970", name=[{"family": "b"}], extension=[{"url": "c", "valueDecimal": 1.5}]
)
BUNDLE = Bundle(type="batch", entry=[{"resource": PATIENT}])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_models_are_pickled(protocol: int) -> None:
    copied = pickle.loads(pickle.dumps(BUNDLE, protocol))  # noqa: S301 - our own bytes
    assert copied == BUNDLE
    assert copied.entry[0].resource is not PATIENT
    assert copied.model_dump_json() == BUNDLE.model_dump_json()


def test_pickles_keep_the_text_of_decimals() -> None:
    quantity = Quantity.model_validate_json('{"value":1e-7}')
    for copied in (pickle.loads(pickle.dumps(quantity)), copy(quantity), deepcopy(quantity)):  # noqa: S301
        assert copied.model_dump_json() == '{"value":1e-7}'


def test_shallow_copies_share_and_deep_copies_do_not() -> None:
    assert copy(PATIENT) == PATIENT.model_copy() == deepcopy(PATIENT) == PATIENT
    assert copy(PATIENT).name is PATIENT.model_copy().name is PATIENT.name
    assert deepcopy(PATIENT).name is not PATIENT.name
    assert PATIENT.model_copy(deep=True).name[0] is not PATIENT.name[0]


def test_assigning_to_a_copy_leaves_the_original_alone() -> None:
    copied = PATIENT.model_copy()
    copied.birth_date = "1980"
    assert PATIENT.birth_date == "1970"


def test_a_copy_takes_an_update() -> None:
    copied = PATIENT.model_copy(update={"birth_date": "1980", "active": True})
    assert (copied.birth_date, copied.active, PATIENT.birth_date) == ("1980", True, "1970")
    assert copied.model_dump()["birthDate"] == "1980"
    assert Patient.model_validate(copied.model_dump()) == copied


def test_an_update_to_none_takes_away() -> None:
    copied = PATIENT.model_copy(update={"birth_date": None})
    assert "birthDate" not in copied.model_dump()
    assert copied.birth_date is None
    assert copied == Patient(**{**PATIENT.model_dump(), "birthDate": None})


def test_equal_models_have_the_same_class_and_the_same_data() -> None:
    assert Patient(id="a") == Patient(id="a")
    assert Patient(id="a") != Patient(id="b")
    assert Patient(id="a") != Patient(id="a", active=False)
    assert HumanName(family="a") != {"family": "a"}
    assert Quantity(value=1) == Quantity.model_validate_json('{"value":1.0}')
    assert Quantity(unit="a") != HumanName(id="a")


def test_models_are_mutable_and_have_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(PATIENT)


def test_model_construct_checks_nothing() -> None:
    patient = Patient.model_construct(birth_date="someday", active=None)
    assert patient.birth_date == "someday"
    assert patient.model_dump() == {"resourceType": "Patient", "birthDate": "someday"}
    assert Patient.model_construct(birthDate="1970") == Patient(birth_date="1970")
    assert HumanName.model_construct().model_dump() == {}


def test_model_fields_describe_the_properties() -> None:
    fields = Observation.model_fields
    assert list(fields)[:3] == ["id", "meta", "implicit_rules"]
    assert fields["value_quantity"].alias == "valueQuantity"
    assert fields["code"].is_required()
    assert not fields["value_quantity"].is_required()
    assert "birth_date" not in fields


def test_model_fields_set_names_what_is_there() -> None:
    assert Patient(birthDate="1970").model_fields_set - {"resource_type"} == {"birth_date"}


def test_a_model_is_read_as_it_is() -> None:
    assert Patient.model_validate(PATIENT) is PATIENT
    assert problems(Observation.model_validate, PATIENT)


def test_iteration_gives_names_and_values() -> None:
    assert dict(HumanName(family="a", given=["b"])) == {"family": "a", "given": ["b"]}

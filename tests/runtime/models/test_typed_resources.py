"""Property 3: resources in resources, and values of extensions, have their own classes."""

from collections.abc import Callable
from typing import Any

import pytest
from refusals import problems
from unstubbed import FHIR_TYPES, Bundle, Extension, Patient, parse_resource, resource_class

import pymedplum.fhir

INNER = {"resourceType": "Observation", "status": "final", "code": {"text": "a"}}
Wrap = Callable[[dict[str, Any]], dict[str, Any]]
Pick = Callable[[Any], Any]
PLACES: dict[str, tuple[Wrap, Pick, str]] = {
    "entry": (
        lambda r: {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": r}]},
        lambda model: model.entry[0].resource,
        "entry.0.resource",
    ),
    "contained": (
        lambda r: {"resourceType": "Patient", "contained": [r]},
        lambda model: model.contained[0],
        "contained.0",
    ),
    "parameter": (
        lambda r: {"resourceType": "Parameters", "parameter": [{"name": "a", "resource": r}]},
        lambda model: model.parameter[0].resource,
        "parameter.0.resource",
    ),
    "part": (
        lambda r: {
            "resourceType": "Parameters",
            "parameter": [{"name": "a", "part": [{"name": "b", "resource": r}]}],
        },
        lambda model: model.parameter[0].part[0].resource,
        "parameter.0.part.0.resource",
    ),
}
in_place = pytest.mark.parametrize(
    ("wrap", "path"), [(wrap, path) for wrap, _, path in PLACES.values()], ids=PLACES
)
anywhere = pytest.mark.parametrize(("wrap", "pick", "path"), PLACES.values(), ids=PLACES)


@anywhere
def test_a_resource_gets_its_class(wrap: Wrap, pick: Pick, path: str) -> None:
    model = parse_resource(wrap(INNER))
    assert type(pick(model)) is pymedplum.fhir.Observation, path
    assert model.model_dump() == wrap(INNER)


@in_place
def test_a_resource_without_a_known_type_is_refused(wrap: Wrap, path: str) -> None:
    wrong = {"Pateint": "did you mean 'Patient'?", "Resource": "none", "HumanName": "none", "": ""}
    for name, hint in wrong.items():
        assert hint in problems(parse_resource, wrap({"resourceType": name}))[path]
    assert "resourceType is missing" in problems(parse_resource, wrap({"id": "a"}))[path]
    values: list[Any] = [{"resourceType": 1}, {"resourceType": ["a"]}, 1, "Patient", [], None]
    assert all(path in problems(parse_resource, wrap(value)) for value in values)


@in_place
def test_problems_within_are_told_with_their_path(wrap: Wrap, path: str) -> None:
    data = wrap({**INNER, "status": "done", "code": {"coding": [{"system": ""}]}})
    assert set(problems(parse_resource, data)) == {
        f"{path}.status",
        f"{path}.code.coding.0.system",
    }


@anywhere
def test_models_are_taken_as_they_are(wrap: Wrap, pick: Pick, path: str) -> None:
    observation = pymedplum.fhir.Observation.model_validate(INNER)
    data: Any = wrap(observation)  # type: ignore[arg-type]
    assert pick(parse_resource(data)) is observation, path


def test_a_type_that_is_no_resource_is_no_entry() -> None:
    name = pymedplum.fhir.HumanName(family="a")
    assert list(problems(Bundle, type="batch", entry=[{"resource": name}])) == ["entry.0.resource"]


@pytest.mark.parametrize(
    ("name", "value", "cls"),
    [
        ("valueQuantity", {"value": 1}, "Quantity"),
        ("valueCodeableConcept", {"text": "a"}, "CodeableConcept"),
        ("valueReference", {"reference": "Patient/1"}, "Reference"),
        ("valueTiming", {"event": ["1970"]}, "Timing"),
        ("valueHumanName", {"family": "a"}, "HumanName"),
        ("valueMeta", {"project": "a"}, "Meta"),
    ],
)
def test_values_of_extensions_get_their_class(name: str, value: dict[str, Any], cls: str) -> None:
    extension = Patient(extension=[{"url": "a", name: value}]).extension[0]
    assert type(extension) is Extension
    python_name = next(p.name for p in Extension.__properties__ if p.fhir_name == name)
    assert type(getattr(extension, python_name)) is getattr(pymedplum.fhir, cls)
    assert extension.model_dump() == {"url": "a", name: value}


def test_both_spellings_work_within_extensions_and_resources() -> None:
    period = {"start": "1970"}
    patient = {"resource_type": "Patient", "birth_date": "1970"}
    bundle = Bundle(
        type="batch",
        entry=[{"full_url": "urn:a", "resource": patient}],
        identifier={"extension": [{"url": "a", "value_period": period}]},
    )
    assert bundle.entry[0].resource.birth_date == "1970"
    assert bundle.identifier.extension[0].value_period.start == "1970"


def test_parse_resource_takes_a_model_as_it_is() -> None:
    patient = Patient()
    assert parse_resource(patient) is patient


def test_parse_resource_refuses_what_is_no_resource() -> None:
    refused: list[object] = [None, 1, [], "1", '{"id":"a"}', {"resourceType": "HumanName"}]
    for data in refused:
        assert list(problems(parse_resource, data)) == [""]


def test_every_resource_is_found_by_its_name() -> None:
    names = [name for name in FHIR_TYPES if getattr(pymedplum.fhir, name).__resource_type__]
    assert len(names) > 140
    assert all(resource_class(name).__resource_type__ == name for name in names)


def test_what_is_no_resource_is_not_found() -> None:
    with pytest.raises(ValueError, match="did you mean 'Patient'"):
        resource_class("Pateint")
    for name in ("HumanName", "Resource", "DomainResource", ""):
        with pytest.raises(ValueError, match="no resource type"):
            resource_class(name)

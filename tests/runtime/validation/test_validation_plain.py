from collections import OrderedDict, UserDict
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_resources import ADA, ada

from pymedplum.fhir import HumanName, Patient
from pymedplum_runtime.validation import validate
from pymedplum_runtime.validation.plain import NotJsonError, as_json, plain

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
LEVELS = 10_000


class Named(UserDict[str, Any]):
    """A mapping that is no dict."""


def circle() -> dict[str, Any]:
    extension: dict[str, Any] = {"url": "http://example.org/a"}
    extension["extension"] = [extension]
    return extension


def nested(inner: Any) -> Any:
    for _ in range(LEVELS):
        inner = {"extension": [inner]}
    return inner


@given(JSON)
def test_json_is_taken_as_it_is(value: Any) -> None:
    assert as_json(value) is value


@pytest.mark.parametrize(
    "name",
    [
        HumanName(family="Lovelace"),
        Named(family="Lovelace"),
        OrderedDict(family="Lovelace"),
        MappingProxyType({"family": "Lovelace"}),
    ],
)
@pytest.mark.parametrize("listed", [list, tuple])
def test_models_and_other_containers_become_their_json(name: Any, listed: Any) -> None:
    found = as_json({"name": listed([name])})

    assert found == {"name": [{"family": "Lovelace"}]}
    assert type(found["name"]) is list
    assert type(found["name"][0]) is dict


@pytest.mark.parametrize("value", [b"a", {1}, object(), Patient, Decimal(1), 1j])
def test_other_values_are_left_to_the_walk(value: Any) -> None:
    assert as_json({"a": value})["a"] is value


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"name": [{1: 2}]}, "Patient.name[0]"),
        ({"name": [{"given": [{None: 1}]}]}, "Patient.name[0].given[0]"),
        ({"contained": [{"resourceType": "Patient", "name": {("a",): 1}}]}, "Patient.contained[0]"),
        ({"no such element": {1: 1}}, "Patient"),
        ({1: 2}, "Patient"),
    ],
)
def test_names_that_are_no_texts_are_a_fatal_issue(members: dict[Any, Any], where: str) -> None:
    (issue,) = validate({**ADA, **members}).issues

    assert issue.severity == "fatal"
    assert issue.expression.startswith(where)
    assert "whose name is no text" in issue.message


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"extension": [circle()]}, "Patient.extension[0].extension[0]"),
        ({"extension": [circle(), circle()]}, "Patient.extension[0].extension[0]"),
        ({"contained": [circle()]}, "Patient.contained[0].extension[0]"),
        ({"birthDate": circle()}, "Patient.birthDate.extension[0]"),
        ({"unknown": [[[circle()]]]}, "Patient.unknown[0]"),
        ({"contained": [{"resourceType": "Nothing", "a": circle()}]}, "Patient.contained[0].a"),
    ],
)
def test_a_circle_is_found_wherever_it_is(members: dict[str, Any], where: str) -> None:
    (issue,) = validate(ada(**members)).issues

    assert (issue.severity, issue.expression.startswith(where)) == ("fatal", True)
    assert "contains itself" in issue.message


def test_a_circle_of_other_containers_is_found() -> None:
    members: dict[str, Any] = {"url": "http://example.org/a"}
    view: Any = MappingProxyType(members)
    members["extension"] = (view, view)

    assert [i.severity for i in validate(ada(extension=[view])).issues] == ["fatal"]


def test_circles_and_names_are_found_below_what_is_walked() -> None:
    for inner in ({1: 2}, circle()):
        with pytest.raises(NotJsonError):
            as_json(nested(inner))
    as_json(nested({"a": 1}))


def test_an_object_in_two_places_is_no_circle() -> None:
    shared: dict[str, Any] = {"a": [1]}
    value = {"a": shared, "b": [shared, shared], "c": nested(shared)}

    assert as_json(value) is value
    assert plain({"a": shared, "b": (shared, shared)}) == {"a": shared, "b": [shared, shared]}

"""Resources broken at random: the pass of no packaged profile fails on them."""

import copy
from typing import Any

import profiled_examples as examples
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.profiles.definitions import packaged
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.profile_pass import check

JUNK = st.sampled_from(
    [None, True, 0, 1.5, "", "x", "#", "Patient/1", [], [None], [[]], {}, [{}], {"url": 1}, ["x"]]
)
RESOURCES = [
    examples.us_core_patient(),
    examples.blood_pressure(),
    examples.medication_request(),
    examples.implantable_device(),
    examples.lipid_profile(),
]


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """List every container with each key or index of it."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], (dict, list)):
            found += places_in(value[key])
    return found


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda r: r["resourceType"])
@given(data=st.data())
def test_a_resource_with_junk_in_it_is_checked(resource: Any, data: st.DataObject) -> None:
    broken = copy.deepcopy(resource)
    for _ in range(data.draw(st.integers(1, 4))):
        container, key = data.draw(st.sampled_from(places_in(broken)))
        container[key] = copy.deepcopy(data.draw(JUNK))
    type_ = resource["resourceType"]
    definitions = packaged()
    for url in PROFILES:
        table = definitions.table(url)
        if table is not None and table["type"] == type_:
            place = Place(None, type_, None, broken, type_, type_, is_resource=True)
            check(broken, place, table, Context(definitions))


PROFILES = [
    f"{examples.FHIR}{name}"
    for name in ("bp", "bmi", "vitalsigns", "lipidprofile", "observation-genetics", "catalog")
] + [
    f"{examples.US_CORE}{name}"
    for name in ("patient", "blood-pressure", "medicationrequest", "implantable-device")
]

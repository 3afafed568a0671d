"""Differentials over the tables of their base profiles."""

from typing import Any

import pytest
from tiny_profiles import (
    FHIR,
    HOME,
    Json,
    compiled,
    element,
    profile,
    refused,
    root,
    slicing,
    snapshot,
)

from pymedplum_runtime.errors import ProfileError
from pymedplum_runtime.profiles import compile_profile, packaged

CODES = "http://example.org/fhir/ValueSet/codes"


def over(parent: Json, *elements: Json) -> Json:
    """Compile a child of a profile; return its root."""
    return root(parent | {"url": HOME + "parent", "name": "parent"}, child(*elements))


def child(*elements: Json, **members: Any) -> Json:
    return profile(*elements, base=HOME + "parent", **members)


def test_the_rules_of_the_base_profile_hold_for_its_children() -> None:
    parent = profile(
        element("Observation.subject", min_=1),
        element("Observation.code", patternCodeableConcept={"coding": [{"code": "a"}]}),
    )

    found = over(parent, element("Observation.subject", mustSupport=True))

    assert found == {
        "elements": {
            "subject": {"min": 1, "must_support": True},
            "code": {"pattern": {"coding": [{"code": "a"}]}},
        }
    }


def test_rules_come_down_a_long_line() -> None:
    first = profile(element("Observation.subject", min_=1), name="first")
    second = profile(element("Observation.note", max_="5"), name="second", base=HOME + "first")
    third = profile(element("Observation.note", max_="2"), base=HOME + "second")

    assert root(third, second, first) == {"elements": {"subject": {"min": 1}, "note": {"max": 2}}}


def test_the_base_profile_stays_as_it_is() -> None:
    parent = profile(element("Observation.note", max_="5"), name="parent")
    tables = compiled(parent, child(element("Observation.note", max_="1")))

    assert tables["parent"]["root"] == {"elements": {"note": {"max": 5}}}


def test_a_base_profile_may_be_known_as_a_table() -> None:
    known = packaged().extended(
        [
            compile_profile(
                profile(element("Observation.note", max_="5"), name="parent"), no, packaged()
            )
        ]
    )

    table = compile_profile(child(element("Observation.subject", min_=1)), no, known)

    assert table.get("root") == {"elements": {"note": {"max": 5}, "subject": {"min": 1}}}


def test_a_snapshot_needs_no_base_profile() -> None:
    made = snapshot(element("Observation"), element("Observation.subject", min_=1))

    assert root(made | {"baseDefinition": HOME + "nowhere"}) == {
        "elements": {"subject": {"min": 1}}
    }


def test_inherited_slices_are_tightened() -> None:
    parent = profile(
        element("Observation.component", slicing=slicing("pattern:code")),
        element("Observation.component:a", max_="4"),
        element("Observation.component:a.code", patternCodeableConcept={"text": "a"}),
    )

    found = over(parent, element("Observation.component:a", min_=1, max_="2"))["elements"][
        "component"
    ]

    assert found["slicing"] == {"discriminators": [["pattern", "code"]], "rules": "open"}
    assert found["slices"]["a"] == {
        "min": 1,
        "max": 2,
        "elements": {"code": {"pattern": {"text": "a"}}},
        "match": [{"path": "code", "pattern": {"text": "a"}}],
    }


def test_inherited_slicing_takes_new_slices() -> None:
    parent = profile(
        element("Observation.component", slicing=slicing("pattern:code", ordered=True))
    )

    found = over(
        parent,
        element("Observation.component:b", min_=1),
        element("Observation.component:b.code", patternCodeableConcept={"text": "b"}),
    )["elements"]["component"]

    assert found["slicing"]["ordered"] is True
    assert found["slices"]["b"]["match"] == [{"path": "code", "pattern": {"text": "b"}}]


def test_a_child_keeps_the_profiles_of_types_that_it_names_plainly() -> None:
    simple = {"code": "Quantity", "profile": [FHIR + "SimpleQuantity"]}
    parent = profile(element("Observation.value[x]", type_=[simple, {"code": "string"}]))

    found = over(parent, element("Observation.value[x]", type_=[{"code": "Quantity"}]))

    assert found["elements"]["value[x]"]["types"] == [
        {"code": "Quantity", "profiles": [FHIR + "SimpleQuantity"]}
    ]


def test_a_tighter_fixed_value_may_fill_the_pattern_of_the_base() -> None:
    parent = profile(element("Observation.code", patternCodeableConcept={"text": "a"}))
    filled = {"text": "a", "coding": [{"code": "a"}]}

    found = over(parent, element("Observation.code", fixedCodeableConcept=filled))

    assert found["elements"]["code"] == {"fixed": filled, "pattern": {"text": "a"}}


def test_a_binding_replaces_that_of_the_base() -> None:
    parent = profile(
        element("Observation.code", binding={"strength": "extensible", "valueSet": CODES})
    )
    narrower = {"strength": "required", "valueSet": CODES + "-narrower"}

    found = over(parent, element("Observation.code", binding=narrower))

    assert found["elements"]["code"]["binding"]["value_set"] == CODES + "-narrower"


@pytest.mark.parametrize(
    ("of_parent", "of_child", "message"),
    [
        ({"min_": 1}, {"min_": 0}, "min 0 is below 1"),
        ({"max_": "2"}, {"max_": "3"}, "max 3 is above 2"),
        ({"max_": "0"}, {"max_": "1"}, "max 1 is above 0"),
        ({"max_": "2"}, {"min_": 3}, "min 3 is above max 2"),
        ({"maxLength": 5}, {"maxLength": 6}, "maxLength 6 is above 5"),
        (
            {"binding": {"strength": "required", "valueSet": CODES}},
            {"binding": {"strength": "extensible", "valueSet": CODES}},
            "the binding is extensible, that of the base is required",
        ),
        (
            {"fixedCodeableConcept": {"text": "a"}},
            {"fixedCodeableConcept": {"text": "b"}},
            r"contradicts fixed\[x\]",
        ),
        (
            {"fixedCodeableConcept": {"text": "a"}},
            {"patternCodeableConcept": {"text": "b"}},
            r"contradicts fixed\[x\]",
        ),
        (
            {"patternCodeableConcept": {"coding": [{"code": "a"}]}},
            {"fixedCodeableConcept": {"coding": [{"code": "b"}]}},
            r"contradicts pattern\[x\]",
        ),
        (
            {"patternCodeableConcept": {"text": "a"}},
            {"patternCodeableConcept": {"text": "b"}},
            r"contradicts pattern\[x\]",
        ),
    ],
)
def test_a_child_cannot_loosen_its_base(of_parent: Json, of_child: Json, message: str) -> None:
    parent = profile(element("Observation.category", **of_parent), name="parent")

    with pytest.raises(ProfileError, match=message) as raised:
        compiled(parent, child(element("Observation.category", **of_child)))

    assert raised.value.profile == HOME + "tiny"
    assert raised.value.element == "Observation.category"


def test_bounds_cannot_be_loosened() -> None:
    parent = profile(element("Patient.multipleBirth[x]", minValueInteger=2, maxValueInteger=5))

    error = refused(
        parent | {"url": HOME + "parent", "name": "parent"},
        child(element("Patient.multipleBirth[x]", minValueInteger=1, maxValueInteger=6)),
    )

    assert [str(each).partition(": ")[2] for each in error.problems] == [
        "contradicts minValue[x] of the base",
        "contradicts maxValue[x] of the base",
    ]


def test_types_that_the_base_took_away_stay_away() -> None:
    parent = profile(element("Observation.value[x]", type_=[{"code": "Quantity"}]), name="parent")

    error = refused(parent, child(element("Observation.value[x]", type_=[{"code": "string"}])))

    assert "the type string is none of the base's: Quantity" in str(error)


def test_closed_slicing_stays_closed() -> None:
    closed = element("Observation.component", slicing=slicing("pattern:code", rules="closed"))
    opened = element("Observation.component", slicing=slicing("pattern:code"))

    error = refused(profile(closed, name="parent"), child(opened))

    assert "the slicing is open, that of the base closed" in str(error)


def test_an_unknown_base_is_told() -> None:
    error = refused(child(element("Observation.code", min_=1)))

    assert f"its base {HOME}parent is unknown, and it has no snapshot" in str(error)


def test_a_base_of_another_type_is_told() -> None:
    parent = profile(element("Patient.active", min_=1), name="parent")

    assert "it is of Observation, its base of Patient" in str(
        refused(parent, child(element("Observation.code")))
    )


def test_bases_in_a_circle_are_told() -> None:
    one = profile(element("Observation.code"), name="one", base=HOME + "two")
    two = profile(element("Observation.code"), name="two", base=HOME + "one")

    assert "is based on it" in str(refused(one, two))
    assert "is based on it" in str(
        refused(profile(element("Observation.code"), base=HOME + "tiny"))
    )


def no(_canonical: str) -> None:
    """Find nothing."""

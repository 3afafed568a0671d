"""Profiles of profiles that take back what their base says, or cannot say what they do."""

from typing import Any

import pytest
from tiny_profiles import HOME, Json, compiled, element, profile, refused, root, slicing, snapshot

SYSTEM = "http://example.org/codes"


def base(*elements: Json) -> Json:
    return profile(*elements, name="base")


def derived(*elements: Json) -> Json:
    return profile(*elements, base=HOME + "base")


def bounds(path: str, **members: Any) -> Json:
    return element(path, **members)


def codes(*listed: str) -> Json:
    return {"coding": [{"system": SYSTEM, "code": code} for code in listed]}


def by_system(*names: str, rules: str = "open") -> list[Json]:
    """Slice the identifiers of a patient by their system, one slice for each name."""
    made = [element("Patient.identifier", slicing=slicing("value:system", rules=rules))]
    for name in names:
        made.append(element(f"Patient.identifier:{name}", min_=1, max_="1"))
        made.append(element(f"Patient.identifier:{name}.system", fixedUri=f"http://{name}"))
    return made


def weight(value: int, code: str = "kg") -> Json:
    return {"value": value, "system": "http://unitsofmeasure.org", "code": code}


WIDER = [
    ("Patient.birthDate", "minValueDate", "2000-01-01", "1990-01-01"),
    ("Patient.birthDate", "maxValueDate", "2000-01-01", "2000-01-02"),
    ("Observation.issued", "maxValueInstant", "2000-01-01T00:00:00Z", "2000-01-01T01:00:00Z"),
    ("Observation.value[x]", "minValueQuantity", weight(2), weight(1)),
    ("Patient.multipleBirth[x]", "maxValueInteger", 3, 4),
]


@pytest.mark.parametrize(("path", "member", "known", "wider"), WIDER)
def test_a_bound_is_not_widened(path: str, member: str, known: object, wider: object) -> None:
    error = refused(base(bounds(path, **{member: known})), derived(bounds(path, **{member: wider})))

    assert error.element == path
    assert f"contradicts {member[:8]}[x] of the base" in str(error)


@pytest.mark.parametrize(("path", "member", "known", "wider"), WIDER)
def test_a_bound_may_be_narrowed(path: str, member: str, known: object, wider: object) -> None:
    found = compiled(
        base(bounds(path, **{member: wider})), derived(bounds(path, **{member: known}))
    )

    name = path.partition(".")[2]
    assert list(found["tiny"]["root"]["elements"][name].values()) == [known]


def test_no_value_lies_between_bounds_that_cross() -> None:
    crossed = element("Patient.multipleBirth[x]", minValueInteger=5, maxValueInteger=3)

    assert "contradicts minValue[x]" in str(refused(profile(crossed)))


def test_quantities_of_other_units_are_not_compared() -> None:
    compiled(
        base(element("Observation.value[x]", minValueQuantity=weight(2))),
        derived(element("Observation.value[x]", minValueQuantity=weight(500, "g"))),
    )


def test_the_pattern_of_the_base_holds_besides_the_new_one() -> None:
    known = base(element("Observation.code", patternCodeableConcept=codes("a")))
    more = derived(
        element("Observation.code", patternCodeableConcept={**codes("b", "a"), "text": "t"})
    )

    found = compiled(known, more)["tiny"]["root"]["elements"]["code"]

    assert found == {"pattern": {**codes("a", "b"), "text": "t"}}


def test_a_closed_slicing_takes_no_new_slice() -> None:
    known = base(*by_system("a", rules="closed"))
    new = by_system("b")[1:]

    error = refused(known, derived(*new))

    assert error.element == "Patient.identifier:b"
    assert "is new, and the slicing of the base is closed" in str(error)


def test_the_slices_of_a_closed_slicing_may_be_tightened() -> None:
    known = base(*by_system("a", rules="closed"))

    found = compiled(known, derived(element("Patient.identifier:a.value", min_=1)))["tiny"]

    slices = found["root"]["elements"]["identifier"]["slices"]
    assert slices["a"]["elements"]["value"] == {"min": 1}


def test_slices_do_not_need_more_than_there_may_be() -> None:
    elements = by_system("a", "b")
    elements[0]["max"] = "1"

    error = refused(profile(*elements))

    assert error.element == "Patient.identifier"
    assert "its slices need 2 values" in str(error)


@pytest.mark.parametrize("most", ["-1", "many", "", "1.5"])
def test_a_max_is_a_number_or_a_star(most: str) -> None:
    error = refused(profile(element("Patient.name", max_=most)))

    assert error.element == "Patient.name"
    assert "neither a number" in str(error)


def test_a_length_is_positive() -> None:
    assert "is below 1" in str(refused(profile(element("Patient.gender", maxLength=0))))


def rule(expression: str) -> Json:
    made = {"key": "t-1", "severity": "error", "human": "a rule", "expression": expression}
    return element("Patient", constraint=[made])


def rules_of(*severities: str, expression: str = "name.exists()", **members: Any) -> list[Any]:
    """Compile a profile of a profile, with a rule of the same key in both; return the rules."""
    made = [rule(text) for text in ("name.exists()", expression)]
    for each, severity in zip(made, severities, strict=True):
        each["constraint"][0] |= {"severity": severity}
    made[1]["constraint"][0] |= members
    found = compiled(base(made[0]), derived(made[1]))["tiny"]["root"]["constraints"]
    return [(row[1], row[3]) for row in found]


def test_a_rule_of_the_base_holds_beside_another_of_the_same_key() -> None:
    assert rules_of("error", "error", expression="gender.exists()") == [
        ("error", "name.exists()"),
        ("error", "gender.exists()"),
    ]


def test_a_rule_of_the_base_may_be_repeated_and_made_stricter() -> None:
    assert rules_of("warning", "error") == [("error", "name.exists()")]
    assert rules_of("error", "warning") == [("error", "name.exists()")]
    repaired = rules_of("error", "error", expression="name.count() > 0", source=HOME + "base")
    assert repaired == [("error", "name.exists()")]


def test_a_rule_refers_to_variables_that_there_are() -> None:
    error = refused(profile(rule("%patient.name.exists()")))

    assert error.expression == "%patient.name.exists()"
    assert "there is no variable '%patient'" in str(error)


@pytest.mark.parametrize(
    "expression",
    [
        "%resource.name.exists() or %context.exists() or %rootResource.exists()",
        "%ucum.exists() and %sct.exists() and %loinc.exists() and %`vs-x`.exists()",
        "defineVariable('n', name).select(%n.given).exists()",
        "name.family != '100 %off'",
    ],
)
def test_the_variables_of_fhir_and_of_the_rule_are_known(expression: str) -> None:
    assert root(profile(rule(expression)))["constraints"][0][3] == expression


def test_a_context_of_an_extension_is_fhirpath_that_can_be_read() -> None:
    broken = [{"type": "fhirpath", "expression": "Patient.name.("}]

    error = refused(profile(element("Extension.url", fixedUri="http://e"), context=broken))

    assert error.expression == "Patient.name.("
    assert "a context is no FHIRPath" in str(error)


def test_a_url_has_no_version() -> None:
    versioned = profile(element("Patient.name", min_=1), url=HOME + "tiny|1")

    assert "its url has a version" in str(refused(versioned))


@pytest.mark.parametrize("make", [profile, snapshot])
def test_a_definition_that_does_not_say_that_it_is_a_profile_is_refused(make: Any) -> None:
    made = make(element("Patient", min_=0))
    del made["derivation"]

    assert "its derivation is not 'constraint'" in str(refused(made))


def test_a_profile_says_something() -> None:
    silent = profile(element("Patient.name", min_=1))
    del silent["differential"]

    assert "neither snapshot nor differential" in str(refused(silent))


def test_a_broken_base_is_not_called_unknown() -> None:
    error = refused(base(element("Patient.nom", min_=1)), derived(element("Patient.name", min_=1)))

    assert "there is no such element" in str(error)
    assert "unknown" not in str(error)
    lost = refused(
        profile(element("Foo.name"), name="base"), derived(element("Patient.name", min_=1))
    )
    assert f"its base {HOME}base cannot be compiled" in str(lost)

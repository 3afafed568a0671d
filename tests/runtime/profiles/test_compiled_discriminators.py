"""What discriminators are resolved to, a kind and a way a test."""

import pytest
from tiny_profiles import (
    BY_URL,
    COMPONENT,
    FHIR,
    HOME,
    Json,
    element,
    matches,
    profile,
    refused,
    root,
    sliced,
    slicing,
    under,
)

CODES = "http://example.org/fhir/ValueSet/codes"
A = {"coding": [{"code": "a"}]}


def test_a_value_is_what_is_fixed() -> None:
    fixed = under("code.text", fixedString="a")

    assert matches(*sliced("value:code.text", fixed)) == [{"path": "code.text", "fixed": "a"}]


def test_a_value_may_be_a_pattern_whatever_the_kind_is_called() -> None:
    pattern = under("code", patternCodeableConcept=A)

    assert matches(*sliced("value:code", pattern)) == [{"path": "code", "pattern": A}]
    assert matches(*sliced("pattern:code", pattern)) == [{"path": "code", "pattern": A}]


def test_a_value_may_be_put_together_from_what_is_fixed_below() -> None:
    system = under("code.coding.system", fixedUri="http://loinc.org")
    code = under("code.coding.code", fixedCode="a")

    assert matches(*sliced("value:code", system, code)) == [
        {"path": "code", "pattern": {"coding": [{"code": "a", "system": "http://loinc.org"}]}}
    ]


def test_a_value_may_be_any_of_a_required_value_set() -> None:
    bound = under("code", binding={"strength": "required", "valueSet": CODES})

    assert matches(*sliced("value:code", bound)) == [{"path": "code", "binding": CODES}]


def test_a_value_that_the_element_fixes_for_all_slices_counts() -> None:
    system = element(f"{COMPONENT}.code.coding.system", fixedUri="http://loinc.org")
    both = slicing("value:code.coding.system", "value:code.coding.code")
    code = under("code.coding.code", fixedCode="a")

    assert matches(element(COMPONENT, slicing=both), system, under("code"), code) == [
        {"path": "code.coding.system", "fixed": "http://loinc.org"},
        {"path": "code.coding.code", "fixed": "a"},
    ]


def test_a_value_may_stand_in_a_slice_within_the_slice() -> None:
    inner = [
        under("code.coding", slicing=slicing("value:code")),
        under("code.coding:loinc", min_=1),
        under("code.coding:loinc.code", fixedCode="a"),
    ]

    found = root(profile(*sliced("value:code.coding.code", *inner)))
    slice_ = found["elements"]["component"]["slices"]["a"]
    coding = slice_["elements"]["code"]["elements"]["coding"]

    assert slice_["match"] == [{"path": "code.coding.code", "fixed": "a"}]
    assert coding["slices"]["loinc"]["match"] == [{"path": "code", "fixed": "a"}]


def test_this_is_the_element_itself() -> None:
    found = root(
        profile(
            element("Observation.category", slicing=slicing("pattern:$this")),
            element("Observation.category:a", patternCodeableConcept=A),
        )
    )

    assert found["elements"]["category"]["slices"]["a"]["match"] == [
        {"path": "$this", "pattern": A}
    ]


@pytest.mark.parametrize(("members", "expected"), [({"max_": "0"}, False), ({"min_": 1}, True)])
def test_an_element_may_be_there_or_not(members: Json, *, expected: bool) -> None:
    assert matches(*sliced("exists:interpretation", under("interpretation", **members))) == [
        {"path": "interpretation", "exists": expected}
    ]


def test_a_type_is_one_of_those_that_are_left() -> None:
    typed = under("value[x]", type_=[{"code": "Quantity"}, {"code": "Range"}])

    assert matches(*sliced("type:value", typed)) == [
        {"path": "value", "types": ["Quantity", "Range"]}
    ]


def test_a_type_may_be_that_of_a_resource() -> None:
    found = root(
        profile(
            element("Bundle.entry", slicing=slicing("type:resource")),
            element("Bundle.entry:patient", min_=1),
            element("Bundle.entry:patient.resource", type_=[{"code": "Patient"}]),
        )
    )

    assert found["elements"]["entry"]["slices"]["patient"]["match"] == [
        {"path": "resource", "types": ["Patient"]}
    ]


def referring(discriminator: str, target: str, *others: Json) -> list[Json]:
    to = [{"code": "Reference", "targetProfile": [target]}]
    made = profile(
        element("Observation.hasMember", slicing=slicing(discriminator)),
        element("Observation.hasMember:a", type_=to),
    )
    found: list[Json] = root(made, *others)["elements"]["hasMember"]["slices"]["a"]["match"]
    return found


MEMBER = profile(
    element("Observation.code", patternCodeableConcept=A),
    name="member",
)


def test_what_is_referred_to_is_told_by_type_profile_or_value() -> None:
    target = HOME + "member"

    assert referring("type:resolve()", target, MEMBER) == [
        {"path": "resolve()", "types": ["Observation"]}
    ]
    assert referring("profile:$this.resolve()", target, MEMBER) == [
        {"path": "resolve()", "profiles": [target]}
    ]
    assert referring("value:resolve().code", target, MEMBER) == [
        {"path": "resolve().code", "pattern": A}
    ]


def test_what_is_referred_to_and_unknown_is_told_by_its_profile() -> None:
    assert referring("value:resolve().code", HOME + "unknown") == [
        {"path": "resolve()", "profiles": [HOME + "unknown"]}
    ]


def test_profiles_of_types_tell_slices() -> None:
    typed = under("value[x]", type_=[{"code": "Quantity", "profile": [FHIR + "SimpleQuantity"]}])

    assert matches(*sliced("profile:value", typed)) == [
        {"path": "value", "profiles": [FHIR + "SimpleQuantity"]}
    ]


def test_a_value_may_come_from_the_profile_of_a_type() -> None:
    concept = profile(
        element("CodeableConcept.coding.code", fixedCode="a"),
        name="concept",
        type="CodeableConcept",
    )
    typed = under("code", type_=[{"code": "CodeableConcept", "profile": [HOME + "concept"]}])

    assert matches(*sliced("value:code.coding.code", typed), others=(concept,)) == [
        {"path": "code.coding.code", "fixed": "a"}
    ]


def test_a_choice_may_be_narrowed_on_the_way() -> None:
    unit = [
        under("value[x]", type_=[{"code": "Quantity"}]),
        under("value[x].code", fixedCode="kg"),
    ]

    assert matches(*sliced("value:value.ofType(Quantity).code", *unit)) == [
        {"path": "value.ofType(Quantity).code", "fixed": "kg"}
    ]


EXTENSION = profile(
    element("Extension.url", fixedUri="http://example.org/other"),
    element("Extension.value[x]", type_=[{"code": "code"}], fixedCode="a"),
    name="extension",
)


def extended(*elements: Json, others: tuple[Json, ...] = ()) -> Json:
    found = root(profile(element("Patient"), *elements), *others)["elements"]["extension"]
    return dict(found)


def test_extensions_are_sliced_by_their_definitions_url() -> None:
    typed = [{"code": "Extension", "profile": [HOME + "extension"]}]
    named = element("Patient.extension:named", type_=typed)

    known = extended(named, others=(EXTENSION,))
    unknown = extended(named)

    assert known["slicing"] == unknown["slicing"] == BY_URL
    assert known["slices"]["named"]["match"] == [
        {"path": "url", "fixed": "http://example.org/other"}
    ]
    assert unknown["slices"]["named"]["match"] == [{"path": "url", "fixed": HOME + "extension"}]


def test_extensions_within_extensions_are_sliced_by_their_own_url() -> None:
    found = root(
        profile(
            element("Extension.extension:part", min_=1),
            element("Extension.extension:part.url", fixedUri="part"),
        )
    )

    assert found["elements"]["extension"]["slices"]["part"]["match"] == [
        {"path": "url", "fixed": "part"}
    ]


def test_a_path_may_lead_through_an_extension() -> None:
    typed = [{"code": "Extension", "profile": [HOME + "extension"]}]
    path = "extension('http://example.org/other').value"

    found = matches(
        *sliced(f"value:{path}", under("extension:named", type_=typed)), others=(EXTENSION,)
    )
    unsliced = matches(*sliced(f"value:extension('{HOME}extension').value"), others=(EXTENSION,))

    assert found == [{"path": path, "fixed": "a"}]
    assert unsliced == [{"path": f"extension('{HOME}extension').value", "fixed": "a"}]


@pytest.mark.parametrize(
    "discriminator",
    [
        "value:code",
        "exists:code",
        "value:nowhere",
        "value:code.where(x)",
        "position:code",
        "value:",
    ],
)
def test_a_discriminator_that_finds_nothing_is_told(discriminator: str) -> None:
    error = refused(profile(*sliced(discriminator, min_=1)))

    assert error.element == f"{COMPONENT}:a"


def test_a_discriminator_without_slices_may_find_nothing() -> None:
    assert root(profile(element(COMPONENT, slicing=slicing("value:code")))) == {
        "elements": {
            "component": {"slicing": {"discriminators": [["value", "code"]], "rules": "open"}}
        }
    }


def test_profiles_that_lead_to_each_other_are_compiled() -> None:
    def holding(name: str, other: str) -> Json:
        to = [{"code": "Reference", "targetProfile": [HOME + other]}]
        return profile(
            element("Observation.code", patternCodeableConcept={"text": name}),
            element("Observation.hasMember", slicing=slicing("value:resolve().code")),
            element("Observation.hasMember:it", type_=to),
            name=name,
        )

    found = root(holding("tiny", "other"), holding("other", "tiny"))

    assert found["elements"]["hasMember"]["slices"]["it"]["match"] == [
        {"path": "resolve().code", "pattern": {"text": "other"}}
    ]

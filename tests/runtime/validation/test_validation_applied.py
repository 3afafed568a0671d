from typing import Any

import pytest
from made_resources import ada, found, known, only

from pymedplum_runtime.profiles.tables import DefinitionTable
from pymedplum_runtime.validation import validate

URL = "http://example.org/StructureDefinition/adult"
OTHER = "http://example.org/StructureDefinition/unheard-of"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
ADULT: DefinitionTable = {
    "url": URL,
    "version": "2.0",
    "name": "Adult",
    "type": "Patient",
    "profile": True,
    "root": {"elements": {"birthDate": {"min": 1}, "gender": {"must_support": True}}},
}
BUNDLE_PROFILE: DefinitionTable = {
    "url": "http://example.org/StructureDefinition/box",
    "type": "Bundle",
    "profile": True,
    "root": {},
}
KNOWN = known(ADULT, BUNDLE_PROFILE)


def unborn(**members: Any) -> dict[str, Any]:
    return {k: v for k, v in ada(**members).items() if k != "birthDate"}


@pytest.mark.parametrize("canonical", [URL, f"{URL}|2.0"])
def test_a_profile_that_is_asked_for_is_applied(canonical: str) -> None:
    report = validate(unborn(), profile=canonical, definitions=KNOWN)
    issue = only(report)

    assert (issue.expression, issue.profile) == ("Patient.birthDate", URL)
    assert report.profiles == (URL,)
    assert [row.element for row in report.must_support_missing] == ["Patient.gender"]


def test_a_profile_that_the_resource_names_is_applied() -> None:
    report = validate(unborn(meta={"profile": [URL]}), definitions=KNOWN)

    assert [i.profile for i in report.errors] == [URL]
    assert report.profiles == (URL,)


def test_a_profile_that_is_named_twice_is_applied_once() -> None:
    named = unborn(meta={"profile": [URL, f"{URL}|2.0"]})

    assert len(validate(named, profile=[URL], definitions=KNOWN).errors) == 1


def test_profiles_belong_to_the_level_profile() -> None:
    named = unborn(meta={"profile": [URL]})

    assert validate(named, level="base", definitions=KNOWN).errors == ()
    with pytest.raises(ValueError, match="level='base' leaves them out"):
        validate(named, level="base", profile=URL, definitions=KNOWN)


@pytest.mark.parametrize(
    ("canonical", "words"),
    [
        (OTHER, "load it with load_profile()"),
        (f"{URL}|1.0", "not known in this version, only in version 2.0"),
        (URL.rpartition("/")[2], f"did you mean '{URL}'?"),
        (URL[:-1], f"did you mean '{URL}'?"),
    ],
)
def test_an_unknown_profile_is_an_error_where_the_caller_asks_for_it(
    canonical: str, words: str
) -> None:
    issue = only(validate(ada(), profile=canonical, definitions=KNOWN))

    assert (issue.severity, issue.code) == ("error", "not-found")
    assert words in issue.message


@pytest.mark.parametrize("canonical", [OTHER, f"{URL}|1.0"])
def test_an_unknown_profile_is_a_warning_and_unchecked_where_the_resource_names_it(
    canonical: str,
) -> None:
    report = validate(unborn(meta={"profile": [canonical]}), definitions=KNOWN)

    assert (report.ok, report.profiles) == (True, ())
    assert found(report) == [("Patient.meta.profile[0]", "Meta.profile")]
    assert ("Patient.meta.profile[0]", canonical) in [
        (row.expression, row.canonical) for row in report.unchecked
    ]


def test_a_profile_of_another_type_is_an_error() -> None:
    issue = only(validate(ada(), profile=BUNDLE_PROFILE["url"], definitions=KNOWN))

    assert issue.severity == "error"
    assert issue.message.endswith("is for Bundle, not for Patient")


def test_the_definition_of_the_type_itself_is_a_profile_too() -> None:
    base = "http://hl7.org/fhir/StructureDefinition/Patient"

    assert validate(ada(), profile=base).issues == ()
    assert not validate(ada(), profile=base.replace("Patient", "Group")).ok
    assert validate(ada(), profile=base.replace("Patient", "DomainResource")).ok


def test_profiles_of_contained_resources_and_entries_are_applied() -> None:
    named = unborn(meta={"profile": [URL]})
    outer = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": named}]}
    group = {
        "resourceType": "Group",
        "type": "person",
        "actual": True,
        "contained": [{**named, "id": "p", "text": None}],
        "member": [{"entity": {"reference": "#p"}}],
    }
    group["contained"] = [{k: v for k, v in {**named, "id": "p"}.items() if k != "text"}]
    paths = [i.expression for r in (outer, group) for i in validate(r, definitions=KNOWN).errors]

    assert paths == ["Bundle.entry[0].resource.birthDate", "Group.contained[0].birthDate"]
    assert validate(outer, definitions=KNOWN).profiles == ()


@pytest.mark.parametrize("profile", [7, [7], [None]])
def test_profiles_are_named_by_text(profile: Any) -> None:
    with pytest.raises(TypeError):
        validate(ada(), profile=profile)


@pytest.mark.parametrize("meta", [7, [], {"profile": 7}, {"profile": [7]}])
def test_a_broken_meta_names_no_profile(meta: Any) -> None:
    assert not validate(ada(meta=meta)).ok


def test_profiles_of_datatypes_are_applied_to_their_values() -> None:
    amount = {"value": 1, "comparator": "<"}
    request = {
        "resourceType": "SupplyDelivery",
        "suppliedItem": {"quantity": amount},
    }
    (first, *_) = validate(request, level="base").errors

    assert first.expression.startswith("SupplyDelivery.suppliedItem.quantity")
    assert first.profile == "http://hl7.org/fhir/StructureDefinition/SimpleQuantity"


def test_us_core_is_known() -> None:
    report = validate(ada(), profile=US_CORE)

    assert {i.expression for i in report.errors} == {"Patient.identifier", "Patient.gender"}
    assert report.profiles == (US_CORE,)


def test_what_is_no_web_address_is_not_quoted_as_a_profile() -> None:
    named = ["Lovelace", "urn:uuid:Lovelace", "http://Lovelace ", OTHER]
    report = validate(ada(meta={"profile": named}), definitions=KNOWN)

    assert [row.canonical for row in report.unchecked][:4] == [*["(no URL)"] * 3, OTHER]
    assert "Lovelace" not in f"{report}{report!r}{report.to_operation_outcome()}"

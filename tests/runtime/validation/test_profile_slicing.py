"""How slices are counted, ordered and nested, and what becomes of items in none of them."""

from typing import Any

import pytest
from pass_findings import PROFILE, errors, findings, profile

from pymedplum_runtime.profiles.tables import ElementTable


def telecoms(*systems: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "telecom": [{"system": s, "value": s} for s in systems]}


def by_system(system: str, **rules: Any) -> ElementTable:
    return {"match": [{"path": "system", "fixed": system}], **rules}


def sliced(slices: dict[str, ElementTable], **slicing: Any) -> Any:
    rows = {"discriminators": [["value", "system"]], "rules": "open", **slicing}
    element: Any = {"slicing": rows, "slices": slices}
    return profile("Patient", {"elements": {"telecom": element}})


def test_a_slice_that_is_required_is_missed() -> None:
    table = sliced({"phone": by_system("phone", min=1)})
    assert errors(telecoms("fax", "phone"), table) == []
    assert errors(telecoms("fax"), table) == [
        "Patient.telecom: slice 'phone' of Patient.telecom: at least 1 is required, 0 found"
    ]
    assert len(errors({"resourceType": "Patient"}, table)) == 1


def test_a_slice_may_be_full() -> None:
    table = sliced({"phone": by_system("phone", max=1)})
    assert errors(telecoms("phone", "fax"), table) == []
    assert errors(telecoms("phone", "phone"), table) == [
        "Patient.telecom: slice 'phone' of Patient.telecom: at most 1 is allowed, 2 found"
    ]


def test_rules_of_a_slice_hold_for_its_items_alone() -> None:
    rules: Any = {"elements": {"value": {"fixed": "phone"}, "use": {"min": 1}}}
    table = sliced({"phone": by_system("phone", **rules)})
    (issue,) = findings(telecoms("fax", "phone"), table).context.issues
    assert issue.expression == "Patient.telecom[1].use"
    assert issue.element == "Patient.telecom:phone.use"
    assert issue.profile == PROFILE


def test_open_slicing_lets_other_items_be() -> None:
    table = sliced({"phone": by_system("phone")}, rules="open")
    assert errors(telecoms("fax", "phone", "sms"), table) == []


def test_closed_slicing_refuses_other_items() -> None:
    table = sliced({"phone": by_system("phone"), "fax": by_system("fax")}, rules="closed")
    assert errors(telecoms("fax", "phone"), table) == []
    assert errors(telecoms("fax", "sms"), table) == [
        "Patient.telecom[1]: is in no slice of Patient.telecom, which has only phone, fax"
    ]


def test_a_message_lists_few_of_many_slices() -> None:
    table = sliced({f"s{n}": by_system(f"s{n}") for n in range(20)}, rules="closed")
    message = errors(telecoms("fax"), table)[0]
    assert message.endswith("which has only s0, s1, s2, s3, s4, s5, s6, s7, 12 more")


def test_slicing_open_at_the_end_wants_other_items_last() -> None:
    table = sliced({"phone": by_system("phone")}, rules="openAtEnd")
    assert errors(telecoms("phone", "fax", "sms"), table) == []
    assert errors(telecoms("phone", "fax", "phone"), table) == [
        "Patient.telecom[2]: must come before the items that are in no slice of Patient.telecom"
    ]


def test_ordered_slices_come_in_the_order_of_the_profile() -> None:
    slices = {"phone": by_system("phone"), "fax": by_system("fax")}
    table = sliced(slices, ordered=True)
    assert errors(telecoms("phone", "phone", "sms", "fax"), table) == []
    assert errors(telecoms("fax", "phone"), table) == [
        "Patient.telecom[1]: slice 'phone' must come before slice 'fax'"
    ]
    assert errors(telecoms("fax", "phone"), sliced(slices)) == []


def test_an_item_of_two_slices_is_an_error_and_counts_for_the_first() -> None:
    table = sliced({"a": by_system("phone", max=1), "b": by_system("phone", min=1)})
    double, missing = findings(telecoms("phone"), table).errors
    assert double == ("Patient.telecom[0]: matches the slices 'a' and 'b', and may be in one alone")
    assert "slice 'b'" in missing


def test_the_default_slice_takes_what_is_left() -> None:
    slices: Any = {"phone": by_system("phone"), "@default": {"elements": {"use": {"min": 1}}}}
    table = sliced(slices, rules="closed")
    assert [e.partition(":")[0] for e in errors(telecoms("phone", "fax"), table)] == [
        "Patient.telecom[1].use"
    ]


def test_slices_may_have_slices() -> None:
    by_use: Any = {"discriminators": [["value", "use"]], "rules": "closed"}
    inner: Any = {
        "home": {"match": [{"path": "use", "fixed": "home"}], "min": 1},
        "work": {"match": [{"path": "use", "fixed": "work"}], "max": 1},
    }
    table = sliced({"phone": by_system("phone", slicing=by_use, slices=inner)})

    def phones(*uses: str) -> Any:
        rows = [{"system": "phone", "use": use} for use in uses]
        return {"resourceType": "Patient", "telecom": [{"system": "fax"}, *rows]}

    assert errors(phones("home", "work"), table) == []
    assert errors(phones("work", "work", "temp"), table) == [
        "Patient.telecom[3]: is in no slice of Patient.telecom:phone, which has only home, work",
        "Patient.telecom: slice 'home' of Patient.telecom:phone: at least 1 is required, 0 found",
        "Patient.telecom: slice 'work' of Patient.telecom:phone: at most 1 is allowed, 2 found",
    ]
    issue = findings(phones("work", "work"), table).context.issues[-1]
    assert issue.element == "Patient.telecom:phone/work"


def test_slices_that_must_be_supported_are_listed_where_absent() -> None:
    table = sliced({"phone": by_system("phone", must_support=True)})
    assert findings(telecoms("fax"), table).must_support == ["Patient.telecom:phone"]
    assert findings(telecoms("phone"), table).must_support == []


def test_a_choice_is_sliced_by_its_type() -> None:
    slices: Any = {
        "valueQuantity": {
            "match": [{"path": "$this", "types": ["Quantity"]}],
            "elements": {"code": {"fixed": "kg"}},
        }
    }
    slicing: Any = {"discriminators": [["type", "$this"]], "rules": "closed"}
    element: Any = {"slicing": slicing, "slices": slices}
    table = profile("Observation", {"elements": {"value[x]": element}})

    def valued(**value: Any) -> Any:
        return {"resourceType": "Observation", **value}

    assert errors(valued(valueQuantity={"code": "kg"}), table) == []
    assert errors(valued(valueQuantity={"code": "g"}), table) == [
        "Observation.value.code: must be exactly 'kg'"
    ]
    assert errors(valued(valueString="kg"), table) == [
        "Observation.value: is in no slice of Observation.value[x], which has only valueQuantity"
    ]


def test_slices_without_discriminators_take_what_satisfies_them() -> None:
    slices: Any = {
        "mobile": {
            "match": [{"path": "$this", "conforms": True}],
            "min": 1,
            "elements": {"use": {"min": 1, "fixed": "mobile"}},
        }
    }
    table = sliced(slices, discriminators=[])
    mobile = {"resourceType": "Patient", "telecom": [{"use": "mobile"}]}
    assert errors(mobile, table) == []
    assert len(errors(telecoms("phone"), table)) == 1


RACE = "http://example.org/race"


@pytest.mark.parametrize(
    ("extension", "found"),
    [
        ([{"url": RACE, "valueString": "a"}], []),
        ([{"url": "http://example.org/other"}], ["Patient.extension"]),
        ([{"url": RACE, "valueInteger": 1}], ["Patient.extension[0].value"]),
        ([{"url": RACE}], ["Patient.extension[0].value"]),
    ],
)
def test_extension_slices_hold_to_their_definitions(extension: Any, found: list[str]) -> None:
    definition = profile(
        "Extension",
        {"elements": {"value[x]": {"min": 1, "types": [{"code": "string"}]}}},
        url=RACE,
    )
    race: Any = {
        "match": [{"path": "url", "fixed": RACE}],
        "min": 1,
        "types": [{"code": "Extension", "profiles": [RACE]}],
    }
    slicing: Any = {"discriminators": [["value", "url"]], "rules": "open"}
    table = profile(
        "Patient", {"elements": {"extension": {"slicing": slicing, "slices": {"race": race}}}}
    )
    resource = {"resourceType": "Patient", "extension": extension}
    assert [e.partition(":")[0] for e in errors(resource, table, definition)] == found


def test_an_extension_slice_whose_definition_is_unknown_is_unchecked() -> None:
    race: Any = {
        "match": [{"path": "url", "fixed": RACE}],
        "types": [{"code": "Extension", "profiles": [RACE]}],
    }
    table = profile("Patient", {"elements": {"extension": {"slices": {"race": race}}}})
    resource = {"resourceType": "Patient", "extension": [{"url": RACE}]}
    found = findings(resource, table)
    assert found.errors == []
    assert found.unchecked == [("Patient.extension[0]", RACE)]


def test_entries_of_a_bundle_are_sliced_by_the_type_of_their_resource() -> None:
    def entry(type_: str, **rules: Any) -> Any:
        return {"match": [{"path": "resource", "types": [type_]}], **rules}

    slices = {"composition": entry("Composition", min=1, max=1), "patient": entry("Patient", min=1)}
    slicing: Any = {"discriminators": [["type", "resource"]], "rules": "closed"}
    table = profile("Bundle", {"elements": {"entry": {"slicing": slicing, "slices": slices}}})

    def bundle(*types: str) -> Any:
        return {
            "resourceType": "Bundle",
            "entry": [{"resource": {"resourceType": t}} for t in types],
        }

    assert errors(bundle("Composition", "Patient", "Patient"), table) == []
    assert errors(bundle("Composition", "Device"), table) == [
        "Bundle.entry[1]: is in no slice of Bundle.entry, which has only composition, patient",
        "Bundle.entry: slice 'patient' of Bundle.entry: at least 1 is required, 0 found",
    ]


def test_slices_of_a_slice_of_an_element_inside_a_slice_are_told_apart() -> None:
    coding: Any = {
        "slicing": {"discriminators": [["value", "system"]], "rules": "open"},
        "slices": {"loinc": by_system("http://loinc.org", min=1)},
    }
    component: Any = {
        "match": [{"path": "code.text", "fixed": "systolic"}],
        "elements": {"code": {"elements": {"coding": coding}}},
    }
    slicing: Any = {"discriminators": [["value", "code.text"]], "rules": "open"}
    element: Any = {"slicing": slicing, "slices": {"systolic": component}}
    table = profile("Observation", {"elements": {"component": element}})
    items = [{"code": {"text": "diastolic"}}, {"code": {"text": "systolic"}}]
    (issue,) = findings({"resourceType": "Observation", "component": items}, table).context.issues
    assert issue.expression == "Observation.component[1].code.coding"
    assert issue.element == "Observation.component:systolic.code.coding:loinc"

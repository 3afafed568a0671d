"""Resources that are large, deep or tangled: the work grows with them, and no faster."""

from typing import Any

from pass_findings import PROFILE, findings, profile

FHIR = "http://hl7.org/fhir/StructureDefinition/"
MANY = 20_000


def test_a_long_list_is_sorted_into_slices_item_by_item() -> None:
    slices: Any = {
        name: {"match": [{"path": "system", "fixed": name}], "elements": {"value": {"min": 1}}}
        for name in ("phone", "fax")
    }
    slicing: Any = {"discriminators": [["value", "system"]], "rules": "closed"}
    table = profile("Patient", {"elements": {"telecom": {"slicing": slicing, "slices": slices}}})
    telecom = [{"system": "phone"}, {"system": "fax", "value": "1"}, {"system": "sms"}] * MANY
    found = findings({"resourceType": "Patient", "telecom": telecom}, table)
    assert len(found.errors) == 200  # a hundred of each rule, the rest is counted
    found.context.close()
    more = [i.message for i in found.context.issues[-2:]]
    assert more == [f"this rule is broken {MANY - 100} more times"] * 2


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"url": "u"}
    for _ in range(depth):
        value = {"url": "u", "extension": [value]}
    return value


def test_a_profile_that_leads_to_itself_ends_where_the_walk_does() -> None:
    inner: Any = {"types": [{"code": "Extension", "profiles": [PROFILE]}]}
    table = profile("Extension", {"elements": {"extension": inner, "url": {"fixed": "v"}}})
    found = findings(nested(10_000), table)
    assert 0 < len(found.errors) <= 100
    assert [canonical for _, canonical in found.unchecked] == [PROFILE]


def test_content_that_leads_to_itself_ends_where_the_walk_does() -> None:
    item: Any = {"elements": {"text": {"min": 1}, "item": {"content": "Questionnaire.item"}}}
    table = profile("Questionnaire", {"elements": {"item": item}})
    value: dict[str, Any] = {}
    for _ in range(10_000):
        value = {"item": [value]}
    found = findings({"resourceType": "Questionnaire", **value}, table)
    assert len(found.errors) == 100


def tangle(size: int) -> dict[str, Any]:
    """Give patients each of which refers twice to the next one."""
    entry: list[Any] = []
    for number in range(size):
        link = [{"other": {"reference": f"urn:uuid:{number + 1}"}}] * 2
        patient = {"resourceType": "Patient", "link": link}
        entry.append({"fullUrl": f"urn:uuid:{number}", "resource": patient})
    return {"resourceType": "Bundle", "entry": entry}


def test_references_among_many_resources_are_tried_once_for_each() -> None:
    linked = "http://example.org/linked"
    targets: Any = {"types": [{"code": "Reference", "targets": [linked]}]}
    patient = profile(
        "Patient", {"elements": {"link": {"elements": {"other": targets}}}}, url=linked
    )
    resource: Any = {"types": [{"code": "Patient", "profiles": [linked]}]}
    table = profile("Bundle", {"elements": {"entry": {"elements": {"resource": resource}}}})
    found = findings(tangle(500), table, patient)
    assert found.errors == []
    assert len(found.context.outcomes) == 499


def test_slices_that_are_tried_inside_each_other_end() -> None:
    inner: Any = {"types": [{"code": "Extension", "profiles": [PROFILE]}]}
    slices: Any = {"self": {"match": [{"path": "$this", "profiles": [PROFILE]}], **inner}}
    table = profile("Extension", {"elements": {"extension": {"slices": slices}}})
    found = findings(nested(10_000), table)
    assert found.errors == []

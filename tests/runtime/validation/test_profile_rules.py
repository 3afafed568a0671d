"""Constraints and bindings of a profile, broken and kept."""

from typing import Any

from pass_findings import PROFILE, errors, findings, profile

from pymedplum_runtime.profiles.tables import ElementTable


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def about(**elements: ElementTable) -> Any:
    return profile("Patient", {"elements": elements})


def test_a_constraint_names_its_key_and_profile() -> None:
    row = ["us-1", "error", "a name has a family name", "family.exists()"]
    table = about(name={"constraints": [row]})
    assert errors(patient(name=[{"family": "a"}]), table) == []
    (issue,) = findings(patient(name=[{"text": "a"}]), table).context.issues
    assert (issue.key, issue.profile, issue.element) == ("us-1", PROFILE, "Patient.name")
    assert (issue.severity, issue.code, issue.expression) == (
        "error",
        "invariant",
        "Patient.name[0]",
    )


def test_a_constraint_may_only_warn() -> None:
    row = ["us-1", "warning", "a patient has a name", "name.exists()"]
    found = findings(patient(), profile("Patient", {"constraints": [row]}))
    assert found.errors == []
    assert found.warnings == ["Patient: us-1: a patient has a name"]


CODES = {"url": "http://example.org/vs", "systems": {"s": ["a", "b"]}}


def test_a_required_binding_refuses_other_codes() -> None:
    binding: Any = {"strength": "required", "value_set": CODES["url"]}
    table = about(maritalStatus={"binding": binding})
    good = {"coding": [{"system": "s", "code": "a"}]}
    assert errors(patient(maritalStatus=good), table, value_sets=[CODES]) == []
    wrong = {"coding": [{"system": "s", "code": "x"}]}
    (issue,) = findings(patient(maritalStatus=wrong), table, value_sets=[CODES]).context.issues
    assert (issue.severity, issue.code, issue.profile) == ("error", "code-invalid", PROFILE)


def test_an_extensible_binding_warns_of_other_codes() -> None:
    binding: Any = {"strength": "extensible", "value_set": CODES["url"]}
    table = about(maritalStatus={"binding": binding})
    wrong = {"coding": [{"system": "s", "code": "x"}]}
    found = findings(patient(maritalStatus=wrong), table, value_sets=[CODES])
    assert (found.errors, len(found.warnings)) == ([], 1)


def test_a_greatest_value_set_is_the_limit_of_an_extensible_binding() -> None:
    binding: Any = {
        "strength": "extensible",
        "value_set": CODES["url"],
        "max_value_set": "http://example.org/max",
    }
    widest = {"url": "http://example.org/max", "systems": {"s": ["a", "b", "c"]}}
    table = about(maritalStatus={"binding": binding})

    def found(code: str) -> tuple[int, int]:
        value = {"coding": [{"system": "s", "code": code}]}
        both = findings(patient(maritalStatus=value), table, value_sets=[CODES, widest])
        return len(both.errors), len(both.warnings)

    assert [found("a"), found("c"), found("d")] == [(0, 0), (0, 1), (1, 1)]


def test_a_code_that_no_table_lists_is_asked_about() -> None:
    binding: Any = {"strength": "required", "value_set": "http://example.org/open"}
    table = about(maritalStatus={"binding": binding})
    found = findings(patient(maritalStatus={"coding": [{"system": "s", "code": "x"}]}), table)
    assert found.errors == []
    assert [q.rule[2] for q in found.context.questions] == [PROFILE]

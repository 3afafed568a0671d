import copy
import json
from decimal import Decimal
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymedplum.fhir import ProjectMembershipAccess, Reference
from pymedplum_runtime.access import (
    MergeResult,
    build_merged_access,
    get_project_membership_access_parameter,
    get_project_membership_access_policy_id,
    make_project_membership_access,
    merged_equals_remote,
    normalize_access_entry,
    normalize_access_policy_id,
    normalize_access_policy_reference,
    normalize_project_membership_id,
    partition_access,
    validate_managed_access,
)

Wild: TypeAlias = Any  # what callers and servers give, well-formed or not


def bound(policy_id: str, organization: str = "Organization/a") -> dict[str, Any]:
    return make_project_membership_access(policy_id, {"organization": organization})


MALFORMED: list[Any] = [
    {},
    {"policy": None},
    {"policy": "AccessPolicy/mine"},
    {"policy": {}},
    {"policy": {"reference": 5}},
    {"policy": {"reference": "Patient/mine"}},
    {"policy": {"display": "mine"}},
]


def test_an_entry_has_references_and_texts_as_parameters() -> None:
    entry = make_project_membership_access(
        "AccessPolicy/practice",
        {
            "organization": "Organization/a",
            "doctor": Reference(reference="Practitioner/d", display="Dr. D"),
            "location": {"reference": "Location/l"},
            "level": "read only",
        },
    )
    assert entry == {
        "policy": {"reference": "AccessPolicy/practice"},
        "parameter": [
            {"name": "organization", "valueReference": {"reference": "Organization/a"}},
            {
                "name": "doctor",
                "valueReference": {"reference": "Practitioner/d", "display": "Dr. D"},
            },
            {"name": "location", "valueReference": {"reference": "Location/l"}},
            {"name": "level", "valueString": "read only"},
        ],
    }
    ProjectMembershipAccess.model_validate(entry)


@pytest.mark.parametrize(
    "text", ["n/a", "N/A", "https://example.org/x", "a/b/c", "Patient/", "Patient/a b", "Patient"]
)
def test_a_text_of_another_shape_than_a_reference_stays_a_text(text: str) -> None:
    entry = make_project_membership_access("p", {"x": text})
    assert entry["parameter"] == [{"name": "x", "valueString": text}]


def test_an_entry_without_parameters_has_no_empty_list() -> None:
    assert make_project_membership_access("p", {}) == {"policy": {"reference": "AccessPolicy/p"}}


@pytest.mark.parametrize(
    ("policy", "parameters"),
    [
        ("", {}),
        ("p", {"": "a"}),
        ("p", {" ": "a"}),
        ("p", {1: "a"}),
        ("p", {"x": ""}),
        ("p", {"x": " "}),
        ("p", {"x": {"display": "secret"}}),
        ("p", {"x": {"reference": ""}}),
    ],
)
def test_a_malformed_entry_is_not_made(policy: str, parameters: Wild) -> None:
    with pytest.raises(ValueError, match=r"parameter|AccessPolicy") as refusal:
        make_project_membership_access(policy, parameters)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("policy", "parameters"),
    [(5, {}), (None, {}), ("p", ["x"]), ("p", {"x": 5}), ("p", {"x": ["secret"]}), ("p", None)],
)
def test_an_entry_is_not_made_of_other_types(policy: Wild, parameters: Wild) -> None:
    with pytest.raises(TypeError, match=r"not|got") as refusal:
        make_project_membership_access(policy, parameters)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "policy",
    [
        "p-1",
        " p-1 ",
        "AccessPolicy/p-1",
        Reference(reference="AccessPolicy/p-1", display="Practice"),
        {"reference": "AccessPolicy/p-1", "display": "Practice"},
    ],
)
def test_a_policy_is_known_by_id_and_reference(policy: Wild) -> None:
    assert normalize_access_policy_id(policy) == "p-1"
    assert normalize_access_policy_reference(policy) == {"reference": "AccessPolicy/p-1"}


@pytest.mark.parametrize(
    "policy",
    [
        "",
        " ",
        "AccessPolicy/",
        "AccessPolicy/a/b",
        "AccessPolicy/..",
        "..",
        "Patient/1",
        "accesspolicy/1",
        "https://example.org/AccessPolicy/1",
        "a?b",
        {},
        {"reference": None},
        {"reference": "Patient/1"},
        Reference(display="x"),
    ],
)
def test_what_is_no_access_policy_is_refused(policy: Wild) -> None:
    with pytest.raises(ValueError, match="AccessPolicy"):
        normalize_access_policy_reference(policy)
    with pytest.raises(ValueError, match="AccessPolicy"):
        normalize_access_policy_id(policy)


def test_a_refused_reference_is_named() -> None:
    with pytest.raises(ValueError, match="AccessPolicy/<id>, not Patient/1"):
        normalize_access_policy_id("Patient/1")


def test_a_membership_is_known_by_id_and_reference() -> None:
    assert normalize_project_membership_id("m") == "m"
    assert normalize_project_membership_id("ProjectMembership/m") == "m"
    with pytest.raises(ValueError, match="ProjectMembership"):
        normalize_project_membership_id("Patient/m")
    with pytest.raises(TypeError, match="not int"):
        normalize_project_membership_id(5)  # type: ignore[arg-type]


def test_an_entry_is_read_as_dict_and_as_model() -> None:
    entry = bound("mine")
    for each in (entry, ProjectMembershipAccess.model_validate(entry)):
        assert get_project_membership_access_policy_id(each) == "mine"
        assert get_project_membership_access_parameter(each, "organization") == {
            "name": "organization",
            "valueReference": {"reference": "Organization/a"},
        }
        assert get_project_membership_access_parameter(each, "other") is None
        assert normalize_access_entry(each) == entry


@pytest.mark.parametrize("entry", [*MALFORMED, None, 5, "x"])
def test_a_malformed_entry_reads_as_none(entry: Wild) -> None:
    assert get_project_membership_access_policy_id(entry) is None
    assert get_project_membership_access_parameter(entry, "x") is None


@pytest.mark.parametrize("parameter", [None, "x", 5, [None, "x", {"name": "y"}], {"name": "x"}])
def test_malformed_parameters_read_as_none(parameter: Wild) -> None:
    assert get_project_membership_access_parameter({"parameter": parameter}, "x") is None


def test_a_normalized_entry_shares_nothing_with_the_caller_s() -> None:
    entry: dict[str, Any] = {**bound("mine"), "extension": None}
    before = copy.deepcopy(entry)
    made = normalize_access_entry(entry)
    made["policy"]["reference"] = "changed"
    made["parameter"].clear()
    assert entry == before
    assert "extension" not in made


def test_models_and_decimals_within_an_entry_become_plain_json() -> None:
    entry = {
        "policy": Reference(reference="AccessPolicy/p"),
        "extension": [{"url": "u", "valueDecimal": Decimal("1.5")}, {"valueDecimal": Decimal(2)}],
    }
    assert json.loads(json.dumps(normalize_access_entry(entry))) == {
        "policy": {"reference": "AccessPolicy/p"},
        "extension": [{"url": "u", "valueDecimal": 1.5}, {"valueDecimal": 2}],
    }


@pytest.mark.parametrize("entry", [None, 5, "x", ["x"], {"policy": object()}, {"x": {1, 2}}])
def test_what_is_no_json_is_no_entry(entry: Wild) -> None:
    with pytest.raises(TypeError, match=r"access entry is|not a JSON value"):
        normalize_access_entry(entry)


def test_access_is_split_into_managed_and_untouched_in_order() -> None:
    first, second, other = bound("mine"), bound("mine", "Organization/b"), bound("other")
    current = [first, other, ProjectMembershipAccess.model_validate(second), *MALFORMED[:1]]
    assert partition_access(current, {"mine"}) == ([first, second], [other, {}])
    assert partition_access(current, {"AccessPolicy/mine"})[0] == [first, second]
    assert partition_access(None, {"mine"}) == ([], [])


@pytest.mark.parametrize("entry", [e for e in MALFORMED if e.get("policy", 0) is not None])
def test_what_is_not_understood_is_untouched(entry: Wild) -> None:
    assert partition_access([entry], {"mine"}) == ([], [entry])


@pytest.mark.parametrize("managed", [set[str](), frozenset[str]()])
def test_managing_no_policy_is_refused(managed: Wild) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        partition_access([], managed)
    with pytest.raises(ValueError, match="must not be empty"):
        validate_managed_access([], managed)


@pytest.mark.parametrize("managed", ["mine", None, 5])
def test_managed_policies_are_a_set_and_no_text(managed: Wild) -> None:
    with pytest.raises(TypeError, match="must be a set"):
        partition_access([], managed)


def test_merged_access_is_the_untouched_then_the_managed() -> None:
    other, mine = bound("other"), bound("mine")
    model = ProjectMembershipAccess.model_validate(mine)
    merged = build_merged_access([other], [model])
    assert merged == [other, mine]
    assert merged[0] is not other


def test_merged_access_equals_the_remote_whatever_the_order_of_members() -> None:
    mine = bound("mine")
    turned = dict(reversed(mine.items()))
    assert merged_equals_remote([mine], [turned])
    assert merged_equals_remote([mine], [ProjectMembershipAccess.model_validate(mine)])
    assert merged_equals_remote([], None)
    assert not merged_equals_remote([mine], None)
    assert not merged_equals_remote([mine, bound("other")], [bound("other"), mine])
    assert not merged_equals_remote([{"x": 1}], [{"x": True}])


@given(st.lists(st.sampled_from(["mine", "ours", "other"])))
def test_partition_and_merge_lose_no_entry(policies: list[str]) -> None:
    current = [bound(policy, f"Organization/{n}") for n, policy in enumerate(policies)]
    before = copy.deepcopy(current)
    managed, untouched = partition_access(current, {"mine", "ours"})
    merged = build_merged_access(untouched, managed)
    assert current == before
    assert sorted(map(json.dumps, merged)) == sorted(map(json.dumps, current))
    assert partition_access(merged, {"mine", "ours"}) == (managed, untouched)


def test_managed_entries_belong_to_managed_policies() -> None:
    validate_managed_access([bound("mine"), bound("ours")], {"mine", "ours"})
    with pytest.raises(ValueError, match=r"managed_access\[1\] refers to AccessPolicy/other"):
        validate_managed_access([bound("mine"), bound("other"), bound("third")], {"mine"})


@pytest.mark.parametrize("entry", MALFORMED)
def test_a_managed_entry_names_its_policy(entry: Wild) -> None:
    with pytest.raises(ValueError, match=r"managed_access\[0\] has no reference"):
        validate_managed_access([entry], {"mine"})


def test_a_merge_s_result_cannot_be_changed() -> None:
    result = MergeResult(updated=True, version_id="2", managed_count=1, untouched_count=0)
    with pytest.raises(AttributeError):
        result.updated = False  # type: ignore[misc]

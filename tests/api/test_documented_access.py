"""What the documents say about ProjectMembership access: pure helpers, then merging."""

import pytest
from api_calls import MakeClient, Server, body, call, path, reply

from pymedplum import (
    PreconditionFailedError,
    build_merged_access,
    get_project_membership_access_parameter,
    get_project_membership_access_policy_id,
    make_project_membership_access,
    merged_equals_remote,
    normalize_access_policy_id,
    normalize_access_policy_reference,
    partition_access,
    validate_managed_access,
)
from pymedplum.fhir import ProjectMembershipAccess, Reference

POLICY = {"reference": "AccessPolicy/p1"}
SHAPES = ["p1", "AccessPolicy/p1", POLICY, Reference(reference="AccessPolicy/p1")]
SHAPE_IDS = ["id", "reference", "dict", "model"]
BAD = ["", "Patient/1", "AccessPolicy/", {}, {"reference": ""}, {"reference": "Patient/1"}]
OURS = {"policy": POLICY, "parameter": [{"name": "a", "valueString": "x"}]}
MORE = {"policy": POLICY, "parameter": [{"name": "a", "valueString": "y"}]}
THEIRS = {"policy": {"reference": "AccessPolicy/other"}}
MANAGED = {"managed_policy_ids": {"p1"}}


@pytest.mark.parametrize("policy", SHAPES, ids=SHAPE_IDS)
def test_a_policy_comes_in_four_shapes(policy: object) -> None:
    assert normalize_access_policy_reference(policy) == POLICY
    assert normalize_access_policy_id(policy) == "p1"
    assert make_project_membership_access(policy, {"a": "x"}) == OURS


@pytest.mark.parametrize("policy", BAD, ids=repr)
def test_what_is_no_policy_is_a_value_error(policy: object) -> None:
    for function in (normalize_access_policy_reference, normalize_access_policy_id):
        with pytest.raises(ValueError, match=r"\S"):
            function(policy)
    with pytest.raises(ValueError, match=r"\S"):
        make_project_membership_access(policy, {})


VALUES = [
    ("Organization/practice-a", {"valueReference": {"reference": "Organization/practice-a"}}),
    (
        {"reference": "Organization/practice-a"},
        {"valueReference": {"reference": "Organization/practice-a"}},
    ),
    (Reference(reference="Patient/1"), {"valueReference": {"reference": "Patient/1"}}),
    ("plain", {"valueString": "plain"}),
    ("n/a", {"valueString": "n/a"}),
    ("http://example.org/Patient/1", {"valueString": "http://example.org/Patient/1"}),
]


@pytest.mark.parametrize(("value", "member"), VALUES)
def test_a_value_is_a_reference_when_it_has_the_shape(
    value: object, member: dict[str, object]
) -> None:
    entry = make_project_membership_access("p1", {"organization": value})
    assert entry["parameter"] == [{"name": "organization", **member}]


@pytest.mark.parametrize("as_model", [False, True], ids=["dict", "model"])
def test_entries_are_read_as_dicts_and_models(*, as_model: bool) -> None:
    entry = ProjectMembershipAccess.model_validate(OURS) if as_model else OURS
    assert get_project_membership_access_policy_id(entry) == "p1"
    assert get_project_membership_access_parameter(entry, "a") == OURS["parameter"][0]
    assert get_project_membership_access_parameter(entry, "b") is None


@pytest.mark.parametrize("entry", [{}, {"policy": {}}, {"policy": {"reference": "Patient/1"}}])
def test_a_malformed_entry_has_no_policy_id(entry: dict[str, object]) -> None:
    assert get_project_membership_access_policy_id(entry) is None


def test_access_is_parted_and_merged_in_order() -> None:
    managed, untouched = partition_access([THEIRS, OURS, {}, MORE], {"p1"})
    assert managed == [OURS, MORE]
    assert untouched == [THEIRS, {}]
    assert build_merged_access([THEIRS], [MORE, OURS]) == [THEIRS, MORE, OURS]


def test_equality_ignores_the_order_of_keys_only() -> None:
    assert merged_equals_remote([OURS], [dict(reversed(OURS.items()))])
    assert not merged_equals_remote([OURS, MORE], [MORE, OURS])


def test_managed_entries_have_managed_policies() -> None:
    assert validate_managed_access([OURS, MORE], {"p1"}) is None
    with pytest.raises(ValueError, match=r"\S"):
        validate_managed_access([OURS, THEIRS], {"p1"})


def membership(*access: object, version: str | None = "7") -> dict[str, object]:
    meta = {"versionId": version} if version else {}
    return {"resourceType": "ProjectMembership", "id": "m", "meta": meta, "access": [*access]}


def merge(
    make_client: MakeClient, server: Server, managed: object, **options: object
) -> tuple[bool, str, int, int]:
    options = {**MANAGED, "managed_access": managed, **options}
    result = call(make_client(server), "merge_project_membership_access", "m", **options)
    return result.updated, result.version_id, result.managed_count, result.untouched_count


@pytest.mark.parametrize("membership_id", ["m", "ProjectMembership/m"])
def test_merging_replaces_what_is_managed_and_keeps_the_rest(
    make_client: MakeClient, membership_id: str
) -> None:
    server = Server(membership(OURS, THEIRS), membership(version="8"))
    what = ("merge_project_membership_access", membership_id)
    result = call(make_client(server), *what, managed_access=[MORE], **MANAGED)
    assert (result.updated, result.version_id) == (True, "8")
    assert (result.managed_count, result.untouched_count) == (1, 1)
    assert [(r.method, path(r)) for r in server.requests] == [
        ("GET", "fhir/R4/ProjectMembership/m"),
        ("PUT", "fhir/R4/ProjectMembership/m"),
    ]
    assert body(server.last)["access"] == [THEIRS, MORE]
    assert server.last.headers["if-match"] == 'W/"7"'


@pytest.mark.parametrize("force", [False, True])
def test_an_equal_list_is_written_only_by_force(make_client: MakeClient, *, force: bool) -> None:
    server = Server(membership(THEIRS, OURS))
    assert merge(make_client, server, [OURS], force=force) == (force, "7", 1, 1)
    assert [request.method for request in server.requests] == ["GET", "PUT"][: 1 + force]


def test_a_412_reads_again(make_client: MakeClient) -> None:
    newer = membership(THEIRS, version="9")
    server = Server(membership(OURS), reply(412), newer, membership(version="10"))
    assert merge(make_client, server, [MORE]) == (True, "10", 1, 1)
    assert server.last.headers["if-match"] == 'W/"9"'
    assert body(server.last)["access"] == [THEIRS, MORE]


@pytest.mark.parametrize("max_retries", [0, 1, 3])
def test_too_many_412s_are_an_error(make_client: MakeClient, max_retries: int) -> None:
    server = Server(*[membership(OURS), reply(412)] * 10)
    with pytest.raises(PreconditionFailedError):
        merge(make_client, server, [MORE], max_retries=max_retries)
    assert len(server.requests) == 2 * (max_retries + 1)


@pytest.mark.parametrize(
    "options",
    [{"managed_policy_ids": set()}, {"managed_access": [THEIRS]}, {"managed_access": [{}]}],
    ids=["no policies", "another policy", "no policy"],
)
def test_unusable_arguments_are_value_errors(
    make_client: MakeClient, options: dict[str, object]
) -> None:
    server = Server(membership(OURS))
    with pytest.raises(ValueError, match=r"\S"):
        merge(make_client, server, [OURS], **options)
    assert [request for request in server.requests if request.method == "PUT"] == []


def test_a_membership_without_a_version_is_a_value_error(make_client: MakeClient) -> None:
    server = Server(membership(OURS, version=None))
    with pytest.raises(ValueError, match=r"\S"):
        merge(make_client, server, [MORE])
    assert [request.method for request in server.requests] == ["GET"]


def test_an_empty_result_is_refused_unless_allowed(make_client: MakeClient) -> None:
    server = Server(membership(OURS), membership(version="8"))
    with pytest.raises(ValueError, match=r"\S"):
        merge(make_client, server, [])
    assert [request.method for request in server.requests] == ["GET"]
    server = Server(membership(OURS), membership(version="8"))
    assert merge(make_client, server, [], allow_unrestricted_fallback=True) == (True, "8", 0, 0)
    assert not body(server.last).get("access")


ONE = [
    ("add", [OURS], MORE, [OURS, MORE]),
    ("add", [OURS], OURS, None),
    ("remove", [OURS, MORE], MORE, [OURS]),
    ("remove", [OURS], MORE, None),
]


@pytest.mark.parametrize(("verb", "before", "entry", "after"), ONE)
def test_adding_and_removing_one_entry_is_idempotent(
    make_client: MakeClient, verb: str, before: list[object], entry: object, after: object
) -> None:
    server = Server(membership(THEIRS, *before), membership(version="8"))
    name = f"{verb}_project_membership_access_entry"
    result = call(make_client(server), name, "m", entry, **MANAGED)
    assert result.updated is (after is not None)
    if after is None:
        assert [request.method for request in server.requests] == ["GET"]
    else:
        assert body(server.last)["access"] == [THEIRS, *after]


@pytest.mark.parametrize("verb", ["add", "remove"])
def test_an_entry_of_another_policy_is_never_touched(make_client: MakeClient, verb: str) -> None:
    server = Server(membership(THEIRS, OURS))
    with pytest.raises(ValueError, match=r"\S"):
        call(
            make_client(server),
            f"{verb}_project_membership_access_entry",
            "m",
            THEIRS,
            **MANAGED,
        )
    assert [request for request in server.requests if request.method == "PUT"] == []

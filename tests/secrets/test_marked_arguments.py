"""Arguments that are refused: the refusal names the argument, and never its value."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from marked_calls import BATCH, PATCH, PATIENT, Marked, signing_in
from marks import ACCESS_TOKEN, IDENTIFIER, NAME, SAID, SEARCHED, leaks_of

from pymedplum import FHIRBundle, Search, to_fhir_json, token
from pymedplum.fhir import HumanName, Observation, Patient, Quantity, parse_resource


class Odd:
    """What no method takes; it shows what it holds, as careless classes do."""

    def __repr__(self) -> str:
        return f"Odd({NAME})"

    __str__ = __repr__


NAIVE = datetime(2024, 1, 1)  # noqa: DTZ001 - that is what is refused
HALF = f"{NAME}\ud800"
ENDLESS: dict[str, Any] = {"resourceType": "Patient", "id": NAME}
ENDLESS["contained"] = [ENDLESS]
BAD_RESOURCES: list[Any] = [
    NAME,
    [NAME],
    Odd(),
    None,
    {NAME: NAME},
    {"resourceType": f"{NAME} {NAME}"},
    {"resourceType": NAME + "/.."},
    {"resourceType": [NAME]},
    {**PATIENT, "id": f"{NAME}/../{NAME}"},
    {**PATIENT, "id": [NAME]},
    {**PATIENT, "id": ""},
    {**PATIENT, "meta": NAME},
    {**PATIENT, "meta": {"versionId": [NAME]}},
    {**PATIENT, "name": Odd()},
    {**PATIENT, "name": {NAME, "set"}},
    {**PATIENT, "name": NAME.encode() + b"\xff"},
    {**PATIENT, "name": float("nan"), "text": NAME},
    {**PATIENT, "name": [Decimal("NaN"), NAME]},
    {**PATIENT, "name": [{Odd(): NAME}]},
    {**PATIENT, "name": [{(NAME,): NAME}]},
    {**PATIENT, "name": [{"family": HALF}]},
    {**PATIENT, HALF: NAME},
    ENDLESS,
]
BAD_IDS: list[Any] = [f"{NAME} {NAME}", f"../{NAME}", f"{NAME}?a=b", NAME * 9, Odd(), [NAME], HALF]
BAD_QUERIES: list[Any] = [
    {"name": Odd()},
    {"name": {NAME}},
    {"name": HALF},
    {"name": NAIVE},
    {"name": [(), NAME]},
    {"name": (Odd(), NAME)},
    {"name": {"text": NAME}},
    {"name": float("nan")},
    {NAME + " ": NAME},
    {5: NAME},
    [NAME],
    [(NAME, NAME, NAME)],
    Odd(),
    5,
    f"name={NAME}%ff",
    f"={NAME}",
]
BAD_CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    *(("create_resource", (each,), {}) for each in BAD_RESOURCES),
    *(("update_resource", (each,), {}) for each in BAD_RESOURCES),
    *(("execute_batch", (each,), {}) for each in BAD_RESOURCES),
    *(("validate_resource", (each,), {}) for each in BAD_RESOURCES),
    *(("read_resource", ("Patient", each), {}) for each in BAD_IDS),
    *(("read_resource", (each, "1"), {}) for each in BAD_IDS),
    *(("read_resource", ("Patient", "1", each), {}) for each in [*BAD_IDS, HumanName]),
    *(
        ("read_reference", (each,), {})
        for each in [*BAD_IDS, f"https://evil.test/{NAME}", f"#{NAME}"]
    ),
    *(("delete_resource", ("Patient", each), {}) for each in BAD_IDS),
    *(("update_with_retry", ("Patient", "1", each), {}) for each in BAD_IDS),
    *(
        ("patch_resource", ("Patient", "1", each), {})
        for each in [NAME, [NAME], [Odd()], {NAME: 1}, 5]
    ),
    *(("patch_resource", ("Patient", "1", PATCH), {"if_match": each}) for each in [NAME, Odd(), 5]),
    *(("update_resource", (PATIENT,), {"if_match": each}) for each in [NAME, Odd(), 5, None]),
    *(("create_resource", (PATIENT,), {"accounts": each}) for each in [NAME, [Odd()], HALF, 5]),
    *(("create_resource", (PATIENT,), {"on_behalf_of": each}) for each in BAD_IDS),
    *(("create_resource", (PATIENT,), {"timeout": each}) for each in [NAME, Odd(), -1]),
    *(
        ("create_resource", (PATIENT,), {"headers": {"X-Name": each}})
        for each in [Odd(), HALF, "\u00e9" + NAME, f"{NAME}\n"]
    ),
    *(("create_resource", (PATIENT,), {"headers": each}) for each in [NAME, [NAME], {5: NAME}]),
    ("create_resource", (PATIENT,), {"headers": {"Authorization": ACCESS_TOKEN}}),
    *(
        ("create_resource_if_none_exist", (PATIENT, each), {})
        for each in [
            NAME,
            HALF,
            Odd(),
            f"https://evil.test/?identifier={SEARCHED}",
            f"//[{NAME}?a=b",
        ]
    ),
    *(("search_resources", ("Patient", each), {}) for each in BAD_QUERIES),
    *(("search_resource_pages", ("Patient", each), {}) for each in BAD_QUERIES),
    *(("search_resource_pages", ("Patient",), {"page_size": each}) for each in [NAME, Odd(), -1]),
    *(("upsert_resource", (PATIENT, each), {}) for each in BAD_QUERIES),
    *(("search_with_options", ("Patient",), {"summary": each}) for each in [NAME, Odd()]),
    *(("search_with_options", ("Patient",), {"count": each}) for each in [NAME, Odd(), -1]),
    *(("execute_operation", ("Patient", each), {}) for each in BAD_IDS),
    *(
        ("execute_operation", ("Patient", "match", None, {"a": each}), {"wrap_params": True})
        for each in [Odd(), {NAME: NAME}, NAIVE, HALF]
    ),
    *(("execute_operation", ("Patient", "match", None, each), {}) for each in [NAME, Odd()]),
    ("execute_operation", ("Patient", "match"), {"method": NAME}),
    *(("execute_graphql", (each,), {}) for each in [Odd(), "", HALF, [NAME]]),
    *(("execute_graphql", ("{a}", each), {}) for each in [{NAME: Odd()}, {"a": HALF}]),
    *(("upload_binary", (each, "text/plain"), {}) for each in [Odd(), 5, [NAME]]),
    *(("upload_binary", (b"", each), {}) for each in [NAME, Odd(), f"text/plain\n{NAME}"]),
    ("upload_binary", (b"", "text/plain"), {"filename": HALF}),
    *(
        ("get_async_job_status", (each,), {})
        for each in [
            *BAD_IDS,
            {"issue": [{"diagnostics": NAME + " "}]},
            f"https://evil.test/{NAME}",
        ]
    ),
    *(("wait_for_async_job", ("1", each), {}) for each in [Odd(), NAME, -1]),
    *(
        ("conditional_create_batch", (each,), {})
        for each in [[NAME], [(PATIENT,)], [(Odd(), NAME)], [(PATIENT, Odd())], Odd()]
    ),
    *(("set_accounts", (each, "Organization/1"), {}) for each in BAD_IDS),
    *(
        ("get", (each,), {})
        for each in [
            f"https://evil.test/{NAME}",
            f"//{NAME}",
            f"../{NAME}",
            f"https://[{NAME}",
            f"https://{NAME}\u2100/",
            Odd(),
            "",
            NAME * 9000,
            HALF,
        ]
    ),
    ("get", ("a",), {"odd": NAME}),
    ("post", ("a", {"a": HALF}), {}),
    ("post", ("a", {"a": Odd()}), {}),
    ("post", ("a",), {"data": {"client_secret": HALF}}),
    *(("invite_user", (each, "Patient", NAME, NAME, NAME), {}) for each in BAD_IDS),
    (
        "merge_project_membership_access",
        ("1",),
        {"managed_access": [{NAME: NAME}], "managed_policy_ids": {NAME}},
    ),
    (
        "merge_project_membership_access",
        (NAME + " x",),
        {"managed_access": [], "managed_policy_ids": {NAME}},
    ),
]


@pytest.mark.parametrize("place", range(len(BAD_CALLS)), ids=lambda n: f"{n}-{BAD_CALLS[n][0]}")
def test_no_argument_shows(marked: Marked, place: int) -> None:
    name, arguments, options = BAD_CALLS[place]
    client = marked.client(signing_in(lambda _: httpx.Response(200, json=PATIENT)))
    marked.call(client, name, *arguments, **options)


INVALID = [
    {"gender": SAID},
    {"birthDate": SAID},
    {"active": SAID},
    {"name": [{"use": SAID, "family": NAME}]},
    {"name": SAID},
    {"identifier": [{"value": [IDENTIFIER]}]},
    {"multipleBirthBoolean": True, "multipleBirthInteger": 5, "text": SAID},
    {"deceasedDateTime": f"{SAID}"},
    {"contained": [{"resourceType": SAID}]},
    {"extension": [{"url": SAID, "valueCode": f" {SAID} "}]},
    {"name": [{"family": HALF}]},
]


@pytest.mark.parametrize("members", INVALID, ids=range(len(INVALID)))
def test_no_model_shows_what_it_refuses(members: dict[str, Any]) -> None:
    data = {**PATIENT, **members}
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": data}]}
    uses = [
        lambda: Patient(**data),
        lambda: Patient.model_validate(data),
        lambda: parse_resource(data),
        lambda: list(FHIRBundle(bundle, Patient)),
        lambda: to_fhir_json(Patient.model_validate(data)),
    ]
    for use in uses:
        with pytest.raises(ValueError, match=r".") as caught:
            use()
        assert leaks_of(caught.value) == []


def test_what_search_builders_refuse_does_not_show() -> None:
    for use in (
        lambda: Search().where("name", Odd()),
        lambda: token(Odd(), NAME),  # type: ignore[arg-type]
        lambda: Quantity(value=NAME),
        lambda: Observation(status=SAID),
        lambda: setattr(Patient(), "gender", SAID),
        lambda: FHIRBundle(NAME),  # type: ignore[arg-type]
    ):
        with pytest.raises((ValueError, TypeError, AttributeError)) as caught:
            use()
        assert leaks_of(caught.value) == []


def test_the_batch_is_a_good_one(marked: Marked) -> None:
    client = marked.client(signing_in(lambda _: httpx.Response(200, json=BATCH)))
    assert isinstance(marked.call(client, "execute_batch", BATCH), dict)

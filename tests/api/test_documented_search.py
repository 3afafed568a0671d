"""What the documents say about searching and paging."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from api_calls import BASE, FHIR, PATIENT, MakeClient, Server, call, page, path, query

from pymedplum import FHIRBundle, MedplumError
from pymedplum.fhir import Observation, Patient

FIRST, SECOND, THIRD = ({"resourceType": "Patient", "id": name} for name in "abc")
FAMILY = {"family": "Smith"}
SEARCHES = ["search_resources", "search_one", "search_resource_pages", "search_with_options"]


def sent(
    make_client: MakeClient, name: str, *args: object, **kwargs: object
) -> dict[str, list[str]]:
    """Search once and give the query that was sent."""
    server = Server(page(FIRST))
    call(make_client(server), name, *args, **kwargs)
    assert path(server.last).startswith(("fhir/R4/Patient", "fhir/R4/Observation"))
    return query(server.last)


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("given", [FAMILY, [("family", "Smith")]], ids=["dict", "list"])
def test_a_query_is_a_dict_or_a_list_of_pairs(
    make_client: MakeClient, name: str, given: object
) -> None:
    assert sent(make_client, name, "Patient", given)["family"] == ["Smith"]


@pytest.mark.parametrize("name", SEARCHES)
def test_a_query_may_be_left_out(make_client: MakeClient, name: str) -> None:
    assert "family" not in sent(make_client, name, "Patient")


@pytest.mark.parametrize(
    "given",
    [
        [("_include", "Patient:organization"), ("_include", "Patient:link")],
        {"_include": ["Patient:organization", "Patient:link"]},
    ],
    ids=["pairs", "list in a dict"],
)
def test_a_parameter_may_repeat(make_client: MakeClient, given: object) -> None:
    found = sent(make_client, "search_resources", "Patient", given)
    assert found["_include"] == ["Patient:organization", "Patient:link"]


def test_values_arrive_as_they_were_given(make_client: MakeClient) -> None:
    value = "http://hospital.org/mrn|1&2+3=4 %20é"
    assert sent(make_client, "search_one", "Patient", {"identifier": value})["identifier"] == [
        value
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (Decimal("1.50"), "1.50"),
        (date(2024, 1, 2), "2024-01-02"),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc), "2024-01-02T03:04:05"),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2024-01-02T03:04:05"),
    ],
    ids=repr,
)
def test_python_values_are_sent_as_fhir_text(
    make_client: MakeClient, value: object, text: str
) -> None:
    (found,) = sent(make_client, "search_resources", "Observation", {"x": value})["x"]
    assert found.startswith(text)
    assert " " not in found
    if isinstance(value, datetime):
        assert datetime.fromisoformat(found.replace("Z", "+00:00")) == value
    else:
        assert found == text


@pytest.mark.parametrize(
    "value",
    [Patient(id="1", name=[{"family": "Smithson"}]), ("Smithson", "Jones"), {"a": "Smithson"}],
)
def test_no_python_text_of_an_object_gets_into_a_url(
    make_client: MakeClient, value: object
) -> None:
    server = Server(page())
    try:
        call(make_client(server), "search_resources", "Observation", {"x": value})
    except (TypeError, ValueError):
        assert server.requests == []
    else:
        text = " ".join(query(server.last)["x"])
        assert [mark for mark in ("(", "'", "{", "resourceType", "name=") if mark in text] == []


def test_a_search_gives_the_bundle_as_a_dict(make_client: MakeClient) -> None:
    assert call(make_client(Server(page(FIRST))), "search_resources", "Patient") == page(FIRST)


def test_return_bundle_gives_a_fhir_bundle_of_dicts(make_client: MakeClient) -> None:
    client = make_client(Server(page(FIRST, SECOND)))
    bundle = call(client, "search_resources", "Patient", FAMILY, return_bundle=True)
    assert isinstance(bundle, FHIRBundle)
    assert list(bundle) == [FIRST, SECOND]


def test_as_fhir_applies_only_to_a_returned_bundle(make_client: MakeClient) -> None:
    client = make_client(Server(page(FIRST)))
    assert type(call(client, "search_resources", "Patient", FAMILY, as_fhir=Patient)) is dict
    bundle = call(client, "search_resources", "Patient", FAMILY, True, Patient)  # noqa: FBT003 - positional in the documents
    assert [type(patient) for patient in bundle] == [Patient]
    assert [patient.id for patient in bundle.get_resources_typed(Patient)] == ["a"]


def test_search_one_asks_for_one_and_gives_the_first(make_client: MakeClient) -> None:
    server = Server(page(FIRST, SECOND))
    assert call(make_client(server), "search_one", "Patient", FAMILY) == FIRST
    assert query(server.last)["_count"] == ["1"]


@pytest.mark.parametrize("answer", [page(), {"resourceType": "Bundle", "type": "searchset"}])
def test_search_one_without_a_match_gives_none(make_client: MakeClient, answer: object) -> None:
    assert call(make_client(Server(answer)), "search_one", "Patient", FAMILY) is None


OPTIONS = [
    ("summary", "count", "_summary", ["count"]),
    ("summary", "false", "_summary", ["false"]),
    ("elements", ["id", "name", "birthDate"], "_elements", ["id,name,birthDate"]),
    ("total", "accurate", "_total", ["accurate"]),
    ("at", "2024-01-01T00:00:00Z", "_at", ["2024-01-01T00:00:00Z"]),
    ("count", 50, "_count", ["50"]),
    ("count", 0, "_count", ["0"]),
    ("offset", 100, "_offset", ["100"]),
    ("offset", 0, "_offset", ["0"]),
    ("sort", "-date", "_sort", ["-date"]),
    ("sort", ["-date", "code"], "_sort", ["-date,code"]),
    ("include", "Observation:patient", "_include", ["Observation:patient"]),
    ("include", ["a:b", "c:d"], "_include", ["a:b", "c:d"]),
    ("include_iterate", "a:b", "_include:iterate", ["a:b"]),
    ("revinclude", ["a:b", "c:d"], "_revinclude", ["a:b", "c:d"]),
    ("revinclude_iterate", "a:b", "_revinclude:iterate", ["a:b"]),
]


@pytest.mark.parametrize(("option", "value", "name", "texts"), OPTIONS)
def test_an_option_is_a_search_parameter(
    make_client: MakeClient, option: str, value: object, name: str, texts: list[str]
) -> None:
    found = sent(make_client, "search_with_options", "Patient", FAMILY, **{option: value})
    assert found == {"family": ["Smith"], name: texts}


def test_options_left_out_are_not_sent(make_client: MakeClient) -> None:
    assert sent(make_client, "searchWithOptions", "Patient", FAMILY) == {"family": ["Smith"]}


def test_options_give_a_bundle_with_its_total(make_client: MakeClient) -> None:
    client = make_client(Server({**page(FIRST), "total": 42}))
    options = {"total": "accurate", "return_bundle": True, "as_fhir": Patient}
    bundle = call(client, "search_with_options", "Patient", FAMILY, **options)
    assert bundle.total == 42
    assert [type(patient) for patient in bundle] == [Patient]


@pytest.mark.parametrize(
    "following",
    [f"{FHIR}Patient?_offset=2", "/fhir/R4/Patient?_offset=2", "Patient?_offset=2", "?_offset=2"],
    ids=["absolute", "from the root", "relative", "query"],
)
def test_pages_are_followed(make_client: MakeClient, following: str) -> None:
    server = Server(page(FIRST, SECOND, following=following), page(THIRD))
    found = call(make_client(server), "search_resource_pages", "Patient", FAMILY)
    assert found == [FIRST, SECOND, THIRD]
    assert str(server.last.url) == f"{FHIR}Patient?_offset=2"


def test_pages_may_be_typed(make_client: MakeClient) -> None:
    server = Server(page(FIRST, following=f"{FHIR}Patient?_offset=1"), page(SECOND))
    found = call(make_client(server), "search_resource_pages", "Patient", FAMILY, Patient)
    assert [(type(patient), patient.id) for patient in found] == [(Patient, "a"), (Patient, "b")]


def test_max_resources_ends_the_pages(make_client: MakeClient) -> None:
    server = Server(page(FIRST, SECOND, following=f"{FHIR}Patient?_offset=2"), page(THIRD))
    client = make_client(server)
    found = call(client, "search_resource_pages", "Patient", FAMILY, max_resources=2)
    assert found == [FIRST, SECOND]
    assert len(server.requests) == 1


@pytest.mark.parametrize("following", [f"{FHIR}Patient?family=Smith", f"{FHIR}Patient?_offset=1"])
def test_a_next_link_that_points_to_itself_ends(make_client: MakeClient, following: str) -> None:
    server = Server(page(FIRST, following=following))
    try:
        call(make_client(server), "search_resource_pages", "Patient", FAMILY)
    except MedplumError as error:
        assert BASE not in str(error)  # noqa: PT017 - stopping quietly is as good
    assert len(server.requests) <= 3


def test_pages_carry_the_membership_of_the_call(make_client: MakeClient) -> None:
    server = Server(page(FIRST, following=f"{FHIR}Patient?_offset=1"), page(SECOND))
    client = make_client(server)
    member = "ProjectMembership/abc"
    call(client, "search_resource_pages", "Patient", FAMILY, on_behalf_of=member)
    assert [r.headers["x-medplum-on-behalf-of"] for r in server.requests] == [member] * 2


def test_a_typed_page_of_observations_is_read(make_client: MakeClient) -> None:
    resource = {"resourceType": "Observation", "id": "1", "status": "final", "code": {"text": "x"}}
    client = make_client(Server(page(resource)))
    (found,) = call(client, "search_resource_pages", "Observation", None, Observation)
    assert (found.id, found.status) == ("1", "final")


def test_nothing_is_sent_before_pages_are_iterated(make_client: MakeClient) -> None:
    server = Server(page(PATIENT))
    make_client(server).search_resource_pages("Patient")
    assert server.requests == []

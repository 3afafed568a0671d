from datetime import datetime, timezone
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymedplum.fhir import Patient
from pymedplum_runtime.search import Search, encode_query, query_string, with_options

Wild: TypeAlias = Any  # what callers and servers give, well-formed or not

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.from_regex(r"[A-Za-z_:.\-]+", fullmatch=True)


@given(st.lists(st.tuples(NAMES, TEXTS)))
def test_a_query_string_reads_as_the_pairs_it_was_made_of(pairs: list[tuple[str, str]]) -> None:
    text = query_string(pairs)
    assert parse_qsl(text, keep_blank_values=True) == pairs
    assert encode_query(text) == pairs
    assert encode_query(f"?{text}") == pairs


@given(st.lists(st.tuples(NAMES, TEXTS), min_size=1))
def test_httpx_sends_a_query_string_as_it_is(pairs: list[tuple[str, str]]) -> None:
    text = query_string(pairs)
    assert httpx.URL(f"https://example.org/fhir/R4/Patient?{text}").query == text.encode()


def test_a_query_string_stays_readable_where_urls_allow_it() -> None:
    pairs = [("_include:iterate", "A:b/c,$d"), ("date", "ge2024+02:00"), ("name", "a|b c&d=é")]
    assert query_string(pairs) == (
        "_include:iterate=A:b/c,$d&date=ge2024%2B02:00&name=a%7Cb%20c%26d%3D%C3%A9"
    )


@pytest.mark.parametrize(
    "query",
    [
        "family=Smith&active=true&code=a&code=b",
        "?family=Smith&active=true&code=a&code=b",
        {"family": "Smith", "active": True, "code": ["a", "b"], "gender": None},
        [("family", "Smith"), ("active", True), ("code", "a"), ("code", "b"), ("gender", None)],
        (("family", "Smith"), ("active", "true"), ("code", ["a", None, "b"])),
        Search().where("family", "Smith").where("active", True).where("code", ["a", "b"]),  # noqa: FBT003 - a condition's value
    ],
)
def test_a_query_is_the_same_however_it_is_written(query: Wild) -> None:
    assert encode_query(query) == [
        ("family", "Smith"),
        ("active", "true"),
        ("code", "a"),
        ("code", "b"),
    ]


def test_no_query_has_no_parameters() -> None:
    assert encode_query(None) == encode_query("") == encode_query("?") == encode_query({}) == []


def test_a_tuple_is_alternatives_and_a_list_repeats() -> None:
    query = {"status": ("final", "amended"), "date": ["ge2024", "lt2025"]}
    assert encode_query(query) == [
        ("status", "final,amended"),
        ("date", "ge2024"),
        ("date", "lt2025"),
    ]


def test_a_query_string_is_decoded_as_urls_are() -> None:
    assert encode_query("name=Van+der%20Berg&identifier=http://mrn|1&x=") == [
        ("name", "Van der Berg"),
        ("identifier", "http://mrn|1"),
        ("x", ""),
    ]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (5, "not int"),
        (b"a=b", "not bytes"),
        ({"a"}, "not set"),
        (["secret"], "pairs"),
        ([("a",)], "pairs"),
        ([(1, "a")], "not int"),
        ({"name": b"secret"}, "parameter name: bytes"),
        ({"name": [["secret"]]}, "parameter name: list"),
        ({"date": object()}, "parameter date: object"),
    ],
)
def test_a_query_of_another_type_is_refused_without_being_quoted(query: Wild, problem: str) -> None:
    with pytest.raises(TypeError, match=problem) as refusal:
        encode_query(query)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "query",
    [
        {"": "a"},
        {"a b": "secret"},
        {"secret=": "a"},
        "Patient?family=secret",
        "name=%FFsecret",
        {"_id": []},
        {"_id": [None]},
        {"_id": ()},
        {"date": datetime(2024, 5, 1)},  # noqa: DTZ001 - what is to be refused
    ],
)
def test_a_query_that_would_ask_for_something_else_is_refused(query: Wild) -> None:
    with pytest.raises(ValueError, match=r"search parameter|UTF-8") as refusal:
        encode_query(query)
    assert "secret" not in str(refusal.value)


def test_options_have_their_names_of_the_wire() -> None:
    assert with_options(
        {"code": "a"},
        summary="data",
        elements=["id", "name"],
        total="accurate",
        at=datetime(2024, 1, 1, tzinfo=timezone.utc),
        count=50,
        offset=100,
        sort=["-date", "code"],
        include="Observation:patient",
        include_iterate=["Patient:organization"],
        revinclude=["Provenance:target", "Observation:subject"],
        revinclude_iterate="Task:focus",
    ) == [
        ("code", "a"),
        ("_summary", "data"),
        ("_elements", "id,name"),
        ("_total", "accurate"),
        ("_at", "2024-01-01T00:00:00+00:00"),
        ("_count", "50"),
        ("_offset", "100"),
        ("_sort", "-date,code"),
        ("_include", "Observation:patient"),
        ("_include:iterate", "Patient:organization"),
        ("_revinclude", "Provenance:target"),
        ("_revinclude", "Observation:subject"),
        ("_revinclude:iterate", "Task:focus"),
    ]


def test_an_option_replaces_the_query_s_parameter_and_includes_add_to_it() -> None:
    query = {"_count": 10, "_sort": "date", "_include": "A:b"}
    assert with_options(query, count=0, include="A:c") == [
        ("_sort", "date"),
        ("_include", "A:b"),
        ("_count", "0"),
        ("_include", "A:c"),
    ]


def test_options_that_are_not_given_add_nothing() -> None:
    assert with_options(None) == []
    assert with_options("a=b", elements=[], include=()) == [("a", "b")]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"summary": "all"}, "summary must be one of true, text, data, count, false"),
        ({"total": "exact"}, "total must be one of none, estimate, accurate"),
        ({"count": -1}, "count must not be negative"),
        ({"sort": ""}, "sort must not be empty"),
        ({"include": [""]}, "include must not be empty"),
        ({"at": datetime(2024, 5, 1)}, "_at: .*time zone"),  # noqa: DTZ001 - what is to be refused
    ],
)
def test_an_option_that_fhir_does_not_know_is_refused(
    options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        with_options(None, **options)


@pytest.mark.parametrize(
    "options", [{"count": "50"}, {"count": True}, {"offset": 1.0}, {"sort": [1]}]
)
def test_an_option_of_another_type_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(options))):
        with_options(None, **options)


def test_a_model_is_searched_for_by_its_reference() -> None:
    assert encode_query({"patient": Patient(id="p1")}) == [("patient", "Patient/p1")]

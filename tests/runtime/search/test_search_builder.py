import copy
import pickle
from datetime import date
from typing import Any

import pytest

from pymedplum_runtime.search import Search, encode_query, ge, lt


def test_a_search_is_put_together_step_by_step() -> None:
    search = (
        Search()
        .where("family", "Smith", modifier="exact")
        .where("birthdate", [ge(date(1990, 1, 1)), lt("2000")])
        .where("general-practitioner:Practitioner.name", "Jones")
        .has("Observation", "patient", "code", ("a", "b"))
        .include("Patient:organization", "Patient:link")
        .include("Organization:partof", iterate=True)
        .revinclude("Observation:subject")
        .revinclude("Provenance:target", iterate=True)
        .sort("-birthdate", "family")
        .count(50)
        .offset(0)
        .elements(["id", "name"])
        .summary("data")
        .total("accurate")
    )
    assert encode_query(search) == [
        ("family:exact", "Smith"),
        ("birthdate", "ge1990-01-01"),
        ("birthdate", "lt2000"),
        ("general-practitioner:Practitioner.name", "Jones"),
        ("_has:Observation:patient:code", "a,b"),
        ("_include", "Patient:organization"),
        ("_include", "Patient:link"),
        ("_include:iterate", "Organization:partof"),
        ("_revinclude", "Observation:subject"),
        ("_revinclude:iterate", "Provenance:target"),
        ("_sort", "-birthdate,family"),
        ("_count", "50"),
        ("_offset", "0"),
        ("_elements", "id,name"),
        ("_summary", "data"),
        ("_total", "accurate"),
    ]


def test_a_search_is_not_changed_by_adding_to_it() -> None:
    base = Search().where("active", True)  # noqa: FBT003 - a condition's value
    smiths = base.where("family", "Smith")
    assert base.pairs == (("active", "true"),)
    assert smiths != base
    assert smiths == base.where("family", "Smith")
    assert len({base, smiths, base.where("family", "Smith")}) == 2
    with pytest.raises(AttributeError):
        base.pairs = ()  # type: ignore[misc]


def test_what_shapes_the_result_is_there_once_and_the_last_wins() -> None:
    assert Search().count(10).sort("a").count(20).pairs == (("_sort", "a"), ("_count", "20"))
    assert Search().sort("a").sort().pairs == ()


def test_printing_a_search_shows_names_and_no_values() -> None:
    search = Search().where("family", "secret").count(5)
    assert repr(search) == str(search) == "Search(family, _count)"


def test_a_search_can_be_copied_and_pickled() -> None:
    search = Search().where("family", "Smith")
    assert pickle.loads(pickle.dumps(search)) == search  # noqa: S301 - our own
    assert copy.deepcopy(search) == search


def test_a_condition_on_none_adds_nothing() -> None:
    assert Search().where("family", None) == Search()


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("where", ("", "a")),
        ("where", ("a&b", "a")),
        ("where", ("a", ())),
        ("count", (-1,)),
        ("summary", ("all",)),
        ("total", ("all",)),
        ("include", ("",)),
        ("elements", ("",)),
        ("has", ("Observation?", "patient", "code", "a")),
    ],
)
def test_what_cannot_be_searched_for_is_refused(method: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"must|name|empty"):
        getattr(Search(), method)(*arguments)


def test_a_modifier_is_a_name() -> None:
    with pytest.raises(ValueError, match="name"):
        Search().where("family", "a", modifier="")
    with pytest.raises(TypeError, match="count must be an int"):
        Search().count("5")  # type: ignore[arg-type]

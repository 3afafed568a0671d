"""What views want of the FHIRPath engine: constants, `%rowIndex`, `join()` of nothing."""

import pickle
from typing import Any

import pytest
from view_parts import planned

from pymedplum_runtime.fhirpath import Environment, Node
from pymedplum_runtime.profiles.definitions import packaged
from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

PATIENT = {
    "resourceType": "Patient",
    "birthDate": "1970-01-02",
    "name": [{"family": "A"}, {"family": "B", "use": "official"}],
}


def _evaluated(path: str, index: int = 0, **members: Any) -> list[Any]:
    expression = planned(path, **members).exact
    node = Node(PATIENT)
    environment = Environment(resource=node, model=packaged(), variables={"rowIndex": index})
    found = [item.value for item in expression.evaluate(node, environment)]
    again = pickle.loads(pickle.dumps(expression))  # noqa: S301 - bytes of our own
    assert [item.value for item in again.evaluate(node, environment)] == found
    return found


@pytest.mark.parametrize(
    ("constant", "path"),
    [
        ({"valueDate": "1970-01-02"}, "birthDate = %c"),
        ({"valueCode": "official"}, "name.exists(use = %c)"),
        ({"valueInteger": 2}, "name.count() = %c"),
        ({"valueInteger64": "2"}, "name.count() = %c"),
        ({"valueDecimal": 1.5}, "name.count() > %c"),
        ({"valueBoolean": True}, "name.exists() = %c"),
        ({"valueTime": "18:12:00"}, "@T18:12:00 = %c"),
        ({"valueInstant": "2015-02-07T13:28:17.239+02:00"}, "@2015-02-07T11:28:17.239Z = %c"),
        ({"valueBase64Binary": "aGVsbG8K"}, "'aGVsbG8K' = %c"),
        ({"valueUuid": "urn:uuid:1"}, "'urn:uuid:1' = %c"),
    ],
)
def test_a_constant_of_any_type_is_compared_as_its_type(
    constant: dict[str, Any], path: str
) -> None:
    assert _evaluated(path, constant=[{"name": "c", **constant}]) == [True]


def test_a_constant_has_precedence_over_what_the_language_gives() -> None:
    constant = [{"name": "loinc", "valueUri": "urn:oid:2.16.840.1.113883.6.1"}]
    assert _evaluated("%loinc", constant=constant) == ["urn:oid:2.16.840.1.113883.6.1"]
    assert _evaluated("%loinc") == ["http://loinc.org"]


def test_joining_nothing_gives_the_empty_text_wherever_it_stands() -> None:
    assert _evaluated("name.given.join(',')") == [""]
    assert _evaluated("name.given.join(',').length()") == [0]
    assert _evaluated("name.where(given.join() = '').family") == ["A", "B"]
    assert _evaluated("name.family.join(',')") == ["A,B"]


def test_capitalised_names_of_primitives_reach_the_engine_as_those_of_fhir() -> None:
    assert _evaluated("deceased.ofType(DateTime).empty() and (deceased as Boolean).empty()")
    assert _evaluated("birthDate.ofType(Date)") == ["1970-01-02"]


def test_the_index_of_the_row_is_looked_at_each_time() -> None:
    select = Select(
        for_each="name", column=[Column("next", "%resource.name.skip(%rowIndex + 1).family")]
    )
    assert [row["next"] for row in View("Patient", [select]).rows([PATIENT])] == ["B", None]


def test_variables_that_a_path_defines_are_its_own() -> None:
    path = "defineVariable('f', name.family.first()).name.where(family != %f).family"
    assert _evaluated(path) == ["B"]


def test_errors_at_a_later_part_show_where_in_the_written_path_they_are() -> None:
    constant = [{"name": "c", "valueString": "a very long constant"}]
    with pytest.raises(ValueError, match="character") as caught:
        _evaluated("%c = %c and name.family.toInteger() = 1", constant=constant)
    assert "very long" not in str(caught.value)

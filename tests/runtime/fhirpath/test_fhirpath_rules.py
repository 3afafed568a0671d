"""The constraints of FHIR's definitions: each compiles, and some that are worth a second look."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from fhirpath_cases import environment

from pymedplum_runtime.fhirpath import Node, compile_expression
from pymedplum_runtime.profiles.definitions import packaged


def _rules(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((c[0], c[3]) for c in table.get("constraints", ()))
    for group in ("elements", "slices"):
        for element in table.get(group, {}).values():
            yield from _rules(element)


def test_every_constraint_of_the_packaged_definitions_compiles() -> None:
    definitions = packaged()
    shelves = definitions._shelves  # noqa: SLF001 - there is no public list of them
    tables = [definitions.table(url) for shelf in shelves for url in shelf.urls]
    rules = {rule for table in tables if table for rule in _rules(table["root"])}

    assert len(rules) > 200
    for _, expression in rules:
        compile_expression(expression)


PERIOD = "start.empty() or end.empty() or (start <= end)"
EXTENSION = "extension.exists() != value.exists()"
ELEMENT = "hasValue() or (children().count() > id.count())"
PATH = "path.matches('[A-Za-z][A-Za-z0-9]*(\\\\.[a-z][A-Za-z0-9]*(\\\\[x])?)*')"
COUNT = "value.empty() or value.hasValue().not() or value.toString().contains('.').not()"
LONG_ENOUGH = "($this as dateTime).toString().length() >= 8"
PROBABLE = "probability is decimal implies (probability as decimal) <= 100"
PREDICTION = "RiskAssessment.prediction"
MAXIMUM = "empty() or ($this = '*') or (toInteger() >= 0)"
ONE_EACH = "(forEach | forEachOrNull).count() <= 1"

RULES: list[tuple[str, str, Any, bool | None]] = [
    (PERIOD, "Period", {"start": "2020", "end": "2019"}, False),
    (PERIOD, "Period", {"start": "2020", "end": "2020-01"}, None),
    (EXTENSION, "Extension", {"url": "u", "valueString": "a"}, True),
    (EXTENSION, "Extension", {"url": "u", "_valueString": {"id": "a"}}, True),
    (EXTENSION, "Extension", {"url": "u"}, False),
    (ELEMENT, "HumanName", {"id": "a"}, False),
    (ELEMENT, "HumanName", {"use": "old"}, True),
    (PATH, "ElementDefinition", {"path": "Patient.deceased[x]"}, True),
    (COUNT, "Count", {"value": 3}, True),
    (COUNT, "Count", {"value": Decimal("3.5")}, False),
    (LONG_ENOUGH, "dateTime", "2020-01-01", True),
    (LONG_ENOUGH, "dateTime", "2020", False),
    (PROBABLE, PREDICTION, {"probabilityDecimal": 101}, False),
    (PROBABLE, PREDICTION, {"probabilityRange": {}}, True),
    (MAXIMUM, "string", "*", True),
    (MAXIMUM, "string", "-1", False),
    (ONE_EACH, "", {"forEach": "a", "forEachOrNull": "b"}, False),
]


@pytest.mark.parametrize(("rule", "type_name", "value", "expected"), RULES)
def test_a_rule_holds_or_does_not(
    rule: str, type_name: str, value: Any, *, expected: bool | None
) -> None:
    _, around = environment({"resourceType": "Patient"})

    assert compile_expression(rule).holds(Node(value, type_name), around) is expected

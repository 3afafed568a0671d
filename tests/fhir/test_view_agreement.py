"""Views of nearly everything over HL7's examples: the two ways of making rows agree."""

from collections import defaultdict
from typing import Any

import pytest
from view_of_everything import view_of

from pymedplum_runtime.models import codec
from pymedplum_runtime.tables.python import plain
from pymedplum_runtime.tables.python.evaluator import evaluator, has_beside
from pymedplum_runtime.tables.python.frames import Frame, Variables
from pymedplum_runtime.tables.python.rows import rows_of
from pymedplum_runtime.tables.views.view import View

_OF_A_TYPE = 2
_LONGEST = 15_000  # bytes; what is longer repeats itself


@pytest.fixture(scope="module")
def by_type(examples: dict[str, bytes]) -> dict[str, list[dict[str, Any]]]:
    """The largest examples of each type that are of a usual size."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for text in sorted(examples.values(), key=lambda t: (len(t) > _LONGEST, -len(t), t)):
        resource = codec.decode(text)
        if len(found[resource["resourceType"]]) < _OF_A_TYPE:
            found[resource["resourceType"]].append(resource)
    return found


def _without_beside(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_beside(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _without_beside(each) for key, each in value.items() if key[:1] != "_"}


def test_closures_make_of_every_example_what_the_engine_makes(
    by_type: dict[str, list[dict[str, Any]]],
) -> None:
    columns = 0
    for its_type, resources in by_type.items():
        plan = View.from_definition(view_of(its_type)).plan
        columns += len(plan.columns)
        quick, exact, variables = rows_of(plan, plain), evaluator(plan), Variables(plan)
        for each in resources:
            resource = _without_beside(each)
            found = [*quick(resource, Frame(resource, variables))]
            assert found == exact.rows(resource, is_plain=False), (its_type, resource.get("id"))
    assert len(by_type) >= 140
    assert columns > 15_000, columns


def test_what_is_beside_primitives_of_examples_changes_no_value(
    by_type: dict[str, list[dict[str, Any]]],
) -> None:
    changed = 0
    for its_type in ("Patient", "Questionnaire", "ValueSet", "StructureDefinition"):
        plan = View.from_definition(view_of(its_type)).plan
        kept = [n for n, cell in enumerate(plan.columns) if "exists" not in cell.text]
        for each in by_type[its_type]:
            if has_beside(each):
                changed += 1
                found, bare = (evaluator(plan)(r) for r in (each, _without_beside(each)))
                assert [[row[n] for n in kept] for row in found] == [
                    [row[n] for n in kept] for row in bare
                ]
    assert changed

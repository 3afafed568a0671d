"""Closures over plain JSON and the FHIRPath engine give the same rows, whatever the shape."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_shapes import PATIENT_COLLECTIONS, PATIENT_VALUES, column, patient_views, patients, view

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.tables.plan import Plan
from pymedplum_runtime.tables.python import plain
from pymedplum_runtime.tables.python.evaluator import evaluator
from pymedplum_runtime.tables.python.frames import CellError, Frame, OddShapeError, Variables
from pymedplum_runtime.tables.python.rows import rows_of
from pymedplum_runtime.tables.views.view import View


def plain_rows(plan: Plan, resource: dict[str, Any]) -> Any:
    """Return the rows that the closures give, None where they leave the resource to the engine."""
    try:
        return [*rows_of(plan, plain)(resource, Frame(resource, Variables(plan)))]
    except (OddShapeError, AttributeError, TypeError, CellError, FHIRPathError):
        return None


def exact_rows(plan: Plan, resource: dict[str, Any]) -> Any:
    """Return the rows that the engine gives, None where the resource has an error."""
    try:
        return evaluator(plan).rows(resource, is_plain=False)
    except CellError:
        return None


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and repr(one) == repr(other)  # True is not 1, and 1.0 not 1.00


@given(definition=patient_views(), resources=st.lists(patients(is_odd=True), max_size=4))
def test_what_closures_make_of_any_shape_is_what_the_engine_makes(
    definition: dict[str, Any], resources: list[dict[str, Any]]
) -> None:
    plan = View.from_definition(definition).plan
    for resource in resources:
        found = plain_rows(plan, resource)
        if found is not None:
            assert _same(found, exact_rows(plan, resource)), definition


@given(definition=patient_views(), resources=st.lists(patients(), max_size=4))
def test_closures_suffice_for_resources_of_the_right_shape(
    definition: dict[str, Any], resources: list[dict[str, Any]]
) -> None:
    plan = View.from_definition(definition).plan
    for resource in resources:
        expected = exact_rows(plan, resource)
        if expected is not None:
            assert _same(plain_rows(plan, resource), expected), definition


@pytest.mark.parametrize("path", PATIENT_VALUES)
def test_each_path_means_the_same_to_both(path: str) -> None:
    _check(column(path), path)


@pytest.mark.parametrize("path", PATIENT_COLLECTIONS)
def test_each_collection_means_the_same_to_both(path: str) -> None:
    _check(column(path, collection=True), path)


def _check(its_column: dict[str, Any], path: str) -> None:
    plan = View.from_definition(view("Patient", its_column)).plan

    @settings(max_examples=40)
    @given(resource=patients(is_odd=True, about=path))
    def check(resource: dict[str, Any]) -> None:
        found = plain_rows(plan, resource)
        assert found is None or _same(found, exact_rows(plan, resource))

    check()

"""SQL inside DuckDB and Python give the same tables, for all that SQL can say."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from duckdb_tables_made import agreed, ndjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table_shapes import PATIENT_COLLECTIONS, PATIENT_VALUES, column, patient_views, patients, view

from codegen.download import fetch_package
from codegen.sources import read_sources
from pymedplum_runtime.tables.duckdb.sql.query import translated
from pymedplum_runtime.tables.duckdb.sql.spelling import Untranslatable
from pymedplum_runtime.tables.ready.views import ready
from pymedplum_runtime.tables.views.view import View

READY = sorted(name for name, of in vars(type(ready)).items() if isinstance(of, cached_property))
TYPES = {getattr(ready, name).resource for name in READY}
TOO_FINE = "decimal"  # the example of numbers that no column of decimals holds

SLOW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def is_native(definition: dict[str, Any]) -> bool:
    """Tell whether SQL can say a view."""
    try:
        translated(View.from_definition(definition).plan)
    except Untranslatable:
        return False
    return True


NATIVE_VALUES = [path for path in PATIENT_VALUES if is_native(view("Patient", column(path)))]
NATIVE_COLLECTIONS = [
    path
    for path in PATIENT_COLLECTIONS
    if is_native(view("Patient", column(path, collection=True)))
]


def check(definition: dict[str, Any], resources: list[dict[str, Any]], folder: Path) -> None:
    """Check that both engines make the same of resources."""
    agreed(View.from_definition(definition), ndjson(folder / "resources.ndjson", *resources))


def test_most_paths_of_plans_are_said_in_sql() -> None:
    assert len(NATIVE_VALUES) > 0.8 * len(PATIENT_VALUES)
    assert len(NATIVE_COLLECTIONS) > 0.8 * len(PATIENT_COLLECTIONS)


@SLOW
@given(definition=patient_views().filter(is_native), resources=st.lists(patients(), max_size=20))
def test_views_drawn_at_random_give_the_same(
    definition: dict[str, Any], resources: list[dict[str, Any]], tmp_path: Path
) -> None:
    check(definition, resources, tmp_path)


@SLOW
@given(resources=st.lists(patients(), max_size=30))
def test_all_paths_together_give_the_same(resources: list[dict[str, Any]], tmp_path: Path) -> None:
    columns = [column(path) for path in NATIVE_VALUES]
    lists = [column(path, collection=True) for path in NATIVE_COLLECTIONS]
    check(
        view("Patient", *columns, *({**c, "name": "l" + c["name"]} for c in lists)),
        resources,
        tmp_path,
    )


@pytest.mark.parametrize("name", READY)
def test_ready_views_give_the_same_for_published_examples(name: str, examples: Path) -> None:
    made: View = getattr(ready, name)
    translated(made.plan)
    assert agreed(made, examples).num_rows


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HL7's examples of R4 as one file, as they are written."""
    folder = fetch_package(read_sources().releases["r4"].examples)
    path = tmp_path_factory.mktemp("examples") / "examples.ndjson"
    texts = [each.read_text("utf-8").strip() for each in sorted(folder.glob("*.json"))]
    lines = [text.replace("\r", " ").replace("\n", " ") for text in texts if _is_wanted(text)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _is_wanted(text: str) -> bool:
    found = json.loads(text)
    return found.get("resourceType") in TYPES and found.get("id") != TOO_FINE

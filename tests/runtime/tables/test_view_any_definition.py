"""Whatever a definition holds, it is a view or a `ViewError`."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from view_parts import definition, problems

from pymedplum_runtime.tables.views.view import View

_TEXTS = st.one_of(
    st.sampled_from(
        ["id", "name", "name.family", "@@", "value.ofType(x)", "%x", "(", "active", "item"]
    ),
    st.text(alphabet="abn.()[]'%$01 =&|", max_size=12),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=5,
)
_MEMBERS = (
    "resource select where constant name fhirVersion column path type collection tag forEach"
    " forEachOrNull repeat unionAll valueString valueDate valueInteger"
)
_NAMES = st.sampled_from(_MEMBERS.split())
_RESOURCES = st.sampled_from(["Patient", "Observation", "QuestionnaireResponse", "Bundle"])
_OBJECTS = st.recursive(
    st.dictionaries(_NAMES, _TEXTS | _JSON, max_size=5),
    lambda inner: st.dictionaries(_NAMES, st.lists(inner, max_size=3) | _TEXTS, max_size=5),
    max_leaves=12,
)


@given(wrong=_OBJECTS, resource=_RESOURCES)
@settings(max_examples=300, deadline=None)
def test_any_definition_is_a_view_or_a_view_error(wrong: dict[str, Any], resource: str) -> None:
    made = {**wrong, "resource": resource}
    if problems(made):
        return
    view = View.from_definition(made)
    assert View.from_definition(view.to_definition()) == view


@given(path=_TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_path_or_a_view_error_at_its_place(path: str) -> None:
    found = problems(definition(path))
    if path:
        assert set(found) <= {"select[0].column[0]"}
    assert all(re.match("view Patient, select", said) for said in found.values())

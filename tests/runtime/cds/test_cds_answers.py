"""Answers of CDS services, whatever they are: models, or an error of ours without a value."""

import json
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.cds.messages.reading import response_of, services_of
from pymedplum_runtime.errors import CDSHooksError
from pymedplum_runtime.http.wire import Answer

CARD: dict[str, Any] = {
    "summary": "Marked summary",
    "indicator": "warning",
    "source": {"label": "Guide"},
    "suggestions": [
        {
            "label": "Stop it",
            "actions": [
                {
                    "type": "create",
                    "description": "Add",
                    "resource": {
                        "resourceType": "Observation",
                        "status": "final",
                        "code": {"text": "x"},
                        "valueQuantity": {"value": 1},
                    },
                }
            ],
        }
    ],
    "selectionBehavior": "any",
}
SERVICE: dict[str, Any] = {
    "id": "one",
    "hook": "patient-view",
    "description": "One.",
    "prefetch": {"patient": "Patient/{{context.patientId}}"},
}


def answer(value: object) -> Answer:
    return Answer(200, httpx.Headers(), json.dumps(value).encode())


def test_decimals_of_suggestions_keep_their_digits() -> None:
    content = json.dumps({"cards": [CARD]}).replace('"value": 1}', '"value": 1.50}').encode()
    found = response_of(Answer(200, httpx.Headers(), content), None)
    assert '"value":1.50' in found.model_dump_json()


def test_many_faults_are_told_as_some_and_a_number() -> None:
    with pytest.raises(CDSHooksError, match=r"; and 3 more$") as caught:
        response_of(answer({"cards": [{}, {}, *[{**CARD, "indicator": "Marked"}] * 2]}), None)
    assert "Marked" not in str(caught.value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PLACES = st.sampled_from(
    [
        ("cards",),
        ("cards", 0),
        ("cards", 0, "summary"),
        ("cards", 0, "source"),
        ("cards", 0, "source", "topic"),
        ("cards", 0, "suggestions"),
        ("cards", 0, "suggestions", 0, "actions", 0),
        ("cards", 0, "suggestions", 0, "actions", 0, "resource"),
        ("cards", 0, "suggestions", 0, "actions", 0, "resource", "valueQuantity"),
        ("cards", 0, "links"),
        ("systemActions",),
        ("extension",),
    ]
)


def put(value: Any, place: tuple[str | int, ...], other: object) -> Any:
    """Return a copy with another value at a place."""
    if not place:
        return other
    head, *rest = place
    if isinstance(head, int):
        return [
            put(each, tuple(rest), other) if n == head else each for n, each in enumerate(value)
        ]
    return {**value, head: put(value.get(head), tuple(rest), other)}


@given(JSON)
def test_any_json_is_an_answer_or_an_error_of_ours(value: object) -> None:
    for read in (response_of, services_of):
        for on_error in (None, [].append):
            with suppress(CDSHooksError):
                read(answer(value), on_error)


@given(PLACES, JSON)
def test_any_broken_card_is_told_and_the_others_are_kept(
    place: tuple[str | int, ...], value: object
) -> None:
    good = {**CARD, "summary": "kept"}
    broken = put({"cards": [CARD, good]}, place, value)
    told: list[CDSHooksError] = []
    try:
        found = response_of(answer(broken), told.append)
    except CDSHooksError:
        assert len(place) == 1
        return
    if len(place) > 1:
        assert [card.summary for card in found.cards][-1] == "kept"
        assert len(found.cards) + len(told) == 2


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_an_error_of_ours(content: bytes) -> None:
    with suppress(CDSHooksError):
        response_of(Answer(200, httpx.Headers(), content), None)


@pytest.mark.parametrize("content", [b"", b"[]", b'"Marked"', b"<p>Marked</p>", b'{"Marked'])
def test_what_is_no_object_is_told_without_being_shown(content: bytes) -> None:
    with pytest.raises(CDSHooksError, match="answered 200 with what is no JSON object") as caught:
        response_of(Answer(200, httpx.Headers(), content), None)
    assert caught.value.status_code == 200
    assert caught.value.__context__ is None
    assert "Marked" not in str(caught.value)


def test_deep_nesting_is_an_error_of_ours() -> None:
    deep = '{"cards": [], "extension": ' + '{"a":' * 5000 + "1" + "}" * 5001
    for on_error in (None, [].append):
        with pytest.raises(CDSHooksError):
            response_of(Answer(200, httpx.Headers(), deep.encode()), on_error)

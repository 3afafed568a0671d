from collections.abc import Callable
from datetime import date, datetime, timezone
from typing import Any

import pytest
from flow_calls import Talk, reply

from pymedplum import ServerError

Start = Callable[..., Talk]
URL = "http://example.com/v"
RESULT = {"resourceType": "Parameters", "parameter": []}
NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", True),
        ("count", "5"),
        ("count", 5.0),
        ("active_only", 1),
        ("active_only", "true"),
        ("filter", 5),
        ("display_language", b"de"),
        ("property", [5]),
    ],
)
def test_a_value_of_another_type_is_a_type_error(talk: Start, name: str, value: object) -> None:
    client = talk()
    with pytest.raises(TypeError, match="parameter"):
        client("expand_valueset", URL, **{name: value})
    assert client.requests == []


@pytest.mark.parametrize("bad", ["8867-4", 5, ["8867-4"]])
def test_a_coding_is_a_dict_or_a_model(talk: Start, bad: object) -> None:
    client = talk()
    with pytest.raises(TypeError, match="parameter coding"):
        client("lookup_concept", "8867-4", coding=bad)
    assert client.requests == []


@pytest.mark.parametrize(
    ("given", "sent"),
    [(date(2026, 1, 2), "2026-01-02"), (NOON, "2026-01-02T12:00:00+00:00"), ("2026", "2026")],
)
def test_a_date_is_a_date_or_a_text(talk: Start, given: object, sent: str) -> None:
    client = talk(reply(200, RESULT))
    client("lookup_concept", "1", "http://loinc.org", date=given)
    assert {"name": "date", "valueDateTime": sent} in client.bodies[0]["parameter"]
    with pytest.raises(TypeError, match="parameter date"):
        client("lookup_concept", "1", "http://loinc.org", date=20260102)


@pytest.mark.parametrize("code", [None, ""])
def test_a_concept_needs_a_code(talk: Start, code: str | None) -> None:
    client = talk()
    with pytest.raises(ValueError, match="code, coding"):
        client("lookup_concept", code, "http://loinc.org")
    assert client.requests == []


@pytest.mark.parametrize(("bad", "error"), [("", ValueError), (5, TypeError), (None, TypeError)])
def test_a_parameter_has_a_name(talk: Start, bad: Any, error: type[Exception]) -> None:
    client = talk()
    given = {bad: 1}
    with pytest.raises(error, match="name of a parameter"):
        client("execute_operation", "Patient", "match", params=given, wrap_params=True)
    assert client.requests == []


@pytest.mark.parametrize("field", ["first_name", "last_name", "email"])
@pytest.mark.parametrize(("bad", "error"), [("", ValueError), (" ", ValueError), (None, TypeError)])
def test_an_invitation_needs_a_name_and_an_address(
    talk: Start, field: str, bad: object, error: type[Exception]
) -> None:
    client = talk()
    person = {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com", field: bad}
    with pytest.raises(error, match=field):
        client("invite_user", "1", "Practitioner", **person)
    assert client.requests == []


@pytest.mark.parametrize("name", ["resource_type", "resourceType"])
def test_a_bot_is_a_bot(talk: Start, name: str) -> None:
    client = talk()
    with pytest.raises(TypeError, match="create_resource"):
        client("create_bot", "name", **{name: "Patient"})
    assert client.requests == []


def test_an_operation_with_state_is_not_repeated(talk: Start) -> None:
    for name, expected in (("closure", 1), ("translate", 3)):
        client = talk(reply(503))
        with pytest.raises(ServerError):
            client("execute_operation", "ConceptMap", name, params=RESULT)
        assert len(client.requests) == expected


def test_no_accounts_at_all_are_refused(talk: Start) -> None:
    client = talk()
    with pytest.raises(ValueError, match="set-accounts"):
        client("set_accounts", "Patient/1", [])
    with pytest.raises(ValueError, match="empty"):
        client("create_resource", {"resourceType": "Patient"}, accounts=[])
    assert client.requests == []

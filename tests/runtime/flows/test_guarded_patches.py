from collections.abc import Callable
from typing import Any

import httpx
import pytest
from flow_calls import PATIENT, Talk, outcome, reply

from pymedplum import PreconditionFailedError, ValidationError

Start = Callable[..., Talk]
REPLACE = {"op": "replace", "path": "/active", "value": True}
TEST = {"op": "test", "path": "/active", "value": False}
FAILED = reply(400, outcome("Test failed: /meta/versionId"))


def test_a_test_of_the_caller_that_fails_is_a_validation_error(talk: Start) -> None:
    client = talk(FAILED, reply(200, PATIENT))
    with pytest.raises(ValidationError):
        client("patch_resource", "Patient", "1", [TEST, REPLACE], if_match='W/"7"')
    assert [each.method for each in client.requests] == ["PATCH", "GET"]


@pytest.mark.parametrize(
    "unreadable", [reply(404, outcome()), httpx.ConnectError(""), reply(200, [])]
)
def test_where_the_version_cannot_be_read_the_refusal_stays(
    talk: Start, unreadable: httpx.Response
) -> None:
    client = talk(FAILED, unreadable)
    with pytest.raises(ValidationError):
        client("patch_resource", "Patient", "1", [TEST], if_match='W/"7"')


def test_another_version_is_a_failed_precondition(talk: Start) -> None:
    client = talk(FAILED, reply(200, PATIENT))
    with pytest.raises(PreconditionFailedError):
        client("patch_resource", "Patient", "1", [TEST, REPLACE], if_match='W/"6"')


def test_without_tests_of_the_caller_nothing_is_read(talk: Start) -> None:
    client = talk(FAILED)
    with pytest.raises(PreconditionFailedError):
        client("patch_resource", "Patient", "1", [REPLACE], if_match='W/"7"')
    assert len(client.requests) == 1


@pytest.mark.parametrize("bad", [True, False, 7, b'W/"7"'])
def test_a_guard_that_is_no_text_is_a_type_error(talk: Start, bad: object) -> None:
    client = talk()
    with pytest.raises(TypeError, match="if_match"):
        client("patch_resource", "Patient", "1", [REPLACE], if_match=bad)
    assert client.requests == []


@pytest.mark.parametrize("bad", ["", "7", 'W/"'])
def test_a_header_that_is_no_entity_tag_is_a_value_error(talk: Start, bad: str) -> None:
    client = talk()
    with pytest.raises(ValueError, match="If-Match"):
        client("patch_resource", "Patient", "1", [REPLACE], headers={"If-Match": bad})
    with pytest.raises(ValueError, match="if_match"):
        client("patch_resource", "Patient", "1", [REPLACE], if_match=bad)
    assert client.requests == []


@pytest.mark.parametrize(
    "bad", [{"op": "set", "path": "/a"}, {"op": "add", "path": ["a"]}, {"op": "add"}, "add", {}]
)
def test_an_operation_that_json_patch_has_not_is_named(talk: Start, bad: Any) -> None:
    client = talk()
    with pytest.raises(ValueError, match="operation 1"):
        client("patch_resource", "Patient", "1", [REPLACE, bad])
    assert client.requests == []

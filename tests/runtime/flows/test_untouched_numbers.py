import json
import pickle
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from flow_calls import Talk, reply

from pymedplum import MedplumError
from pymedplum.fhir import Observation

Start = Callable[..., Talk]
WRITTEN = (
    b'{"resourceType":"Observation","id":"1","meta":{"versionId":"7"},"status":"final",'
    b'"code":{"text":"x"},"valueQuantity":{"value":5.40},'
    b'"referenceRange":[{"low":{"value":1e-7},"high":{"value":10.0}},'
    b'{"low":{"value":0.00000000},"high":{"value":1E5}}]}'
)


@pytest.fixture
def observed(talk: Start) -> Talk:
    return talk(reply(200, WRITTEN))


@pytest.fixture
def exact(talk: Start) -> Talk:
    return talk(reply(200, WRITTEN), exact_decimals=True)


def test_an_exact_dict_that_is_written_back_keeps_every_digit(exact: Talk) -> None:
    resource = exact("read_resource", "Observation", "1")
    exact("update_resource", resource)
    assert exact.requests[1].content == WRITTEN


def test_a_mutator_changes_the_numbers_that_it_touches_and_no_others(observed: Talk) -> None:
    def change(resource: dict[str, Any]) -> dict[str, Any]:
        resource["valueQuantity"]["value"] += 1
        resource["referenceRange"].reverse()
        return resource

    observed("update_with_retry", "Observation", "1", change)
    sent = observed.requests[1].content
    assert b'"valueQuantity":{"value":6.4}' in sent
    for text in (b"1e-7", b"10.0", b"0.00000000", b"1E5"):
        assert b'"value":' + text + b"}" in sent


def test_the_numbers_of_a_dict_are_plain_floats(observed: Talk) -> None:
    resource = observed("read_resource", "Observation", "1")
    assert resource == json.loads(WRITTEN)
    assert type(resource["valueQuantity"]["value"]) is float


def test_the_result_of_an_update_has_plain_floats(observed: Talk) -> None:
    result = observed("update_with_retry", "Observation", "1", lambda _: None)
    assert type(result.resource["valueQuantity"]["value"]) is float


def test_copies_of_an_exact_dict_keep_the_digits(exact: Talk) -> None:
    resource = exact("read_resource", "Observation", "1")
    for copy in (deepcopy(resource), pickle.loads(pickle.dumps(resource))):  # noqa: S301 - ours
        exact("update_resource", copy)
        assert exact.requests[-1].content == WRITTEN


def test_a_model_of_an_exact_dict_keeps_the_digits(exact: Talk) -> None:
    model = Observation.model_validate(exact("read_resource", "Observation", "1"))
    assert '"valueQuantity":{"value":5.40}' in model.model_dump_json()


def test_a_number_beyond_floats_is_no_answer(talk: Start) -> None:
    client = talk(reply(200, b'{"resourceType":"Observation","value":1e400}'))
    with pytest.raises(MedplumError, match="no JSON"):
        client("read_resource", "Observation", "1")


def test_an_unchanged_model_is_not_written(observed: Talk) -> None:
    result = observed("update_with_retry", "Observation", "1", Observation.model_validate)
    assert not result.wrote
    assert [each.method for each in observed.requests] == ["GET"]


def test_an_unchanged_model_is_written_where_that_is_forced(observed: Talk) -> None:
    make = Observation.model_validate
    assert observed("update_with_retry", "Observation", "1", make, force=True).wrote


def test_a_changed_model_is_written(observed: Talk) -> None:
    def change(resource: dict[str, Any]) -> Observation:
        return Observation.model_validate({**resource, "status": "amended"})

    assert observed("update_with_retry", "Observation", "1", change).wrote
    assert b'"status":"amended"' in observed.requests[1].content

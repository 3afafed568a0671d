"""The options of `validate=`: profiles, levels, terminology, and what is refused."""

import threading
from typing import Any

import pytest
from write_validations import (
    BMI,
    GOOD,
    US_CORE_PATIENT,
    WEIRD,
    MakeClient,
    bundle,
    entry,
    stored,
    written,
)

from pymedplum import (
    InvalidResourceError,
    ProfileError,
    TerminologyError,
    WriteValidation,
)
from tests.api.api_calls import (
    Server,
    body,
    call,
    is_async,
)

OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "weight"}}


def test_a_profile_is_applied_to_the_resources_of_its_type(make_client: MakeClient) -> None:
    server = Server(stored())
    client = make_client(server, validate=WriteValidation(profile=BMI))
    call(client, "create_resource", GOOD)
    with pytest.raises(InvalidResourceError) as caught:
        call(client, "create_resource", OBSERVATION)
    assert BMI in {each.profile for each in caught.value.report.errors}
    with pytest.raises(InvalidResourceError):
        call(client, "execute_batch", bundle("batch", entry(GOOD), entry(OBSERVATION)))
    assert len(written(server)) == 1


def test_what_is_written_does_not_name_the_profile(make_client: MakeClient) -> None:
    server = Server(stored())
    american = {
        **GOOD,
        "identifier": [{"system": "urn:a", "value": "1"}],
        "name": [{"family": "Invented"}],
        "gender": "female",
    }
    wanted = WriteValidation(profile=[US_CORE_PATIENT])
    client = make_client(server, validate=wanted)
    with pytest.raises(InvalidResourceError):
        call(client, "create_resource", GOOD)
    call(client, "create_resource", american)
    assert body(server.last) == american


def test_a_profile_that_is_not_known_is_an_error(make_client: MakeClient) -> None:
    server = Server(stored())
    wanted = WriteValidation(profile="http://example.org/none")
    with pytest.raises(ProfileError, match="not known"):
        call(make_client(server), "create_resource", GOOD, validate=wanted)
    assert server.requests == []


def test_the_level_is_the_callers(make_client: MakeClient) -> None:
    server = Server(stored())
    structure = WriteValidation(level="structure")
    call(make_client(server), "create_resource", WEIRD, validate=structure)
    assert len(written(server)) == 1


def test_profiles_are_not_asked_for_at_a_level_without_them() -> None:
    with pytest.raises(ValueError, match="level 'base' leaves out"):
        WriteValidation(profile=BMI, level="base")


@pytest.mark.parametrize("wrong", [5, "", [5], [""], b"x"])
def test_profiles_are_canonical_urls(wrong: Any) -> None:
    with pytest.raises(TypeError, match="profile must be a canonical URL or a list of them"):
        WriteValidation(profile=wrong)


@pytest.mark.parametrize("wrong", ["locally", "", True, 1])
def test_what_validate_may_be_is_checked_before_anything_is_sent(
    make_client: MakeClient, wrong: Any
) -> None:
    server = Server(stored())
    with pytest.raises((TypeError, ValueError), match="validate must be"):
        make_client(server, validate=wrong)
    with pytest.raises((TypeError, ValueError), match="validate must be"):
        call(make_client(server), "create_resource", GOOD, validate=wrong)
    assert server.requests == []


def test_what_write_validation_may_be_is_checked() -> None:
    wrong: list[dict[str, Any]] = [{"where": "off"}, {"level": "deep"}, {"profile": [1]}]
    for options in wrong:
        with pytest.raises((TypeError, ValueError), match="must be"):
            WriteValidation(**options)


US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-medicationrequest"
MEDICATION = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1"}]}
REQUEST = {
    "resourceType": "MedicationRequest",
    "status": "active",
    "intent": "order",
    "reportedBoolean": False,
    "medicationCodeableConcept": MEDICATION,
    "subject": {"reference": "Patient/1"},
    "authoredOn": "2024-01-01",
    "requester": {"reference": "Practitioner/1"},
}


class Service:
    """Answers a question, and remembers in which thread."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def validate_code(self, *asked: str | None) -> bool | None:
        self.threads.append(threading.current_thread())
        if len(self.threads) > 1:
            raise TerminologyError("the service is away")
        return asked[1:] == ("http://www.nlm.nih.gov/research/umls/rxnorm", "1")


class AsyncService(Service):
    """The same, to be awaited."""

    async def validate_code(self, *asked: str | None) -> bool | None:  # type: ignore[override]
        return super().validate_code(*asked)


@pytest.mark.parametrize("kind", [Service, AsyncService])
def test_a_terminology_service_is_asked_and_may_stop_the_write(
    make_client: MakeClient, kind: type[Service]
) -> None:
    server, service = Server(stored()), kind()
    wanted = WriteValidation(profile=US_CORE, terminology=service)
    client = make_client(server, validate=wanted)
    if kind is AsyncService and not is_async(client):
        with pytest.raises(TypeError, match="cannot await"):
            call(client, "create_resource", REQUEST)
        return
    call(client, "create_resource", REQUEST)
    with pytest.raises(TerminologyError):
        call(client, "create_resource", REQUEST)
    assert len(written(server)) == 1
    # Asked from the loop's own thread where it is awaited, and never from there otherwise.
    is_main = service.threads[0] is threading.main_thread()
    assert is_main == (kind is AsyncService or not is_async(client))

"""What the embedded server says of itself, and searches that are held to it."""

import pytest
from live_calls import LiveClient, MakeClient, Requests

from pymedplum import UnknownSearchParameterError, ValidationError
from pymedplum_runtime.capabilities.resource_types import R4_TYPES


def test_the_server_says_what_it_can_do(client: LiveClient) -> None:
    found = client("capabilities")
    assert found.fhir_version == "4.0.1"
    assert found.software.name == "medplum"
    assert found.implementation.url == client.inner.fhir_base_url
    assert found.supports("Patient", "search-type")
    assert found.supports("Patient", "patch")
    assert not found.supports("Patient", "history-type")
    assert found.supports(None, "batch")
    assert not found.supports(None, "search-system")
    assert found.resource("Patient").conditional_delete == "single"


def test_it_lists_the_types_of_r4_and_not_medplums_own(client: LiveClient) -> None:
    found = client("capabilities")
    assert set(found.resource_types) == R4_TYPES
    with pytest.raises(ValueError, match="does not list it"):
        found.supports("Bot", "read")


def test_it_lists_one_operation_alone(client: LiveClient) -> None:
    found = client("capabilities")
    assert found.supports_operation("$export")
    assert found.supports_operation("$export", "Group")
    assert not found.supports_operation("$export", "Patient")  # it has it, and does not say so
    assert not found.supports_operation("$everything")


def test_search_parameters_come_with_types_and_definitions(client: LiveClient) -> None:
    params = client("capabilities").search_params("Observation")
    assert (params["subject"].type, params["date"].type) == ("reference", "date")
    assert params["code"].definition == "http://hl7.org/fhir/SearchParameter/clinical-code"
    assert "_count" in params
    assert "search" not in params


def test_oauths_addresses_are_the_servers_own(client: LiveClient) -> None:
    security = client("capabilities").security
    assert security.oauth_uris["token"] == f"{client.inner.base_url}oauth2/token"
    assert "SMART-on-FHIR" in security.services


def test_it_is_fetched_once(client: LiveClient, requests: Requests) -> None:
    assert client("capabilities") is client("capabilities")
    assert requests.targets() == ["GET metadata"]
    client("capabilities", refresh=True)
    assert requests.targets() == ["GET metadata"] * 2


def test_preflight_refuses_what_the_server_would_refuse_and_sends_nothing(
    client_of: MakeClient, requests: Requests
) -> None:
    client = client_of(preflight=True)
    with pytest.raises(UnknownSearchParameterError, match="did you mean 'name'"):
        client("search_resources", "Patient", {"nmae": "Ro"})
    assert requests.targets() == ["GET metadata"]
    with pytest.raises(ValidationError):
        client_of()("search_resources", "Patient", {"nmae": "Ro"})


SEARCHES = [
    ("Patient", {"name:exact": "Ro", "_sort": "-birthdate,_lastUpdated", "_count": 5}),
    ("Patient", {"_has:Observation:subject:code": "8867-4", "_total": "accurate"}),
    ("Patient", {"_compartment": "Organization/1", "_fields": "name", "_offset": 0}),
    ("Observation", {"subject:Patient.name": "Ro", "_include": "Observation:subject"}),
    ("Observation", {"patient.organization.name": "Ro", "_summary": "count"}),
    ("Patient", {"_revinclude": "Observation:subject", "_tag": "http://tag.example|1"}),
    ("Project", {"name": "one of Medplum's own types"}),
]


@pytest.mark.parametrize(("resource_type", "query"), SEARCHES)
def test_preflight_lets_through_what_the_server_answers(
    client_of: MakeClient, resource_type: str, query: dict[str, object]
) -> None:
    client = client_of(preflight=True)
    assert isinstance(client("search_resource_pages", resource_type, query), list)
    assert client("search_resources", resource_type, query)["resourceType"] == "Bundle"


def test_conditional_writes_are_held_to_it_too(client_of: MakeClient, requests: Requests) -> None:
    client = client_of(preflight=True)
    with pytest.raises(UnknownSearchParameterError):
        client("delete_resources_matching", "Patient", {"identifer": "http://mrn.example|1"})
    with pytest.raises(UnknownSearchParameterError):
        client("create_resource_if_none_exist", {"resourceType": "Patient"}, "identifer=http://m|1")
    assert requests.targets() == ["GET metadata"]

"""How long the clients wait where the server says 429."""

import pytest
from live_calls import LiveClient, MakeClient, Requests, outcome_of

from pymedplum import RateLimitError, ServerError
from tests.medplum_server.process import MedplumServer

RESET = "https://medplum.com/fhir/StructureDefinition/rate-limit-reset"
THROTTLED = outcome_of("throttled", details={"text": "Too many requests"})
LIMITS = '"requests";r=100;t=3, "fhirInteractions";r=0;t=7'


def _diagnostics(milliseconds: int) -> dict[str, object]:
    return outcome_of("throttled", diagnostics=f'{{"_msBeforeNext": {milliseconds}}}')


def test_msBeforeNext_is_waited(client: LiveClient, server: MedplumServer) -> None:  # noqa: N802 - the server's own word
    server.control("faults", {"kinds": ["429"], "slow": 1500, "times": 1})
    server.control("config", {"slow": 1500})
    assert client.create()["id"]
    assert client.clock.sleeps == [1.5]


def test_the_extension_of_newer_servers_is_waited(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("config", {"limits": {"reset": "extension"}, "slow": 4000})
    server.control("faults", {"kinds": ["429"], "times": 1})
    assert client.create()["id"]
    assert client.clock.sleeps == [4.0]


def test_the_limit_that_is_used_up_says_how_long_to_wait(
    client: LiveClient, server: MedplumServer
) -> None:
    step = {"status": 429, "json": THROTTLED, "headers": {"RateLimit": LIMITS}, "path": "^fhir/"}
    server.control("script", step)
    assert client.create()["id"]
    assert client.clock.sleeps == [7.0]


def test_a_429_that_says_nothing_is_waited_for_with_backoff(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("script", {"status": 429, "path": "^fhir/", "times": 3})
    assert client.create()["id"]
    first, second, third = client.clock.sleeps
    assert 0 < first < second < third < 3


def test_the_two_limits_of_an_answer_are_the_servers(
    client: LiveClient, server: MedplumServer
) -> None:
    limits = {"requests": 2, "window": 40, "enforced": True}
    server.control("config", {"limits": limits})
    client.create()
    client.create()
    with pytest.raises(RateLimitError) as caught:
        client.create()
    assert len(client.clock.sleeps) == 5
    assert all(39 < seconds <= 40 for seconds in client.clock.sleeps)
    assert caught.value.retry_after is not None
    assert 39 < caught.value.retry_after <= 40


def test_a_write_costs_a_hundred_and_a_read_one(client: LiveClient, server: MedplumServer) -> None:
    patient = client.create()
    limits = {"fhirInteractions": 99, "window": 40, "enforced": True}
    server.control("config", {"limits": limits})
    assert client("read_resource", "Patient", patient["id"]) == patient
    assert client.clock.sleeps == []
    with pytest.raises(RateLimitError):
        client.create()


@pytest.mark.parametrize("asked", [100_000, 10**12])
def test_no_wait_is_longer_than_the_callers_patience(
    client_of: MakeClient, server: MedplumServer, asked: int
) -> None:
    client = client_of(max_retry_delay_seconds=20.0)
    server.control("script", {"status": 429, "json": _diagnostics(asked), "path": "^fhir/"})
    assert client.create()["id"]
    assert client.clock.sleeps == [20.0]


def test_a_retry_after_of_a_proxy_is_waited(client: LiveClient, server: MedplumServer) -> None:
    step = {"status": 503, "text": "busy", "headers": {"Retry-After": "9"}, "path": "^fhir/"}
    server.control("script", step)
    assert client("search_resources", "Patient")["type"] == "searchset"
    assert client.clock.sleeps == [9.0]


def test_a_429_repeats_even_a_bare_create_once_and_for_all(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    server.control("faults", {"kinds": ["429-before"], "times": 2})
    client.create()
    assert [each["status"] for each in requests.fhir()] == [429, 429, 201]
    assert client("search_resources", "Patient", "_total=accurate")["total"] == 1


@pytest.mark.parametrize("kind", ["502", "503", "504", "drop", "reset-headers"])
def test_a_read_is_repeated_after_a_gateway_error_or_a_broken_connection(
    client: LiveClient, server: MedplumServer, requests: Requests, kind: str
) -> None:
    patient = client.create()
    server.control("faults", {"kinds": [kind], "times": 2})
    assert client("read_resource", "Patient", patient["id"]) == patient
    assert len(requests.fhir()) == 4
    assert len(client.clock.sleeps) == 2


def test_a_gateway_error_that_stays_is_a_server_error(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    server.control("faults", {"kinds": ["504"]})
    with pytest.raises(ServerError) as caught:
        client("search_resources", "Patient", {"name": "Zzyzx"})
    assert caught.value.status_code == 504
    assert "Zzyzx" not in str(caught.value)
    assert len(requests.fhir()) == 3

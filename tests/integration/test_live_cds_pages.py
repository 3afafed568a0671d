"""What a service is told of a search is all of it, and nothing of Medplum's administration."""

import logging
from typing import Any
from uuid import UUID

import pytest
from cds_bots import DOCTOR, service_of
from live_calls import LiveClient, Requests

from pymedplum import CDSHooksError, MedplumError, UnsafeRedirectError
from pymedplum.fhir import PACKAGE
from pymedplum_runtime.cds.client import prefetching
from pymedplum_runtime.cds.client.prefetching import ADMINISTRATION, MOST_PAGES
from tests.medplum_server.process import MedplumServer

MANY = str(UUID(int=1))
CONTEXT = {"userId": DOCTOR, "patientId": MANY}
ALL = "Observation?patient={{context.patientId}}"


@pytest.fixture
def weights(server: MedplumServer, monkeypatch: pytest.MonkeyPatch) -> int:
    """Store a page of observations of a patient and a half, and return how many."""
    monkeypatch.setattr(prefetching, "PAGE", 4)
    of = {"status": "final", "code": {"text": "w"}, "subject": {"reference": f"Patient/{MANY}"}}
    found = [{"resourceType": "Observation", "id": str(UUID(int=n + 2)), **of} for n in range(6)]
    server.control("seed", {"resources": [{"resourceType": "Patient", "id": MANY}, *found]})
    return len(found)


def prefetched(client: LiveClient, template: str, **options: Any) -> Any:
    request = client("build_cds_request", service_of({"found": template}), CONTEXT, **options)
    return request.prefetch


@pytest.mark.parametrize("links", ["absolute", "path", "relative"])
def test_a_service_gets_all_that_a_search_finds(
    client: LiveClient, server: MedplumServer, requests: Requests, weights: int, links: str
) -> None:
    server.control("config", {"links": links})
    bundle = prefetched(client, ALL)["found"]
    assert len({entry.resource.id for entry in bundle.entry}) == weights
    assert [link.relation for link in bundle.link] == ["self"]
    assert len(requests.fhir()) == 2


def test_a_service_that_asks_for_a_number_gets_so_many(
    client: LiveClient, requests: Requests, weights: int
) -> None:
    bundle = prefetched(client, f"{ALL}&_count=3&_sort=-_lastUpdated")["found"]
    assert weights > len(bundle.entry) == 3
    assert [link.relation for link in bundle.link] == ["self"]
    assert prefetched(client, f"{ALL}&_summary=count")["found"].total == weights
    assert len(requests.fhir()) == 2


def test_no_page_is_fetched_from_another_server(
    client: LiveClient, server: MedplumServer, requests: Requests, weights: int
) -> None:
    server.control("config", {"links": "foreign"})
    with pytest.raises(UnsafeRedirectError):
        prefetched(client, ALL)
    told: list[CDSHooksError] = []
    assert not prefetched(client, ALL, on_error=told.append)
    assert [str(error) for error in told] == ["prefetch 'found' is left out (UnsafeRedirectError)"]
    assert len(requests.fhir()) == 2
    assert weights


def test_a_page_that_fails_leaves_no_part(
    client: LiveClient, server: MedplumServer, weights: int
) -> None:
    server.control("faults", {"kinds": ["500"], "path": "_offset="})
    told: list[CDSHooksError] = []
    templates = {"found": ALL, "doctor": "{{context.userId}}"}
    request = client("build_cds_request", service_of(templates), CONTEXT, on_error=told.append)
    assert list(request.prefetch) == ["doctor"]
    assert [str(error) for error in told] == ["prefetch 'found' is left out (ServerError)"]
    with pytest.raises(MedplumError):
        prefetched(client, ALL)
    assert weights


def test_a_search_without_an_end_is_left_out(
    client: LiveClient, server: MedplumServer, caplog: pytest.LogCaptureFixture
) -> None:
    page = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": "next", "url": "Observation?_offset=1"}],
    }
    answer = {
        "type": "batch-response",
        "entry": [{"response": {"status": "200"}, "resource": page}],
    }
    script = {"method": "POST", "path": "^fhir/R4/$", "json": {"resourceType": "Bundle", **answer}}
    server.control("script", [script, {"method": "GET", "json": page, "times": MOST_PAGES - 1}])
    with caplog.at_level(logging.WARNING, "pymedplum.cds"):
        assert not prefetched(client, ALL)
    assert f"'found' is left out: it has more than {MOST_PAGES} pages" in caplog.text


@pytest.mark.parametrize(
    "template",
    [
        "ClientApplication",
        "ProjectMembership?_count=1",
        "{{context.project}}",
        "Practitioner?_revinclude=ProjectMembership:profile",
    ],
)
def test_no_service_is_told_of_administration(
    client: LiveClient, server: MedplumServer, template: str
) -> None:
    service = service_of({"found": template}, hook="own")
    context = {"project": f"Project/{server.project_id}"}
    with pytest.raises(CDSHooksError, match=r"'found' leads to (Client|Project)"):
        client("build_cds_request", service, context)
    told: list[CDSHooksError] = []
    request = client("build_cds_request", service, context, on_error=told.append)
    assert not request.prefetch
    assert "administration is no service's business" in str(told[0])


def test_administration_is_of_types_that_there_are() -> None:
    assert all(PACKAGE.find(name).__is_resource__ for name in ADMINISTRATION)

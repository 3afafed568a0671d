"""Both clients load into the embedded server, undisturbed and through faults."""

from pathlib import Path

import httpx
import pytest
from live_calls import LiveClient, Requests
from loaded_sources import PER_PATIENT, assert_each_once, signed_in, stored, write_source

from tests.medplum_server.process import MedplumServer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_source(tmp_path / "source", 42)
    return tmp_path / "source"


def test_everything_is_stored_once_with_its_references(
    client: LiveClient, http: httpx.Client, folder: Path, tmp_path: Path, requests: Requests
) -> None:
    report = client("load", folder, journal=tmp_path / "journal")
    assert (report.created, report.ok) == (42 * PER_PATIENT, True)
    assert_each_once(stored(http), 42)
    batches = [each for each in requests.targets() if each.startswith("POST")]
    assert len(batches) <= 42 * PER_PATIENT / 50 + 5
    assert client("load", folder, journal=tmp_path / "journal") == report
    assert_each_once(stored(http), 42)


def test_a_second_load_by_identifiers_finds_all(
    client: LiveClient, http: httpx.Client, folder: Path
) -> None:
    client("load", folder, match="identifier")
    report = client("load", folder, match="identifier")
    assert (report.created, report.existed) == (0, 42 * PER_PATIENT)
    assert_each_once(stored(http), 42)


@pytest.mark.parametrize("chunk_size", [3, 20])
@pytest.mark.parametrize("seed", range(3))
def test_faults_neither_lose_nor_double_anything(
    client: LiveClient, server: MedplumServer, folder: Path, seed: int, chunk_size: int
) -> None:
    kinds = ["drop-before", "drop-after", "503-after", "502-before", "429", "truncate-body"]
    fault = {"kinds": [*kinds, "empty-object", "html-ok"], "rate": 0.5, "seed": seed, "times": 40}
    server.control("config", {"throttledEntries": 30, "conflicts": 2})
    server.control("faults", [{**fault, "method": "POST", "path": "^fhir/R4/?$"}])
    report = client("load", folder, chunk_size=chunk_size)
    server.control("faults", method="DELETE")
    assert (report.created, report.ok) == (42 * PER_PATIENT, True)
    assert sum(server.control("counters")["faults"].values()) > 2
    assert server.control("config")["throttledEntries"] == 0
    with signed_in(server) as http:
        assert_each_once(stored(http), 42)


def test_what_the_server_refuses_is_told(client: LiveClient, tmp_path: Path) -> None:
    source = tmp_path / "a.ndjson"
    source.write_text(
        '{"resourceType": "Patient", "id": "1", "name": "Secret"}\n'
        '{"resourceType": "Observation", "id": "2", "subject": {"reference": "Patient/1"}}\n'
    )
    report = client("load", source)
    assert [each.status_code for each in report.failed] == [400, None]
    assert report.failed[0].codes
    assert report.failed[0].detail
    assert "Secret" not in repr(report)


def test_existing_resources_are_updated_in_place(client: LiveClient) -> None:
    patient = client.create(name=[{"family": "Old"}])
    report = client("load", [{**patient, "name": [{"family": "New"}]}], write="update")
    assert report.updated == 1
    read = client("read_resource", "Patient", patient["id"])
    assert read["name"] == [{"family": "New"}]


def test_a_large_resource_does_not_hold_up_others(client: LiveClient) -> None:
    large = {"resourceType": "Patient", "name": [{"family": "x" * 1_100_000}]}
    small = [{"resourceType": "Patient", "name": [{"family": "x" * 40_000}]}] * 60
    report = client("load", [*small, large])
    assert report.created == 60
    assert [each.status_code for each in report.failed] == [400]

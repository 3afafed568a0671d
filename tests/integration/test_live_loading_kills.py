"""A load that is killed 20 times stores each resource exactly once, with its references."""

from pathlib import Path

import pytest
from killed_loads import KilledLoad
from loaded_sources import PER_PATIENT, assert_each_once, signed_in, stored, write_source

from tests.medplum_server.process import MedplumServer


@pytest.mark.parametrize(
    ("client", "patients", "chunk_size"), [("sync", 10_000, 50), ("async", 400, 10)]
)
def test_twenty_kills(
    server: MedplumServer, tmp_path: Path, client: str, patients: int, chunk_size: int
) -> None:
    folder = tmp_path / "source"
    total = write_source(folder, patients)
    load = KilledLoad(server, folder, client, chunk_size)
    created = load.run(total, kills=20, seed=total)
    assert created == total == patients * PER_PATIENT
    with signed_in(server) as http:
        assert_each_once(stored(http), patients)

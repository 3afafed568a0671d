"""Downloads that are killed or starved of disk: what was whole stays, what is missing comes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pymedplum import MedplumClient
from tests.bulk.killing import Target, assert_same, kill_at_random, killed, undisturbed
from tests.bulk.made_export import make_export
from tests.medplum_server.process import MedplumServer

MEGABYTE = 1_000_000


def target_of(server: MedplumServer, source: Path, compress: str = "") -> Target:
    server.control("config", {"exportPolls": 0})
    server.control("export-folder", {"folder": str(source)})
    with MedplumClient(
        server.base_url, client_id=server.client_id, client_secret=server.client_secret
    ) as client:
        return Target(server, client.bulk_export().status_url, compress)


@pytest.mark.parametrize(("compress", "kills", "files"), [("", 20, 7), ("gzip", 6, 3)])
def test_kills_leave_no_trace(
    server: MedplumServer, tmp_path: Path, compress: str, kills: int, files: int
) -> None:
    make_export(tmp_path / "source", files=files, resources=files * 7000)
    target = target_of(server, tmp_path / "source", compress)
    assert kill_at_random(target, tmp_path, kills, seed=20) >= 1
    found = sorted(path.name for path in (tmp_path / "killed").iterdir())
    ending = "ndjson.gz" if compress else "ndjson"
    assert found == [*(f"Observation.{n:03d}.{ending}" for n in range(files)), "export.json"]
    for number in range(files if not compress else 0):
        copy = tmp_path / "killed" / f"Observation.{number:03d}.ndjson"
        original = tmp_path / "source" / f"Observation.{number}.ndjson"
        assert copy.read_bytes() == original.read_bytes()


def test_ctrl_c_leaves_whole_files_alone(server: MedplumServer, tmp_path: Path) -> None:
    make_export(tmp_path / "source", files=4, resources=40_000)
    target = target_of(server, tmp_path / "source")
    folder = tmp_path / "folder"
    assert killed(target, folder, after=6, by=signal.SIGINT)
    assert not list(folder.rglob("*.part"))
    undisturbed(target, folder)
    undisturbed(target, tmp_path / "other")
    assert_same(folder, tmp_path / "other")


def test_a_full_disk_is_named_and_costs_no_whole_file(
    server: MedplumServer, tmp_path: Path
) -> None:
    source, folder = tmp_path / "source", tmp_path / "folder"
    make_export(source, files=2, resources=2000)
    large = source / "Observation.1.ndjson"
    large.write_bytes(large.read_bytes() * 5)
    (source / "counts.json").unlink()
    target = target_of(server, source)
    child = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(3 * MEGABYTE), *target.command(folder)[1:]],
        check=False,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 1
    assert "BulkExportError: 1 of 2 files could not be downloaded" in child.stderr
    assert f"cannot write {folder}/Observation.001.ndjson: File too large" in child.stderr
    assert not list(folder.rglob("*.part"))
    whole = folder / "Observation.000.ndjson"
    assert whole.read_bytes() == (source / "Observation.0.ndjson").read_bytes()
    undisturbed(target, folder)
    undisturbed(target, tmp_path / "other")
    assert_same(folder, tmp_path / "other")


_LIMITED = """
import resource, runpy, sys
size = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

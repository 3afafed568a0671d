"""The seconds that a download of an export takes, and the most memory above the import, in MiB.

Usage: export_download.py BASE_URL CLIENT_ID CLIENT_SECRET STATUS_URL FOLDER
"""

import json
import sys
import time
from pathlib import Path

import pymedplum.fhir
import pymedplum_runtime.bulk
from pymedplum import MedplumClient


def peak() -> float:
    """Return the most that this process ever held; `ru_maxrss` has the parent's in it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(base_url: str, client_id: str, secret: str, status_url: str, folder: str) -> None:
    assert pymedplum.fhir
    assert pymedplum_runtime.bulk
    baseline = peak()
    with MedplumClient(base_url, client_id=client_id, client_secret=secret) as client:
        job = client.attach_bulk_export(status_url)
        job.wait()
        started = time.perf_counter()
        files = job.download(f"{folder}/export")
        seconds = time.perf_counter() - started
    assert sum(each.lines for each in files.files) == 1_000_000
    print(json.dumps({"seconds": seconds, "peak": peak() - baseline}))


main(*sys.argv[1:])

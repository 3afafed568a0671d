"""Measures the download of a bulk export beside curl on the same files, and what it holds."""

import shutil
import statistics

import httpx

from tests.benchmarks.children import Runs, alternate, snippet
from tests.benchmarks.client_rows import medians_of
from tests.benchmarks.contestants import OURS, ROOT
from tests.benchmarks.rows import Report, Row, Target, notes_of
from tests.bulk.made_export import make_export
from tests.medplum_server.process import MedplumServer, start_server

RESOURCES, FILES = 1_000_000, 4
SOURCE = ROOT / ".cache" / "bulk" / "million"
MOST_MIB = 100.0
RATE = Target(">= 70 % of curl's rate", "floor", 1 / 0.7)
MEMORY = Target("<= 100 MiB", "floor", 1.0)


def measure_exports(rounds: int) -> Report:
    """Download a gigabyte with curl and with ours in turn; curl is the floor."""
    size = make_export(SOURCE, files=FILES, resources=RESOURCES)
    with start_server(config={"exportPolls": 0, "linkLifetime": 24 * 3600}) as server:
        server.control("export-folder", {"folder": str(SOURCE)})
        commands = _commands(server)
        runs, failures = alternate(commands, rounds)
    ours = medians_of(runs[OURS.name]) if OURS.name in runs else {}
    return Report(tuple(_rows(size, runs.get("curl"), ours)), notes_of(failures))


def _commands(server: MedplumServer) -> dict[str, tuple[str, ...]]:
    headers = {"Authorization": f"Bearer {server.access_token()}", "Prefer": "respond-async"}
    with httpx.Client(base_url=server.base_url, headers=headers, trust_env=False) as http:
        status_url = http.get("fhir/R4/$export").headers["Content-Location"]
        urls = [each["url"] for each in http.get(status_url).json()["output"]]
    outputs = [part for number, url in enumerate(urls) for part in ("-o", str(number), url)]
    reached = (server.base_url, server.client_id, server.client_secret, status_url)
    return {
        "curl": (shutil.which("curl") or "curl", "-s", "-f", "--parallel", *outputs),
        OURS.name: snippet(OURS.python, "export_download.py", *reached, "{empty}"),
    }


def _rows(size: int, curl: Runs | None, ours: dict[str, float]) -> list[Row]:
    seconds = statistics.median(run.seconds for run in curl.runs) if curl else None
    files = f"{size / 1e9:.1f} GB, {RESOURCES:,} resources in {FILES} files"
    return [
        Row(
            measure=f"download an export: {files} (floor: curl)",
            unit="s",
            floor=seconds,
            values={OURS.name: ours["seconds"]} if ours else {},
            target=RATE,
            counts={OURS.name: f"{size / 1e6 / ours['seconds']:,.0f} MB/s"} if ours else {},
        ),
        Row(
            measure="most held meanwhile, above the import (floor: the limit)",
            unit="MiB",
            floor=MOST_MIB,
            values={OURS.name: ours["peak"]} if ours else {},
            target=MEMORY,
        ),
    ]

"""A million resources, a gigabyte: downloaded, killed 20 times on the way, compared.

`make test-bulk`, or `.venv/bin/python -m tests.bulk [--seed N]`. Files go to .cache/bulk/.
"""

import argparse
import shutil
from pathlib import Path

from pymedplum import MedplumClient
from tests.bulk.killing import Target, kill_at_random
from tests.bulk.made_export import make_export
from tests.medplum_server.process import start_server

PLACE = Path(__file__).resolve().parents[2] / ".cache" / "bulk"


def main() -> None:
    """Run the kills and print what came of them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    source, runs = PLACE / "million", PLACE / "runs"
    size = make_export(source, files=4, resources=1_000_000)
    shutil.rmtree(runs, ignore_errors=True)
    runs.mkdir(parents=True)
    with start_server(config={"exportPolls": 0}) as server:
        server.control("export-folder", {"folder": str(source)})
        with MedplumClient(
            server.base_url, client_id=server.client_id, client_secret=server.client_secret
        ) as client:
            target = Target(server, client.bulk_export().status_url)
        completed = kill_at_random(target, runs, arguments.kills, arguments.seed)
    shutil.rmtree(runs)
    print(
        f"{size:,} bytes, killed {arguments.kills} times: {completed} folders were completed, "
        "each byte for byte as an undisturbed run leaves it"
    )


if __name__ == "__main__":
    main()

"""A process that downloads an export, and says on stdout how far it is; made to be killed.

Usage: export_child.py BASE_URL CLIENT_ID CLIENT_SECRET STATUS_URL FOLDER [COMPRESSION]
"""

import sys

from pymedplum import MedplumClient


def main(base_url: str, client_id: str, secret: str, status_url: str, *rest: str) -> None:
    folder, compress = (*rest, None)[:2]
    print("begun", flush=True)
    with MedplumClient(base_url, client_id=client_id, client_secret=secret) as client:
        job = client.attach_bulk_export(status_url)
        job.download(
            str(folder),
            compress="gzip" if compress == "gzip" else None,
            progress=lambda at: print(at.bytes, flush=True),
        )
    print("done", flush=True)


main(*sys.argv[1:])

"""Microseconds that a client adds to one read, over the same read through bare httpx.

Usage: client_call.py REPEATS. The server is httpx's mock transport, so no socket adds noise.
"""

import importlib
import json
import sys

import httpx

from tests.benchmarks.snippets.timing import median_times

BASE = "https://fhir.example.com/"
PATIENT = {"resourceType": "Patient", "id": "ada", "name": [{"family": "Lovelace"}]}


def answer(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=PATIENT)


def main(repeats: int) -> None:
    http = httpx.Client(transport=httpx.MockTransport(answer), follow_redirects=False)
    make_client = importlib.import_module("pymedplum").MedplumClient
    client = make_client(base_url=BASE, access_token="token", http_client=http)  # noqa: S106
    url, headers = f"{BASE}fhir/R4/Patient/ada", {"Authorization": "Bearer token"}
    calls = {
        "httpx": lambda: http.get(url, headers=headers).json(),
        "client": lambda: client.read_resource("Patient", "ada"),
    }
    print(json.dumps(median_times(calls, repeats)))


main(int(sys.argv[1]))

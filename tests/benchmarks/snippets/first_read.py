"""A process that reads one resource and ends; its whole life is timed from outside.

Usage: first_read.py httpx | client | typed. The server is httpx's mock transport.
"""

import importlib
import sys

from tests.benchmarks.snippets.canned import BASE, TOKEN, patient, sync_client

if sys.argv[1] == "httpx":
    import httpx

    bare = httpx.Client(transport=httpx.MockTransport(patient))
    found = bare.get(f"{BASE}fhir/R4/Patient/ada", headers={"Authorization": f"Bearer {TOKEN}"})
    assert found.json()["id"] == "ada"
elif sys.argv[1] == "client":
    assert sync_client(patient)[0].read_resource("Patient", "ada")["id"] == "ada"
else:
    model = importlib.import_module("pymedplum.fhir").Patient
    client, _ = sync_client(patient)
    assert client.read_resource("Patient", "ada", as_fhir=model).id == "ada"

"""Requests and bodies that the tests of the embedded server share."""

from typing import Any

import httpx

from tests.medplum_server.process import MedplumServer

UNKNOWN_ID = "99999999-9999-4999-8999-999999999999"
PATIENT = {"resourceType": "Patient", "name": [{"family": "Ro", "given": ["Ada"]}]}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
EXTENDED = {"X-Medplum": "extended"}
ASYNC = {"Prefer": "respond-async"}


def create(
    http: httpx.Client, resource: dict[str, Any] = PATIENT, **more: object
) -> dict[str, Any]:
    response = http.post(f"fhir/R4/{resource['resourceType']}", json={**resource, **more})
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


def parameters(**values: dict[str, Any] | list[dict[str, Any]]) -> dict[str, Any]:
    listed = [
        {"name": name, **value}
        for name, given in values.items()
        for value in (given if isinstance(given, list) else [given])
    ]
    return {"resourceType": "Parameters", "parameter": listed}


def text_of(response: httpx.Response) -> str:
    return str(response.json()["issue"][0]["details"]["text"])


def finish(http: httpx.Client, kicked: httpx.Response) -> dict[str, Any]:
    assert kicked.status_code == 202, kicked.text
    for _ in range(20):
        response = http.get(kicked.headers["Content-Location"])
        if response.status_code == 200:
            body: dict[str, Any] = response.json()
            return body
    raise AssertionError("the job did not finish")


def token(server: MedplumServer, **form: str) -> httpx.Response:
    url = f"{server.base_url}oauth2/token"
    return httpx.post(url, data=form, headers=FORM, trust_env=False)


def entry_of(method: str, url: str, resource: object = None, **more: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"request": {"method": method, "url": url, **more}}
    return {**entry, "resource": resource} if resource else entry


def bundle_of(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def statuses(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [entry["response"]["status"] for entry in response.json()["entry"]]

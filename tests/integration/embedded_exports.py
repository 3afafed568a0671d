"""Bulk exports as the tests of the embedded server ask for them."""

import json
from typing import Any

import httpx
from embedded_requests import ASYNC

Lines = list[dict[str, Any]]


def kick_off(
    http: httpx.Client, path: str = "$export", body: object = None, **query: str
) -> httpx.Response:
    method = "GET" if body is None else "POST"
    return http.request(method, f"fhir/R4/{path}", json=body, params=query, headers=ASYNC)


def manifest_of(http: httpx.Client, kicked: httpx.Response) -> dict[str, Any]:
    assert kicked.status_code == 202, kicked.text
    finished = http.get(kicked.headers["Content-Location"])
    assert finished.status_code == 200, finished.text
    assert finished.headers["Content-Type"] == "application/json"
    manifest: dict[str, Any] = finished.json()
    return manifest


def lines_of(item: dict[str, Any]) -> Lines:
    response = httpx.get(item["url"], trust_env=False)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/fhir+ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def ids_of(lines: Lines) -> set[str]:
    return {line["id"] for line in lines}

"""The pages of a search: a thousand resources each, of one text apart from their ids."""

import json
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.snippets.canned import BASE, FHIR_JSON, PATIENT

PAGE = 1000
FOLDER = Path(__file__).parents[1]


class Pages:
    """A mock transport's handler that gives so many pages, each text made anew."""

    def __init__(self, kind: str, pages: int) -> None:
        self._pages = pages
        self._kind = kind
        self.text = _page(kind).encode()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("page", "1"))
        relation = b"next" if number < self._pages else b"last"
        link = f"{BASE}fhir/R4/{self._kind}?page={number + 1}".encode()
        content = self.text.replace(b"RELATION", relation, 1).replace(b"LINK", link, 1)
        return httpx.Response(200, headers=FHIR_JSON, content=content)


def _page(kind: str) -> str:
    resource: dict[str, Any] = json.loads(_resource(kind))
    entries = [
        {
            "fullUrl": f"{BASE}fhir/R4/{kind}/r{number}",
            "search": {"mode": "match"},
            "resource": {**resource, "id": f"r{number}"},
        }
        for number in range(PAGE)
    ]
    link = [{"relation": "RELATION", "url": "LINK"}]
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entries}
    return json.dumps(bundle, separators=(",", ":"))


def _resource(kind: str) -> bytes:
    if kind == "Patient":
        return PATIENT
    pressure = (FOLDER / "blood_pressure.json").read_bytes()
    return pressure.replace(b"107,", b"107.25,").replace(b"60,", b"60.75,")

"""NDJSON to load: patients, encounters, conditions and observations that refer to each other.

Encounters and conditions refer to each other in both directions, patients to one another in rings.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.medplum_server.process import MedplumServer

Resource = dict[str, Any]
PER_PATIENT = 5
_RING = 4  # patients that are linked in a circle
_SYSTEM = "urn:test:source"


def write_source(folder: Path, patients: int) -> int:
    """Write the files of a source; return how many resources are in them."""
    folder.mkdir()
    files = {
        kind: (folder / f"{kind}.ndjson").open("w", encoding="utf-8")
        for kind in ("Condition", "Encounter", "Observation", "Patient")
    }
    for n in range(patients):
        for resource in _story(n, patients):
            files[resource["resourceType"]].write(json.dumps(resource) + "\n")
    for file in files.values():
        file.close()
    return patients * PER_PATIENT


def _story(n: int, patients: int) -> Iterator[Resource]:
    patient, encounter, condition = f"Patient/p{n}", f"Encounter/e{n}", f"Condition/c{n}"
    first = n - n % _RING
    other = first + (n - first + 1) % min(_RING, patients - first)
    link = [{"type": "seealso", "other": {"reference": f"Patient/p{other}"}}]
    yield _resource(patient, name=[{"family": f"Ro{n}", "given": ["Ada"]}], link=link)
    diagnosis = [{"condition": {"reference": condition}}]
    subject = {"reference": patient}
    yield _resource(
        encounter,
        status="finished",
        **{"class": {"code": "AMB"}},
        subject=subject,
        diagnosis=diagnosis,
    )
    yield _resource(condition, subject=subject, encounter={"reference": encounter})
    members: list[dict[str, str]] = []
    for place in ("a", "b"):
        name = f"Observation/o{n}{place}"
        yield _resource(
            name,
            status="final",
            code={"text": "weight"},
            subject=subject,
            encounter={"reference": encounter},
            **({"hasMember": members} if members else {}),
        )
        members = [{"reference": name}]


def _resource(reference: str, **members: Any) -> Resource:
    kind, old_id = reference.split("/")
    identifier = [{"system": _SYSTEM, "value": reference}]
    return {"resourceType": kind, "id": old_id, "identifier": identifier, **members}


def signed_in(server: MedplumServer) -> httpx.Client:
    """Give a bare client with a token."""
    headers = {"Authorization": f"Bearer {server.access_token()}"}
    return httpx.Client(base_url=server.base_url, headers=headers, timeout=60, trust_env=False)


def stored(http: httpx.Client, *, page: int = 1000) -> list[Resource]:
    """Return everything on the server that came from such a source."""
    found: list[Resource] = []
    for kind in ("Condition", "Encounter", "Observation", "Patient"):
        url: str | None = f"fhir/R4/{kind}?_count={page}&_sort=_lastUpdated"
        while url:
            bundle = http.get(url).raise_for_status().json()
            found += [entry["resource"] for entry in bundle.get("entry", [])]
            links = {link["relation"]: link["url"] for link in bundle.get("link", [])}
            url = links.get("next")
    return [each for each in found if _source_of(each)]


def assert_each_once(found: list[Resource], patients: int) -> None:
    """Check that each resource exists once, and that all references lead where they did."""
    old = {f"{each['resourceType']}/{each['id']}": _source_of(each) for each in found}
    assert len(found) == patients * PER_PATIENT
    assert len(set(old.values())) == len(found)
    expected = {
        f"{each['resourceType']}/{each['id']}": sorted(_references(each))
        for n in range(patients)
        for each in _story(n, patients)
    }
    for each in found:
        there = sorted(old[reference] for reference in _references(each))
        assert there == expected[_source_of(each)]


def _source_of(resource: Resource) -> str:
    named = (each for each in resource.get("identifier", []) if each.get("system") == _SYSTEM)
    return str(next(named, {"value": ""})["value"])


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "reference":
                yield each
            elif name != "meta":
                yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)

"""What the server stored in the end, held against the journal. Every contradiction is a line."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import httpx
from journal import Journal, Write
from typing_extensions import Self
from workload import SYSTEM

from tests.medplum_server.process import MedplumServer

PAGE = 1000
BATCH = 100
Versions = dict[str, dict[str, Any]]  # by version id


class Stored:
    """Reads the store with a bare HTTP client."""

    def __init__(self, server: MedplumServer) -> None:
        headers = {"Authorization": f"Bearer {server.access_token()}"}
        self._http = httpx.Client(
            base_url=f"{server.base_url}fhir/R4/", headers=headers, timeout=60, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.close()

    def patients(self) -> dict[str, list[str]]:
        """Give the ids of all patients by identifier."""
        found: dict[str, list[str]] = defaultdict(list)
        for resource in self._pages():
            for identifier in resource.get("identifier", []):
                if identifier["system"] == SYSTEM:
                    found[identifier["value"]].append(resource["id"])
        return found

    def _pages(self) -> Iterator[dict[str, Any]]:
        for offset in range(0, 10 * PAGE, PAGE):
            query = {"_count": PAGE, "_offset": offset, "_sort": "_id"}
            entries = self._http.get("Patient", params=query).json().get("entry", [])
            yield from (entry["resource"] for entry in entries)
            if len(entries) < PAGE:
                return
        raise AssertionError("more patients than can be paged through")

    def histories(self, ids: list[str]) -> dict[str, Versions]:
        """Give all versions of these patients."""
        found: dict[str, Versions] = {}
        for start in range(0, len(ids), BATCH):
            chunk = ids[start : start + BATCH]
            entries = [
                {"request": {"method": "GET", "url": f"Patient/{each}/_history?_count={PAGE}"}}
                for each in chunk
            ]
            bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
            answered = self._http.post("", json=bundle).json()["entry"]
            for each, entry in zip(chunk, answered, strict=True):
                found[each] = {
                    version["resource"]["meta"]["versionId"]: version["resource"]
                    for version in entry["resource"]["entry"]
                    if "resource" in version
                }
        return found

    def binary(self, resource_id: str) -> bytes:
        return self._http.get(f"Binary/{resource_id}").content


def contradictions(journal: Journal, server: MedplumServer) -> list[str]:
    """Return in what the clients' reports and the store differ."""
    with Stored(server) as stored:
        patients = stored.patients()
        ids = [*journal.changes, *journal.counts]
        ids += [write.resource_id for write in journal.creates if write.resource_id]
        histories = stored.histories(list(dict.fromkeys(ids)))
        return [
            *journal.faults,
            *_of_creates(journal, patients, histories),
            *_of_changes(journal, histories),
            *_of_deletes(journal, patients),
            *_of_counts(journal, histories),
            *(
                f"{write}: not there"
                for write in journal.uploads
                if write.resource_id and stored.binary(write.resource_id) != write.tag.encode()
            ),
        ]


def _of_creates(
    journal: Journal, patients: dict[str, list[str]], histories: dict[str, Versions]
) -> Iterator[str]:
    by_tag: dict[str, list[Write]] = defaultdict(list)
    for write in journal.creates:
        by_tag[write.tag].append(write)
    for tag, writes in by_tag.items():
        ids = patients.get(tag, [])
        if len(ids) > 1:
            yield f"{tag} was created {len(ids)} times: {[str(w) for w in writes]}"
        if ids and all(write.is_refused for write in writes):
            yield f"{writes[0]}: but it is there"
        for write in writes:
            if write.resource_id and not histories[write.resource_id]:
                yield f"{write}: not there"
            if write.version and write.version not in histories[str(write.resource_id)]:
                yield f"{write}: not there in version {write.version}"
    for tag in patients.keys() - by_tag.keys():
        yield f"{tag}: nobody was told that it was created"


def _of_changes(journal: Journal, histories: dict[str, Versions]) -> Iterator[str]:
    for resource_id, writes in journal.changes.items():
        versions = histories[resource_id]
        tags = [version["name"][0]["family"] for version in versions.values()]
        for write in writes:
            if write.is_done and versions[str(write.version)]["name"][0]["family"] != write.tag:
                yield f"{write}: not there in version {write.version}"
            if write.is_refused and write.tag in tags:
                yield f"{write}: but it is there"
            if tags.count(write.tag) > 1:
                yield f"{write}: written twice"


def _of_deletes(journal: Journal, patients: dict[str, list[str]]) -> Iterator[str]:
    present = {each for ids in patients.values() for each in ids}
    for resource_id, write in journal.deletes.items():
        if write.is_done and resource_id in present:
            yield f"delete of {write}: still there"
        if write.is_refused and resource_id not in present:
            yield f"delete of {write}: but it is gone"


def _of_counts(journal: Journal, histories: dict[str, Versions]) -> Iterator[str]:
    for counter, writes in journal.counts.items():
        versions = [str(write.version) for write in writes if write.is_done]
        if len(versions) != len(set(versions)):
            yield f"{len(versions) - len(set(versions))} increments share a version with another"
        if missing := set(versions) - histories[counter].keys():
            yield f"{len(missing)} versions of a counter are not there"
        reached = max(v.get("multipleBirthInteger", 0) for v in histories[counter].values())
        unsure = len(writes) - len(versions) - sum(write.is_refused for write in writes)
        if not len(versions) <= reached <= len(versions) + unsure:
            yield f"{len(versions)} increments done, {unsure} unsure, but the counter is {reached}"

"""What one user of a client does: calls of every kind at random, each noted in the journal.

Written once for both clients: a worker asks for calls, and a runner makes them.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from journal import Journal, Write

from pymedplum import FHIRBundle, MedplumError
from pymedplum.fhir import Patient

SYSTEM = "http://example.com/tag"
CODE = "http://example.com/code|paged"
PAGED = 50
POST = {"method": "POST", "url": "Patient"}
BATCH = {"resourceType": "Bundle", "type": "batch"}
PROXIED = (b"<html>", b'{"access_token"')  # how the pages of a proxy with status 200 begin
SHARED = 40  # identifiers for which several workers may create


@dataclass(frozen=True)
class Ask:
    """A call of the client."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


Result: TypeAlias = tuple[Any, MedplumError | None]
Steps: TypeAlias = Generator[Ask, Any, Any]


@dataclass
class Owned:
    """A patient that nobody but its worker changes."""

    resource: dict[str, Any]
    is_certain: bool = True

    @property
    def id(self) -> str:
        return str(self.resource["id"])

    @property
    def version(self) -> str:
        return str(self.resource["meta"]["versionId"])


def patient(tag: str) -> dict[str, Any]:
    """Give a patient whose identifier and name are unique."""
    identifier = [{"system": SYSTEM, "value": tag}]
    return {"resourceType": "Patient", "identifier": identifier, "name": [{"family": tag}]}


def incremented(counter: dict[str, Any]) -> dict[str, Any]:
    """Count one more."""
    return {**counter, "multipleBirthInteger": counter.get("multipleBirthInteger", 0) + 1}


@dataclass
class Worker:
    """Makes calls until it has made enough of them."""

    name: str
    journal: Journal
    counters: list[str]
    calls: int
    random: Random
    owned: list[Owned] = field(default_factory=list)
    made: int = 0

    def run(self) -> Steps:
        actions = [action for action, weight in ACTIONS for _ in range(weight)]
        while self.made < self.calls:
            yield from self.random.choice(actions)(self)

    def ask(self, name: str, /, *args: Any, **kwargs: Any) -> Generator[Ask, Any, Result]:
        self.made += 1
        try:
            value = yield Ask(name, args, kwargs)
        except MedplumError as error:
            self.journal.called(name, error)
            return None, error
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            self.journal.called(name, error)
            return None, MedplumError("untyped", possibly_committed=True)  # noted as a fault
        self.journal.called(name, None)
        return value, None

    def tag(self) -> str:
        return f"{self.name}-{self.made}"

    def created(self, tag: str, result: Result) -> None:
        stored, error = result
        write = Write(tag, error)
        if error is None:
            write.resource_id, write.version = stored["id"], stored["meta"]["versionId"]
        self.journal.creates.append(write)

    def create(self) -> Steps:
        tag = self.tag()
        result = yield from self.ask("create_resource", patient(tag))
        self.created(tag, result)
        if result[0]:
            self.owned.append(Owned(result[0]))

    def create_if_none_exists(self) -> Steps:
        tag = self.random.choice([f"shared-{self.random.randrange(SHARED)}", self.tag()])
        query = f"identifier={SYSTEM}|{tag}"
        result = yield from self.ask("create_resource_if_none_exist", patient(tag), query)
        self.created(tag, result)

    def upsert(self) -> Steps:
        tag = self.tag()
        query = f"identifier={SYSTEM}|{tag}"
        self.created(tag, (yield from self.ask("upsert_resource", patient(tag), query)))

    def read(self) -> Steps:
        if not self.owned:
            return
        own = self.random.choice(self.owned)
        kwargs = {"as_fhir": Patient} if self.random.random() < 0.3 else {}
        found, error = yield from self.ask("read_resource", "Patient", own.id, **kwargs)
        if error:
            return
        stored = found.model_dump() if kwargs else found
        if own.is_certain and stored["meta"]["versionId"] != own.version:
            self.journal.faults.append(f"Patient/{own.id} is read in another version")
        own.resource = stored

    def changed(self, tag: str, own: Owned, result: Result) -> None:
        stored, error = result
        write = Write(tag, error, own.id)
        if error is None:
            own.resource, own.is_certain = stored, True
            write.version = own.version
        elif error.possibly_committed:
            own.is_certain = False
        self.journal.changes.setdefault(own.id, []).append(write)

    def update(self) -> Steps:
        if not self.owned:
            return
        own, tag = self.random.choice(self.owned), self.tag()
        changed = {**own.resource, "name": [{"family": tag}]}
        self.changed(tag, own, (yield from self.ask("update_resource", changed)))

    def patch(self) -> Steps:
        if not self.owned:
            return
        own, tag = self.random.choice(self.owned), self.tag()
        operations = [{"op": "replace", "path": "/name/0/family", "value": tag}]
        guard = f'W/"{own.version}"'
        asked = self.ask("patch_resource", "Patient", own.id, operations, if_match=guard)
        self.changed(tag, own, (yield from asked))

    def delete(self) -> Steps:
        if len(self.owned) < 3:
            return
        own = self.owned.pop(self.random.randrange(len(self.owned)))
        _, error = yield from self.ask("delete_resource", "Patient", own.id)
        self.journal.deletes[own.id] = Write(own.id, error)

    def count(self) -> Steps:
        counter = self.random.choice(self.counters)
        result, error = yield from self.ask(
            "update_with_retry", "Patient", counter, incremented, max_retries=4
        )
        version = None if error else result.version_id
        self.journal.counts.setdefault(counter, []).append(Write(self.tag(), error, None, version))

    def search(self) -> Steps:
        if not self.owned:
            return
        own = self.random.choice(self.owned)
        query = {"identifier": f"{SYSTEM}|{own.resource['identifier'][0]['value']}"}
        bundle, error = yield from self.ask("search_resources", "Patient", query)
        found = [] if error else [e["resource"]["id"] for e in bundle.get("entry", [])]
        if error is None and found != [own.id]:
            self.journal.faults.append(f"search for Patient/{own.id} found {found}")

    def pages(self) -> Steps:
        found, error = yield from self.ask(
            "search_resource_pages", "Observation", {"code": CODE}, page_size=20
        )
        if error is None and len({each["id"] for each in found}) != PAGED:
            self.journal.faults.append(f"the pages held {len(found)} of {PAGED}")

    def batch(self) -> Steps:
        tags = [f"{self.tag()}-{n}" for n in range(3)]
        entries = [{"resource": patient(tag), "request": POST} for tag in tags]
        answer, error = yield from self.ask("execute_batch", {**BATCH, "entry": entries})
        if error:
            self.journal.creates += [Write(tag, error) for tag in tags]
            return
        for tag, result in zip(tags, FHIRBundle(answer).entry_results(), strict=True):
            if result.ok:
                self.journal.creates.append(Write(tag, None, result.resource_id))

    def conditional_batch(self) -> Steps:
        tags = [f"{self.tag()}-{n}" for n in range(5)]
        entries = [(patient(tag), f"identifier={SYSTEM}|{tag}") for tag in tags]
        result, error = yield from self.ask("conditional_create_batch", entries, chunk_size=2)
        if error:
            self.journal.creates += [Write(tag, error) for tag in tags]
            return
        for each in [*result.created, *result.existed]:
            self.journal.creates.append(Write(tags[each.index], None, each.resource_id))

    def operations(self) -> Steps:
        yield from self.ask("validate_resource", patient(self.tag()))
        yield from self.ask("execute_graphql", "{ PatientList(_count: 1) { id } }")
        if self.owned:
            own = self.random.choice(self.owned)
            yield from self.ask("execute_operation", "Patient", "everything", own.id, method="GET")

    def binary(self) -> Steps:
        content = self.tag().encode()
        stored, error = yield from self.ask("upload_binary", content, "text/plain")
        write = Write(content.decode(), error, None if error else stored["id"])
        self.journal.uploads.append(write)
        if error is None:
            found, error = yield from self.ask("download_binary", stored["id"])
            # Nothing tells a stored page from one that a proxy gives.
            if error is None and found != content and not found.startswith(PROXIED):
                self.journal.faults.append("a Binary came back changed")


ACTIONS: list[tuple[Callable[[Worker], Steps], int]] = [
    (Worker.create, 8),
    (Worker.create_if_none_exists, 6),
    (Worker.upsert, 3),
    (Worker.read, 6),
    (Worker.update, 10),
    (Worker.patch, 8),
    (Worker.delete, 3),
    (Worker.count, 6),
    (Worker.search, 4),
    (Worker.pages, 1),
    (Worker.batch, 2),
    (Worker.conditional_batch, 2),
    (Worker.operations, 2),
    (Worker.binary, 3),
]

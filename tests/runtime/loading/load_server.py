"""A server in memory that takes batches as Medplum does, and fails where a test wants it to.

Ids are given to all entries before any is carried out, and `urn:uuid:` addresses are replaced by
them, whether or not the entry comes to be: that is what makes circles of references delicate.
"""

import json
import re
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

URN = re.compile(r"urn:uuid:[0-9a-f-]{36}")
Resource = dict[str, Any]


class Killed(BaseException):
    """The process ends here; nothing in it hears of it."""


def outcome(code: str, text: str = "secret words", **members: object) -> Resource:
    issue = {"severity": "error", "code": code, "details": {"text": text}, **members}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


class LoadServer:
    """Call it with a request; `faults` are drawn one per batch, until there are none left."""

    def __init__(self, seed: int = 0) -> None:
        self.stored: dict[str, Resource] = {}
        self.batches: list[list[Resource]] = []
        self.requests: list[httpx.Request] = []
        self.faults: Iterator[str] = iter(())
        self.refuses: Callable[[Resource], int | None] = lambda _: None
        self.breaks_on = b"\x00"
        self.max_body = 1_000_000
        self._random = Random(seed)  # noqa: S311 - not for secrets
        self._ids = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path == "/fhir/R4/":
            return self._batch_with_fault(request.content)
        reference = request.url.path.removeprefix("/fhir/R4/")
        if reference not in self.stored:
            return httpx.Response(404, json=outcome("not-found"))
        if request.method == "PUT":
            self._put(reference, json.loads(request.content))
        return httpx.Response(200, json=self.stored[reference])

    def _batch_with_fault(self, content: bytes) -> httpx.Response:
        fault = next(self.faults, "")
        if fault == "kill-before":
            raise Killed
        if fault == "drop-before":
            raise httpx.ConnectError("down")
        if fault.isdecimal():
            return httpx.Response(int(fault), json=outcome("transient"))
        if self.breaks_on in content:
            return httpx.Response(500, json={"msg": "Secret"})
        if len(content) > self.max_body:
            return httpx.Response(400, json=outcome("invalid", "File too large"))
        answer = self._batch(json.loads(content)["entry"], fault)
        if fault == "kill-after":
            raise Killed
        if fault == "drop-after":
            raise httpx.ReadError("lost")
        if fault == "empty":
            return httpx.Response(200, json={})
        if fault == "page":
            return httpx.Response(200, text="<html>")
        return httpx.Response(200, json={"resourceType": "Bundle", "entry": answer})

    def _batch(self, entries: list[Resource], fault: str) -> list[Resource]:
        self.batches.append(entries)
        given = {e.get("fullUrl", ""): self._identity(e) for e in entries}
        done = len(entries)
        if fault in {"throttle", "race"}:
            done = self._random.randrange(len(entries))
        if fault == "race":  # another batch with the same entries was faster with some
            for entry in self._random.sample(entries, done):
                self._store(entry, self._rewritten(entry["resource"], given), self._new_id())
            done = len(entries)
        answers: list[Resource] = []
        for entry in entries:
            if len(answers) >= done:
                answers.append({"response": {"status": "429", "outcome": outcome("throttled")}})
            elif fault == "conflict" and self._random.random() < 1 / 2:
                answers.append({"response": {"status": "409", "outcome": outcome("conflict")}})
            else:
                answers.append(self._carry_out(entry, given))
        return answers

    def _identity(self, entry: Resource) -> str:
        kind = entry["resource"]["resourceType"]
        found = self._matches(kind, entry["request"].get("ifNoneExist", ""))
        return f"{kind}/{found[0]['id'] if found else self._new_id()}"

    def _new_id(self) -> str:
        self._ids += 1
        return f"new-{self._ids}"

    def _carry_out(self, entry: Resource, given: dict[str, str]) -> Resource:
        resource = self._rewritten(entry["resource"], given)
        status = self.refuses(resource)
        if status:
            path = f"{resource['resourceType']}.name[0]"
            refusal = outcome("invalid", expression=[path, "name.where(family='Secret')"])
            return {"response": {"status": str(status), "outcome": refusal}}
        if entry["request"]["method"] == "PUT":
            self._put(entry["request"]["url"], resource)
            return answer_of(200, resource)
        found = self._matches(resource["resourceType"], entry["request"]["ifNoneExist"])
        if len(found) > 1:
            return {"response": {"status": "412", "outcome": outcome("multiple-matches")}}
        if found:
            return answer_of(200, found[0])
        identity = given.get(entry.get("fullUrl", "-"), f"/{self._new_id()}")
        return answer_of(201, self._store(entry, resource, identity.split("/")[1]))

    def _store(self, entry: Resource, resource: Resource, new_id: str) -> Resource:
        stored = {**resource, "id": new_id}
        query = entry["request"]["ifNoneExist"]
        if not self._matches(stored["resourceType"], query):
            self._put(f"{stored['resourceType']}/{new_id}", stored)
        return stored

    def _put(self, reference: str, resource: Resource) -> None:
        versions = int(self.stored.get(reference, {}).get("meta", {}).get("versionId", "0"))
        meta = {**resource.get("meta", {}), "versionId": str(versions + 1)}
        self.stored[reference] = {**resource, "meta": meta}

    def _rewritten(self, resource: Resource, given: dict[str, str]) -> Resource:
        text = json.dumps(resource)
        rewritten: Resource = json.loads(URN.sub(lambda m: given.get(m[0], m[0]), text))
        return rewritten

    def _matches(self, kind: str, query: str) -> list[Resource]:
        [(name, [token])] = parse_qs(query).items() if query else [("", [""])]
        return [
            each
            for each in self.stored.values()
            if each["resourceType"] == kind and token in _tokens(each, name)
        ]


def _tokens(resource: Resource, name: str) -> list[str]:
    if name == "_tag":
        return [f"{each['system']}|{each['code']}" for each in resource["meta"].get("tag", [])]
    return [f"{each.get('system')}|{each.get('value')}" for each in resource.get(name, [])]


def answer_of(status: int, resource: Resource) -> Resource:
    location = f"{resource['resourceType']}/{resource['id']}"
    return {"response": {"status": str(status), "location": location}, "resource": resource}

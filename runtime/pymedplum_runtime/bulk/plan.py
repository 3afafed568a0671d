"""Which file of an export gets which name, and what the folder tells of it. Pure.

Names are ours: nothing of a URL becomes part of a path.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from pymedplum_runtime.bulk.content import ENDINGS, Written
from pymedplum_runtime.bulk.manifest import FileKind, Manifest, ManifestFile
from pymedplum_runtime.ndjson.compression import Compression

FORMAT = 1
_DIGITS = 3  # at least, so that names sort


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that is to be in the folder."""

    name: str
    """Below the folder, with `/`."""
    kind: FileKind
    type: str
    source: str
    """A fingerprint of its URL without the query, which stays the same when links are renewed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An export as its folder tells it: no time of ours, no URL that was signed."""

    request: str
    transaction_time: str
    compression: Compression | None
    files: tuple[PlannedFile, ...]


def planned(manifest: Manifest, compression: Compression | None) -> Plan:
    """Give every file of a manifest its name."""
    files = manifest.files
    numbers: Counter[tuple[FileKind, str]] = Counter()
    totals = Counter((each.kind, each.type) for each in files)
    named: list[PlannedFile] = []
    for each in files:
        key = each.kind, each.type
        width = max(_DIGITS, len(str(totals[key] - 1)))
        place = "" if each.kind == "output" else f"{each.kind}/"
        ending = f"ndjson{ENDINGS[compression]}"
        name = f"{place}{each.type}.{numbers[key]:0{width}d}.{ending}"
        named.append(PlannedFile(name, each.kind, each.type, fingerprint(each)))
        numbers[key] += 1
    request = manifest.request.partition("?")[0]
    return Plan(request, manifest.transaction_time, compression, tuple(named))


def fingerprint(file: ManifestFile) -> str:
    """Return what tells a file from the others, and keeps its address to itself."""
    return hashlib.sha256(file.address.encode(errors="replace")).hexdigest()[:16]


def matched(plan: Sequence[PlannedFile], files: Sequence[ManifestFile]) -> list[int] | None:
    """Find each planned file in a manifest that was given later.

    By kind, type and address; or by its place, where the server changes addresses as a whole.

    Returns:
        The places in `files`, or `None` where it is another export.
    """
    places = {(each.kind, each.type, fingerprint(each)): n for n, each in enumerate(files)}
    found = [places.get((each.kind, each.type, each.source)) for each in plan]
    known = [place for place in found if place is not None]
    if len(plan) != len(files):
        return None
    if len(set(known)) == len(plan):
        return known
    is_alike = all((a.kind, a.type) == (b.kind, b.type) for a, b in zip(plan, files, strict=True))
    return list(range(len(plan))) if is_alike else None


def plan_text(plan: Plan, written: Mapping[str, Written]) -> str:
    """Write a plan, with what is known of its files."""
    files: list[dict[str, Any]] = []
    for each in plan.files:
        entry = {"name": each.name, "kind": each.kind, "type": each.type, "source": each.source}
        done = written.get(each.name)
        files.append({**entry, "lines": done.lines, "bytes": done.bytes} if done else entry)
    members = {
        "format": FORMAT,
        "request": plan.request,
        "transactionTime": plan.transaction_time,
        "compression": plan.compression,
        "files": files,
    }
    return json.dumps(members, indent=2) + "\n"


def read_plan(text: str) -> tuple[Plan, dict[str, Written]]:
    """Read what `plan_text` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        members = cast("dict[str, Any]", json.loads(text))
        if members["format"] != FORMAT:
            raise ValueError("written by another version")
        files = [
            PlannedFile(str(f["name"]), f["kind"], str(f["type"]), str(f["source"]))
            for f in members["files"]
        ]
        written = {
            str(f["name"]): Written(int(f["lines"]), int(f["bytes"]))
            for f in members["files"]
            if "lines" in f
        }
        request, at = members["request"], members["transactionTime"]
        return Plan(request, at, members["compression"], tuple(files)), written
    except (AttributeError, KeyError, TypeError, RecursionError):
        raise ValueError("not written by a download") from None


def continued(recorded: Plan, fresh: Plan, manifest: Manifest) -> Plan | None:
    """Return the recorded plan in the order of a manifest; `None` where it is another export."""
    if replace(recorded, files=()) != replace(fresh, files=()):
        return None
    places = matched(recorded.files, manifest.files)
    if places is None:
        return None
    names = {each.name for each in fresh.files}
    return recorded if {each.name for each in recorded.files} == names else None

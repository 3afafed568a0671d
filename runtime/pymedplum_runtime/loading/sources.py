"""What is loaded: the lines of NDJSON files, or resources, each with its place and its content."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from os import PathLike
from typing import Any, NamedTuple, TypeAlias, cast

from pymedplum_runtime.client.types import ResourceLike
from pymedplum_runtime.flows.bodies import body_of
from pymedplum_runtime.helpers.members import is_data, member
from pymedplum_runtime.http.urls import id_segment, type_segment
from pymedplum_runtime.loading.links import bare_id, targets_in
from pymedplum_runtime.loading.rows import Row
from pymedplum_runtime.models import codec
from pymedplum_runtime.models.strict_json import encode
from pymedplum_runtime.ndjson.lines import lines_of
from pymedplum_runtime.ndjson.sources import NdjsonSource

LoadSource: TypeAlias = NdjsonSource | Iterable[ResourceLike]
"""The path of an NDJSON file or of a folder of them, an open binary file, several of these; or
resources."""

_RESOURCES = "<resources>"
_DIGEST_BYTES = 16
_DEEPEST = 200  # levels; Python's encoder gives up at a thousand, less what it is called from


class Item(NamedTuple):
    """A line or a resource."""

    source: str
    line: int
    content: bytes
    problem: str | None = None


class Items(NamedTuple):
    """All of a source."""

    each: Iterator[Item]
    is_ours: bool
    """Whether reading it is work of ours; else it runs the caller's own code."""


def items_of(source: LoadSource) -> Items:
    """Say what a source is; nothing is read of files yet.

    Raises:
        TypeError: it is none.
    """
    if is_data(source):
        raise TypeError("source must be a list of resources, not a single one; put it into a list")
    is_one = isinstance(source, str | PathLike) or hasattr(source, "read")
    if is_one or not isinstance(source, Iterable):
        return Items(_from_lines(cast("NdjsonSource", source)), is_ours=True)
    if isinstance(source, bytes | bytearray | memoryview):
        raise TypeError(f"source must be paths or resources, got {type(source).__name__}")
    given: Iterator[Any] = iter(cast("Iterable[Any]", source))
    first = list(_first(given))
    if first and (isinstance(first[0], str | PathLike) or hasattr(first[0], "read")):
        return Items(_from_lines(chain(first, given)), is_ours=True)
    return Items(_from_resources(chain(first, given)), is_ours=False)


def _first(given: Iterator[Any]) -> Iterator[Any]:
    for each in given:
        yield each
        return


def _from_lines(source: NdjsonSource) -> Iterator[Item]:
    return (Item(line.source, line.number, line.content) for line in lines_of(source))


def _from_resources(resources: Iterable[object]) -> Iterator[Item]:
    for number, resource in enumerate(resources, 1):
        try:
            content = encode(body_of(cast("ResourceLike", resource)).value)
        except (TypeError, ValueError) as error:
            kind = type(resource).__name__
            problem = str(error) if is_data(resource) else f"expected a resource, got {kind}"
            yield Item(_RESOURCES, number, b"", problem)
        else:
            yield Item(_RESOURCES, number, content)


def digest_of(item: Item) -> bytes:
    """Return what tells whether the same line comes again."""
    return hashlib.blake2b(item.content, digest_size=_DIGEST_BYTES).digest()


def row_of(number: int, item: Item, check: Callable[[Mapping[str, Any]], None]) -> Row:
    """Return the row of an item; what is no resource has a problem in it."""
    try:
        if item.problem:
            raise ValueError(item.problem)  # noqa: TRY301 - told like any other problem
        resource = _resource_in(item.content)
        check(resource)
        kind, old_id = type_segment(resource["resourceType"], "resourceType"), _id_in(resource)
    except (TypeError, ValueError) as error:
        return Row(number, item.source, item.line, None, None, digest_of(item), str(error), set())
    targets = targets_in(resource)
    return Row(number, item.source, item.line, kind, old_id, digest_of(item), None, targets)


def _resource_in(content: bytes) -> dict[str, Any]:
    try:
        decoded = codec.decode(content)
        codec.encode(decoded)
    except codec.JsonTextError as error:
        raise ValueError(f"it is no JSON: {error}") from None
    except UnicodeEncodeError:
        raise ValueError("a text in it holds half of a surrogate pair") from None
    if not isinstance(decoded, dict):
        raise TypeError(f"a JSON {type(decoded).__name__} is no resource")
    members = cast("dict[str, Any]", decoded)
    if "resourceType" not in members:
        raise ValueError("it has no resourceType")
    if content.count(b"[") + content.count(b"{") > _DEEPEST and _is_deep(members):
        raise ValueError(f"it is nested more than {_DEEPEST} levels deep")
    meta: object = members.get("meta", {})
    if not is_data(meta) or not isinstance(member(meta, "tag") or [], list):
        raise TypeError("its meta is no object, or its meta.tag no list")
    return members


def _is_deep(members: dict[str, Any]) -> bool:
    level: list[object] = [members]
    for _ in range(_DEEPEST):
        level = [
            inner for each in level for inner in _inside(each) if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return cast("dict[str, object]", value).values()
    return cast("list[object]", value)


def _id_in(resource: Mapping[str, Any]) -> str | None:
    found = resource.get("id")
    if found is None:
        return None
    if not isinstance(found, str):
        raise TypeError("its id is no text")
    return bare_id(found)


def needs_id(resource: Mapping[str, Any]) -> None:
    """Check that a resource can be written to an address of its own.

    Raises:
        TypeError: its id is no text.
        ValueError: it has none, or one that no address holds.
    """
    if resource.get("id") is None:
        raise ValueError("it has no id, which an update needs")
    id_segment(resource["id"], "its id")

"""The manifest of an export: which files there are, and where. Sends and writes nothing.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html#response---complete-status
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, cast

from pymedplum_runtime.errors import BulkExportError, UnsafeRedirectError
from pymedplum_runtime.http.urls import origin_of

FileKind: TypeAlias = Literal["output", "deleted", "error"]

KINDS: tuple[FileKind, ...] = ("output", "deleted", "error")
_TYPE = re.compile(r"[A-Z][A-Za-z]{0,63}")
_OF_A_FILE = frozenset({"type", "url", "count"})
_OF_A_MANIFEST = frozenset({"transactionTime", "request", "requiresAccessToken", *KINDS})


@dataclass(frozen=True, slots=True, repr=False)
class ManifestFile:
    """One file of an export. Printing one shows its URL without the query: that may be a key."""

    type: str
    """The resource type of its lines; `Bundle` in deleted files, mostly."""
    url: str
    count: int | None = None
    """How many lines it has, where the server says so."""
    kind: FileKind = "output"
    members: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else the server says of the file, `extension` for instance."""

    @property
    def address(self) -> str:
        """The URL without query and fragment."""
        return re.split(r"[?#]", self.url, maxsplit=1)[0]

    def __repr__(self) -> str:
        return (
            f"ManifestFile(type={self.type!r}, url={self.address!r}, count={self.count}, "
            f"kind={self.kind!r})"
        )


@dataclass(frozen=True, slots=True, repr=False)
class Manifest:
    """What an export gave. Printing one shows how many files, and no URL."""

    transaction_time: str
    """The instant up to which changes are in the files; the `since` of the next export."""
    request: str
    """The URL that the export was asked for with, as the server repeats it."""
    requires_access_token: bool
    """Whether the files are to be fetched with the client's token."""
    output: tuple[ManifestFile, ...]
    deleted: tuple[ManifestFile, ...] = ()
    """Bundles that name what was deleted since `since`."""
    error: tuple[ManifestFile, ...] = ()
    """OperationOutcomes: what could not be exported, and why."""
    members: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else the server says."""

    @property
    def files(self) -> tuple[ManifestFile, ...]:
        """All files: output, deleted, error."""
        return (*self.output, *self.deleted, *self.error)

    def __repr__(self) -> str:
        counts = ", ".join(f"{kind}={len(getattr(self, kind))}" for kind in KINDS)
        return f"Manifest({counts}, requires_access_token={self.requires_access_token})"


def read_manifest(decoded: object) -> Manifest:
    """Read a manifest, or a page of one; members that are not known are kept.

    Raises:
        BulkExportError: something in it is not what the specification says; the message names
            its place, such as `output[3].url`, and quotes nothing.
    """
    if not isinstance(decoded, Mapping):
        raise BulkExportError("the manifest of the export is no JSON object")
    members = cast("Mapping[str, Any]", decoded)
    if members.get("output") is None:
        raise BulkExportError("the manifest of the export has no output: is it a manifest at all?")
    files = {kind: tuple(_files(members.get(kind), kind)) for kind in KINDS}
    return Manifest(
        transaction_time=_text(members, "transactionTime", ""),
        request=_text(members, "request", ""),
        requires_access_token=_needs_token(members.get("requiresAccessToken", False)),
        members={name: each for name, each in members.items() if name not in _OF_A_MANIFEST},
        **files,
    )


def joined(first: Manifest, second: Manifest) -> Manifest:
    """Return a manifest with the files of its next page."""
    return replace(
        first,
        output=first.output + second.output,
        deleted=first.deleted + second.deleted,
        error=first.error + second.error,
    )


def next_link(manifest: Manifest) -> str | None:
    """Return the address of the next page of a manifest.

    Raises:
        BulkExportError: the links are no links.
    """
    links = manifest.members.get("link")
    if links is None:
        return None
    if not isinstance(links, list):
        raise _wrong("link", "an array")
    for place, link in enumerate(cast("list[object]", links)):
        if not isinstance(link, Mapping):
            raise _wrong(f"link[{place}]", "an object")
        members = cast("Mapping[str, Any]", link)
        if members.get("relation") == "next":
            return _text(members, "url", f"link[{place}].")
    return None


def _files(listed: object, kind: FileKind) -> Iterator[ManifestFile]:
    if listed is None:
        return
    if not isinstance(listed, list):
        raise _wrong(kind, "an array")
    for number, each in enumerate(cast("list[object]", listed)):
        place = f"{kind}[{number}]"
        if not isinstance(each, Mapping):
            raise _wrong(place, "an object")
        yield _file(cast("Mapping[str, Any]", each), kind, place)


def _file(members: Mapping[str, Any], kind: FileKind, place: str) -> ManifestFile:
    name = _text(members, "type", f"{place}.")
    if not _TYPE.fullmatch(name):
        raise _wrong(f"{place}.type", "the name of a resource type: letters only")
    return ManifestFile(
        type=name,
        url=_url(members, f"{place}."),
        count=_count(members.get("count"), f"{place}.count"),
        kind=kind,
        members={key: each for key, each in members.items() if key not in _OF_A_FILE},
    )


def _text(members: Mapping[str, Any], name: str, place: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(f"{place}{name}", "a text that is not empty")
    return value


def _url(members: Mapping[str, Any], place: str) -> str:
    value = _text(members, "url", place)
    try:
        origin_of(value)
    except UnsafeRedirectError:
        pass
    else:
        return value
    raise _wrong(f"{place}url", "an absolute http or https URL without credentials")


def _count(value: object, place: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(place, "a whole number, 0 or more")
    return value


def _needs_token(value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong("requiresAccessToken", "true or false")
    return value


def _wrong(place: str, expected: str) -> BulkExportError:
    return BulkExportError(f"the manifest of the export is wrong: {place} must be {expected}")

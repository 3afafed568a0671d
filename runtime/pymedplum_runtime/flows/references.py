"""Read what references point to, one or many."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import check_as_fhir, resource_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import BundleEntryError
from pymedplum_runtime.flows.throttled import run_batch
from pymedplum_runtime.helpers.members import FHIRData, is_data, members_of
from pymedplum_runtime.helpers.references import parse_reference
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.urls import id_segment, type_segment
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.search.entries import BundleEntryResult, entry_results

Headers = Mapping[str, str | None]
As = type[FHIRModel]

CHUNK = 100  # entries of one batch
_MISSING = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


def read_reference(
    session: Session,
    reference: str | FHIRData,
    as_fhir: As | None = None,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Read what a reference points to."""
    segments = reference_segments(session, reference)
    check_as_fhir(as_fhir, segments[0])
    call = Call(
        method="GET",
        url=session.server.fhir(*segments),
        options=options,
    )
    return resource_of(session, (yield from session.call(call)), as_fhir)


def reference_segments(session: Session, reference: str | FHIRData) -> list[str]:
    """Return the checked path of a literal reference, its version included.

    Raises:
        ValueError: it is no literal reference.
        UnsafeRedirectError: it is the URL of another server.
    """
    text = _text(reference)
    if text is None or text.startswith(("#", "urn:")) or "?" in text:
        raise ValueError("expected a literal reference such as Patient/123 to read")
    if "://" in text:
        session.server.locate(text)
    resource_type, resource_id = parse_reference(text)
    segments = [type_segment(resource_type), id_segment(resource_id)]
    version = text.partition("/_history/")[2]
    return [*segments, "_history", id_segment(version, "version")] if version else segments


def resolve_references(
    session: Session,
    references: Sequence[str | FHIRData],
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, dict[str, Any] | None]]:
    """Read many references in few requests; what does not exist is `None`.

    Raises:
        BundleEntryError: some could not be read; its entries are their places and ids.
    """
    if isinstance(references, str | Mapping) or not isinstance(references, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"references must be a list, got {type(references).__name__}")
    paths = {_text(each) or "": "/".join(reference_segments(session, each)) for each in references}
    wanted = list(dict.fromkeys(paths.values()))
    found: dict[str, dict[str, Any] | None] = {}
    failed: list[BundleEntryResult] = []
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        for place, result in enumerate((yield from _read_many(session, chunk, options)), start):
            resource = result.resource if result.ok else None
            found[wanted[place]] = resource
            if resource is None and result.status_code not in _MISSING:
                failed.append(_named(result, wanted[place], place))
    if failed:
        raise BundleEntryError(failed)
    return {text: found[path] for text, path in paths.items()}


def _read_many(
    session: Session, paths: Sequence[str], options: CallOptions
) -> Flow[list[BundleEntryResult]]:
    """Return what became of each path; an entry that the server did not answer has no status."""
    entries = [{"request": {"method": "GET", "url": path}} for path in paths]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answer = yield from run_batch(session, bundle, options=options, replay_safe=True)
    results = entry_results(answer)[: len(paths)]
    unanswered = BundleEntryResult(0, None, False, None, None, None)  # noqa: FBT003 - not ok
    return results + [unanswered] * (len(paths) - len(results))


def _named(result: BundleEntryResult, path: str, place: int) -> BundleEntryResult:
    return replace(result, index=place, ok=False, resource_id=path.split("/")[1])


def _text(reference: str | FHIRData) -> str | None:
    """Return the text of a reference; of a resource, the one that leads to it."""
    if not is_data(reference):
        return reference if isinstance(reference, str) else None
    members = members_of(reference)
    if members.get("resourceType") and members.get("id"):
        return f"{members['resourceType']}/{members['id']}"
    text = members.get("reference")
    return text if isinstance(text, str) else None

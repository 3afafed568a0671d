"""Read what references point to, one or many."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.flow import Flow
from pymedplum_runtime.client.results import check_as_fhir, resource_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.urls import id_segment, type_segment
from pymedplum_runtime.flows.bundles import run_batch
from pymedplum_runtime.helpers.members import FHIRData, is_data, member
from pymedplum_runtime.helpers.references import parse_reference
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.search.bundle import FHIRBundle

Headers = Mapping[str, str | None]
As = type[FHIRModel]

CHUNK = 100  # entries of one batch


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
    text = member(reference, "reference") if is_data(reference) else reference
    if not isinstance(text, str) or text.startswith(("#", "urn:")) or "?" in text:
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
    """Read many references in few requests; what cannot be read is `None`."""
    paths = {_text(each): "/".join(reference_segments(session, each)) for each in references}
    wanted = list(dict.fromkeys(paths.values()))
    found: dict[str, dict[str, Any] | None] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        entries = [{"request": {"method": "GET", "url": path}} for path in chunk]
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        answer = yield from run_batch(session, bundle, options=options, replay_safe=True)
        results = FHIRBundle(answer).entry_results()
        found |= {p: r.resource if r.ok else None for p, r in zip(chunk, results, strict=False)}
    return {text: found.get(path) for text, path in paths.items()}


def _text(reference: str | FHIRData) -> str:
    return reference if isinstance(reference, str) else str(member(reference, "reference"))

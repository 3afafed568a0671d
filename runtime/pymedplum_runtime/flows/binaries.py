"""Binary content, up and down, and the documents that are made of it."""

import re
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.downloads import Download, FileDownload, MemoryDownload
from pymedplum_runtime.client.results import object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import BinaryContent, Destination, ElementLike, Progress
from pymedplum_runtime.helpers.members import members_of
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.uploads import Upload
from pymedplum_runtime.http.urls import id_segment
from pymedplum_runtime.search.query import encode_query

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+(?: *;[\x20-\x7e]*)?", re.ASCII)
_ANYTHING = "*/*"


def upload_binary(
    session: Session,
    content: BinaryContent,
    content_type: str,
    *,
    filename: str | None = None,
    security_context: str | None = None,
    progress: Progress | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Store bytes as a Binary."""
    if not isinstance(content_type, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"content_type must be a str, got {type(content_type).__name__}")
    if not _MEDIA_TYPE.fullmatch(content_type):
        raise ValueError("content_type must be a media type such as application/pdf")
    query = encode_query({"_filename": filename})
    call = Call(
        method="POST",
        url=session.server.fhir("Binary", query=query),
        body=_upload(content, progress),
        content_type=content_type,
        options=options.with_headers({"X-Security-Context": security_context}),
    )
    return object_of((yield from session.call(call)))


def _upload(content: BinaryContent, progress: Progress | None) -> bytes | Upload:
    if isinstance(content, bytes | bytearray | memoryview):
        return bytes(content) if progress is None else Upload(BytesIO(content), progress)
    if isinstance(content, PathLike):
        return Upload(Path(content), progress)
    if hasattr(content, "read"):
        return Upload(content, progress)
    kind = type(content).__name__
    raise TypeError(f"content cannot be a {kind}: give bytes, or pathlib.Path for a file")


def download_binary(
    session: Session,
    binary_id: str,
    *,
    max_bytes: int | None = None,
    progress: Progress | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[bytes]:
    """Return the content of a Binary."""
    download = MemoryDownload(max_bytes, progress)
    yield from _downloaded(session, binary_id, download, options)
    return download.content()


def download_binary_to(
    session: Session,
    binary_id: str,
    destination: Destination,
    *,
    max_bytes: int | None = None,
    progress: Progress | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[int]:
    """Write the content of a Binary to a file, which appears once it is complete."""
    with FileDownload(destination, max_bytes, progress) as download:
        yield from _downloaded(session, binary_id, download, options)
        return download.finish()


def _downloaded(
    session: Session,
    binary_id: str,
    download: Download,
    options: CallOptions,
) -> Flow[None]:
    call = Call(
        method="GET",
        url=session.server.fhir("Binary", id_segment(binary_id, "binary_id")),
        accept=_ANYTHING,  # with FHIR's media type the server would answer a Binary as JSON
        options=options,
        sink=download,
    )
    yield from session.call(call)


def export_ccda(
    session: Session,
    patient_id: str,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[str]:
    """Return a patient's record as a C-CDA document."""
    call = Call(
        method="GET",
        url=session.server.fhir("Patient", id_segment(patient_id, "patient_id"), "$ccda-export"),
        accept="application/cda+xml, */*",
        options=options,
    )
    answer = yield from session.call(call)
    return answer.text()


def create_document_reference(
    session: Session,
    patient_id: str,
    binary_id: str,
    content_type: str,
    title: str,
    description: str | None = None,
    doc_type_code: ElementLike | None = None,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Describe a Binary as a document of a patient."""
    url = f"Binary/{id_segment(binary_id, 'binary_id')}"
    resource: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": f"Patient/{id_segment(patient_id, 'patient_id')}"},
        "content": [{"attachment": {"contentType": content_type, "url": url, "title": title}}],
    }
    if description is not None:
        resource["description"] = description
    if doc_type_code is not None:
        members = members_of(doc_type_code)
        is_concept = "coding" in members or "text" in members
        resource["type"] = members if is_concept else {"coding": [members]}
    call = Call(
        method="POST",
        url=session.server.fhir("DocumentReference"),
        body=resource,
        options=options,
    )
    return object_of((yield from session.call(call)), exact=session.exact_decimals)

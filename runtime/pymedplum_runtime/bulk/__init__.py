"""Bulk export: whole populations from a server into NDJSON files on disk.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

from pymedplum_runtime.bulk.download import ExportedFile, ExportedFiles
from pymedplum_runtime.bulk.jobs import AsyncExportJob, ExportJob
from pymedplum_runtime.bulk.manifest import FileKind, Manifest, ManifestFile
from pymedplum_runtime.bulk.meter import DownloadProgress
from pymedplum_runtime.bulk.parameters import ExportMethod, PatientReference, TypeFilter
from pymedplum_runtime.bulk.state import ExportStatus

__all__ = [
    "AsyncExportJob",
    "DownloadProgress",
    "ExportJob",
    "ExportMethod",
    "ExportStatus",
    "ExportedFile",
    "ExportedFiles",
    "FileKind",
    "Manifest",
    "ManifestFile",
    "PatientReference",
    "TypeFilter",
]

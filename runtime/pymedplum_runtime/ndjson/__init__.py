"""Reading and writing NDJSON: FHIR's form for many resources, one a line.

Importing this package imports neither Pydantic nor what starts processes.
"""

from pymedplum_runtime.ndjson.mapping import map_ndjson
from pymedplum_runtime.ndjson.reader import NdjsonReader, OnNdjsonError, read_ndjson
from pymedplum_runtime.ndjson.sources import NdjsonSource
from pymedplum_runtime.ndjson.writer import ResourceLine, write_ndjson

__all__ = [
    "NdjsonReader",
    "NdjsonSource",
    "OnNdjsonError",
    "ResourceLine",
    "map_ndjson",
    "read_ndjson",
    "write_ndjson",
]

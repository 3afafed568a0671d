"""Validation: a resource held against FHIR's definitions and profiles.

Importing it imports neither Pydantic nor httpx; tables are read when the first resource comes.
"""

from pymedplum_runtime.validation.context import Level
from pymedplum_runtime.validation.report import (
    Issue,
    MustSupport,
    Severity,
    Unchecked,
    ValidationReport,
)
from pymedplum_runtime.validation.validating import validate, validate_async

__all__ = [
    "Issue",
    "Level",
    "MustSupport",
    "Severity",
    "Unchecked",
    "ValidationReport",
    "validate",
    "validate_async",
]

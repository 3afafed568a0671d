"""Terminology: value sets expanded and checked, code grammars, and services for the rest.

It knows nothing of HTTP, models or validation; the generator imports it too.
"""

from typing import TYPE_CHECKING

from pymedplum_runtime.lazy import lazy_attributes

if TYPE_CHECKING:
    from pymedplum_runtime.terminology.checking import check, why_unknown
    from pymedplum_runtime.terminology.expand import CannotExpandError
    from pymedplum_runtime.terminology.local import AsyncLocalTerminology, LocalTerminology
    from pymedplum_runtime.terminology.questions import (
        AsyncTerminology,
        CodeQuestion,
        Terminology,
    )
    from pymedplum_runtime.terminology.services import AsyncClientTerminology, ClientTerminology
    from pymedplum_runtime.terminology.tables import value_set_tables

__all__ = [
    "AsyncClientTerminology",
    "AsyncLocalTerminology",
    "AsyncTerminology",
    "CannotExpandError",
    "ClientTerminology",
    "CodeQuestion",
    "LocalTerminology",
    "Terminology",
    "check",
    "value_set_tables",
    "why_unknown",
]

__getattr__, __dir__ = lazy_attributes(
    __name__,
    {
        "AsyncClientTerminology": f"{__name__}.services",
        "AsyncLocalTerminology": f"{__name__}.local",
        "AsyncTerminology": f"{__name__}.questions",
        "CannotExpandError": f"{__name__}.expand",
        "ClientTerminology": f"{__name__}.services",
        "CodeQuestion": f"{__name__}.questions",
        "LocalTerminology": f"{__name__}.local",
        "Terminology": f"{__name__}.questions",
        "check": f"{__name__}.checking",
        "value_set_tables": f"{__name__}.tables",
        "why_unknown": f"{__name__}.checking",
    },
)

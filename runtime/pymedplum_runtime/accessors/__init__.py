"""Typed access to what profiles add: extensions, and the parts of observations.

Generated modules (`pymedplum.us_core`, `pymedplum.vital_signs`) are tables of these with typed
functions around them. What is read and written is plain FHIR, in models and in dicts.
"""

from pymedplum_runtime.accessors.extensions import ExtensionParts, ExtensionValue, Part, ValueSlot
from pymedplum_runtime.accessors.observations import Component, Measure, VitalSign

__all__ = [
    "Component",
    "ExtensionParts",
    "ExtensionValue",
    "Measure",
    "Part",
    "ValueSlot",
    "VitalSign",
]

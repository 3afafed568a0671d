"""What a FHIR model does: reading, checking, writing. Knows nothing of HTTP.

The generated modules import their bases from here.
"""

from typing import TYPE_CHECKING

from pymedplum_runtime.lazy import lazy_attributes

if TYPE_CHECKING:
    from pymedplum_runtime.models.base import FHIRModel
    from pymedplum_runtime.models.property import Property
    from pymedplum_runtime.models.resource import ResourceModel

__all__ = ["FHIRModel", "Property", "ResourceModel"]

__getattr__, __dir__ = lazy_attributes(
    __name__,
    {
        "FHIRModel": f"{__name__}.base",
        "Property": f"{__name__}.property",
        "ResourceModel": f"{__name__}.resource",
    },
)

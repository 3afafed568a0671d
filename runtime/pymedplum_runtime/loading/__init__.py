"""Loading resources into the server, each exactly once.

https://hl7.org/fhir/R4/http.html#ccreate: what is created conditionally can be tried again.
"""

from pymedplum_runtime.loading.keys import TAG_SYSTEM, Match
from pymedplum_runtime.loading.report import LoadFailure, LoadProgress, LoadReport
from pymedplum_runtime.loading.sources import LoadSource

__all__ = ["TAG_SYSTEM", "LoadFailure", "LoadProgress", "LoadReport", "LoadSource", "Match"]

"""The models without their stubs, for tests that use them as the stubs forbid."""

from typing import Any

import pymedplum.fhir


def __getattr__(name: str) -> Any:  # noqa: ANN401 - that is the point
    return getattr(pymedplum.fhir, name)

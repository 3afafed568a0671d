"""The models without their stubs, for tests that use them as the stubs forbid."""

from typing import Any

import pymedplum.fhir


def __getattr__(name: str) -> Any:
    return getattr(pymedplum.fhir, name)

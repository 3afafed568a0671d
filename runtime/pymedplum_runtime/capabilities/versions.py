"""The warning where a server speaks another FHIR version than this package."""

import inspect
import re
import warnings
from types import FrameType

from pymedplum_runtime.errors import FHIRVersionWarning

OURS = "4.0"
_R4 = re.compile(r"4\.0(\..*)?")
_VERSION = re.compile(r"[\w.-]{1,20}")
_PACKAGES = frozenset({"pymedplum", "pymedplum_runtime"})


def warn_of_version(fhir_version: str | None) -> None:
    """Warn where a server names another version than R4; the warning points to the user's call."""
    if fhir_version is None or _R4.fullmatch(fhir_version):
        return
    named = fhir_version if _VERSION.fullmatch(fhir_version) else "another version"
    warnings.warn(
        f"the server speaks FHIR {named}, and this package {OURS}: its resources may not fit the "
        "models; reading them as dicts works",
        FHIRVersionWarning,
        stacklevel=_frames_of_ours(inspect.currentframe()),
    )


def _frames_of_ours(frame: FrameType | None) -> int:
    """Count the calls from the user's to the one that warns, itself included."""
    count = 0
    while frame is not None and _is_ours(frame):
        count, frame = count + 1, frame.f_back
    return count + 1


def _is_ours(frame: FrameType) -> bool:
    name: object = frame.f_globals.get("__name__")
    return isinstance(name, str) and name.partition(".")[0] in _PACKAGES

"""What a caller says about validating what is written.

The validator itself is imported by `flows.validation` when something is validated.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

if TYPE_CHECKING:
    from pymedplum_runtime.terminology import AsyncTerminology, Terminology

Where: TypeAlias = Literal["local", "server", "both"]
Level: TypeAlias = Literal["structure", "base", "profile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteValidation:
    """How resources are validated before they are written.

    Example:
        >>> WriteValidation(where="both", profile="http://hl7.org/fhir/StructureDefinition/bmi")
    """

    where: Where = "local"
    """`"local"`: by this package; `"server"`: by `$validate`; `"both"`: in this order."""
    profile: str | Sequence[str] | None = None
    """Canonical URLs of profiles, applied to the resources of their type besides `meta.profile`."""
    level: Level = "profile"
    """How far the local validation goes."""
    terminology: "Terminology | AsyncTerminology | None" = None
    """Answers what the packaged value sets cannot."""

    def __post_init__(self) -> None:
        """Refuse what would validate nothing."""
        _check("where", self.where, get_args(Where))
        _check("level", self.level, get_args(Level))
        if not _names_profiles(self.profile):
            raise TypeError("profile must be a canonical URL or a list of them")
        if self.profiles and self.level != "profile":
            raise ValueError(f"level {self.level!r} leaves out the profiles that are asked for")

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles as a tuple."""
        if self.profile is None:
            return ()
        return (self.profile,) if isinstance(self.profile, str) else tuple(self.profile)


Validate: TypeAlias = Where | Literal["off"] | WriteValidation
"""Where resources are validated before they are written, or also how."""


def write_validation(given: Validate | None) -> WriteValidation | None:
    """Return how to validate; `None` where nothing is.

    Raises:
        TypeError: it is neither text nor `WriteValidation`.
        ValueError: no such place.
    """
    if given is None or given == "off":
        return None
    if isinstance(given, WriteValidation):
        return given
    if not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        kind = type(given).__name__
        raise TypeError(f"validate must be a str or a WriteValidation, got {kind}")
    _check("validate", given, ("off", *get_args(Where)))
    return WriteValidation(where=given)


def _names_profiles(given: object) -> bool:
    if given is None or isinstance(given, str):
        return given != ""
    several = cast("Iterable[object]", given) if isinstance(given, Iterable) else [None]
    return all(isinstance(each, str) and each for each in several)


def _check(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}")

"""A terminology service over value sets in memory: a user's own."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.tables import ValueSetTable
from pymedplum_runtime.terminology.checking import check, why_unknown
from pymedplum_runtime.terminology.questions import AsyncTerminology, Terminology
from pymedplum_runtime.terminology.tables import value_set_tables
from pymedplum_runtime.terminology.versions import split_canonical

Json = Mapping[str, Any]  # FHIR JSON as parsed
Codes = Mapping[str, Iterable[str]] | Json
"""The codes of a value set by system, or a ValueSet as JSON."""

_KNOWN: dict[str, bool | None] = {"in": True, "out": False, "unknown": None}


class _Sets:
    """The value sets of a user, ready for looking codes up."""

    def __init__(self, value_sets: Mapping[str, Codes], code_systems: Iterable[Json]) -> None:
        by_url = {split_canonical(url)[0]: codes for url, codes in value_sets.items()}
        composed = {url: codes for url, codes in by_url.items() if _is_definition(codes)}
        systems = {str(system.get("url")): system for system in code_systems}
        tables, _ = value_set_tables(composed, composed, systems)
        listed = [_table(url, codes) for url, codes in by_url.items() if url not in composed]
        self._definitions = Definitions()
        self._definitions.add((), [*tables, *listed])
        self._count = len(value_sets)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._count} value sets)"

    def reason(self, value_set: str, system: str | None, code: str) -> str | None:
        """Say why the service does not know a code; None where it does."""
        if self._lookup(value_set, system, code) is not None:
            return None
        return why_unknown(self._definitions, value_set, system)

    def _lookup(self, value_set: str, system: str | None, code: str) -> bool | None:
        return _KNOWN[check(self._definitions, value_set, system, code)]


class LocalTerminology(_Sets):
    """Value sets of your own as a terminology service.

    Args:
        value_sets: by canonical URL the codes by system, or a ValueSet as JSON.
        code_systems: the CodeSystems that those ValueSets name, as JSON.
        otherwise: the service that is asked for what these sets do not tell.

    Example:
        >>> colours = {"http://example.org/colours": ["red", "blue"]}
        >>> local = LocalTerminology({"http://example.org/ValueSet/colours": colours})
        >>> local.validate_code(
        ...     "http://example.org/ValueSet/colours", "http://example.org/colours", "red"
        ... )
        True
    """

    def __init__(
        self,
        value_sets: Mapping[str, Codes],
        *,
        code_systems: Iterable[Json] = (),
        otherwise: Terminology | None = None,
    ) -> None:
        super().__init__(value_sets, code_systems)
        self._otherwise = otherwise

    def validate_code(
        self,
        value_set: str,
        system: str | None,
        code: str,
        display: str | None = None,
    ) -> bool | None:
        """Tell whether a code is in a value set; displays are not looked at here."""
        found = self._lookup(value_set, system, code)
        if found is None and self._otherwise is not None:
            return self._otherwise.validate_code(value_set, system, code, display)
        return found


class AsyncLocalTerminology(_Sets):
    """`LocalTerminology` for `validate_async`: what it does not tell is awaited."""

    def __init__(
        self,
        value_sets: Mapping[str, Codes],
        *,
        code_systems: Iterable[Json] = (),
        otherwise: AsyncTerminology | None = None,
    ) -> None:
        super().__init__(value_sets, code_systems)
        self._otherwise = otherwise

    async def validate_code(
        self,
        value_set: str,
        system: str | None,
        code: str,
        display: str | None = None,
    ) -> bool | None:
        """Do what `LocalTerminology.validate_code` does."""
        found = self._lookup(value_set, system, code)
        if found is None and self._otherwise is not None:
            return await self._otherwise.validate_code(value_set, system, code, display)
        return found


def _is_definition(codes: Codes) -> bool:
    return codes.get("resourceType") == "ValueSet"


def _table(url: str, codes: Codes) -> ValueSetTable:
    listed = cast("Mapping[str, Iterable[str]]", codes)
    for system, each in listed.items():
        if isinstance(each, str):
            raise TypeError(f"the codes of {system} in {url} are a list, not a text")
    return {"url": url, "systems": {system: list(each) for system, each in listed.items()}}

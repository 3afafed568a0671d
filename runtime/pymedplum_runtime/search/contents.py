"""The resources of a bundle, found by their role, their type and the references to them."""

from collections.abc import Mapping
from typing import Any

from pymedplum_runtime.helpers.members import FHIRData, is_data, members_of
from pymedplum_runtime.search.entries import object_of
from pymedplum_runtime.search.pages import OUTCOME, entries_with_resource

_VERSION = "/_history/"


class Contents:
    """The resources of a bundle with their places, read once."""

    __slots__ = ("_by_reference", "_modes", "resources")

    def __init__(self, data: Mapping[str, Any]) -> None:
        entries = list(entries_with_resource(data))
        self.resources = [resource for _, resource, _ in entries]
        self._modes = [mode for mode, _, _ in entries]
        self._by_reference: dict[str, list[int]] = {}
        for place, (_, resource, full_url) in enumerate(entries):
            for reference in dict.fromkeys((full_url, _relative(resource))):
                if reference:
                    self._by_reference.setdefault(reference, []).append(place)

    def places(self, mode: str | None = None, resource_type: str | None = None) -> list[int]:
        """Return the places of a role and a type.

        Args:
            mode: the role; `None` for every one but the server's remarks.
            resource_type: the type; `None` for every one.
        """
        return [
            place
            for place, found in enumerate(self._modes)
            if (found == mode if mode else found != OUTCOME)
            and resource_type in (None, self.resources[place].get("resourceType"))
        ]

    def place_of(self, reference: str) -> int | None:
        """Return the place of the resource that a reference names.

        The first of several versions where the reference names none: servers put the newest
        first. https://hl7.org/fhir/R4/bundle.html#references
        """
        target, _, version = reference.partition(_VERSION)
        for place in self._by_reference.get(target, ()):
            if not version or _version_of(self.resources[place]) == version:
                return place
        return None


def reference_in(reference: str | FHIRData | None) -> str | None:
    """Return the text of a reference, given as text or as a Reference."""
    found = members_of(reference).get("reference") if is_data(reference) else reference
    return found if isinstance(found, str) else None


def _relative(resource: Mapping[str, Any]) -> str | None:
    resource_type, resource_id = resource.get("resourceType"), resource.get("id")
    return f"{resource_type}/{resource_id}" if resource_type and resource_id else None


def _version_of(resource: Mapping[str, Any]) -> object:
    return object_of(resource.get("meta")).get("versionId")

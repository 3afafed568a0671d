"""What a server can do, as its CapabilityStatement lists it.

https://hl7.org/fhir/R4/capabilitystatement.html. Answers questions; `reading` makes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from pymedplum_runtime.capabilities.resource_types import R4_TYPES
from pymedplum_runtime.lazy import did_you_mean

_OfType: TypeAlias = Literal[
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
]
_OfSystem: TypeAlias = Literal["transaction", "batch", "search-system", "history-system"]

Interaction: TypeAlias = _OfType | _OfSystem
"""FHIR's codes of interactions: those of a resource type, then those of the whole system."""

_TYPE_CODES: frozenset[str] = frozenset(get_args(_OfType))
_SYSTEM_CODES: frozenset[str] = frozenset(get_args(_OfSystem))


@dataclass(frozen=True, slots=True)
class SearchParam:
    """A search parameter that the server takes."""

    name: str
    type: str | None = None
    """FHIR's code: `string`, `token`, `reference`, `date`, ..."""
    documentation: str | None = None
    definition: str | None = None
    """The URL of its SearchParameter."""


@dataclass(frozen=True, slots=True)
class Software:
    """The program that the server runs."""

    name: str | None = None
    version: str | None = None
    release_date: str | None = None


@dataclass(frozen=True, slots=True)
class Implementation:
    """This installation of it."""

    description: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Security:
    """How clients sign in."""

    cors: bool | None = None
    services: tuple[str, ...] = ()
    """Codes such as `OAuth`, `SMART-on-FHIR`, `Basic`."""
    oauth_uris: Mapping[str, str] = field(default_factory=dict[str, str])
    """SMART's addresses by name: `authorize`, `token`, `register`, `introspect`, ..."""
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceCapabilities:
    """What a server can do with resources of one type; `None` where it does not say."""

    resource_type: str
    profile: str | None = None
    supported_profiles: tuple[str, ...] = ()
    interactions: frozenset[str] = frozenset()
    versioning: str | None = None
    """`no-version`, `versioned`, or `versioned-update`: updates must name the version."""
    read_history: bool | None = None
    update_create: bool | None = None
    """Whether an update of an unknown id creates."""
    conditional_create: bool | None = None
    conditional_read: str | None = None
    """`not-supported`, `modified-since`, `not-match` or `full-support`."""
    conditional_update: bool | None = None
    conditional_delete: str | None = None
    """`not-supported`, `single` or `multiple`."""
    reference_policies: tuple[str, ...] = ()
    search_params: Mapping[str, SearchParam] = field(default_factory=dict[str, SearchParam])
    """By name; without those that serve all types."""
    search_includes: tuple[str, ...] = ()
    search_revincludes: tuple[str, ...] = ()
    operations: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """By name without `$`; the URL of the definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a server can do, as its CapabilityStatement lists it.

    It says what the server lists, not what it does: servers leave things out.
    """

    fhir_version: str | None = None
    url: str | None = None
    software: Software = field(default_factory=Software)
    implementation: Implementation = field(default_factory=Implementation)
    security: Security = field(default_factory=Security)
    formats: tuple[str, ...] = ()
    patch_formats: tuple[str, ...] = ()
    instantiates: tuple[str, ...] = ()
    implementation_guides: tuple[str, ...] = ()
    system_interactions: frozenset[str] = frozenset()
    system_operations: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """By name without `$`; the URL of the definition."""
    common_search_params: Mapping[str, SearchParam] = field(default_factory=dict[str, SearchParam])
    """Those that serve all types."""
    resources: Mapping[str, ResourceCapabilities] = field(
        default_factory=dict[str, ResourceCapabilities], repr=False
    )
    """What is listed for each type."""
    statement: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """The CapabilityStatement as the server sent it."""

    @property
    def resource_types(self) -> tuple[str, ...]:
        """The types that are listed, in the statement's order."""
        return tuple(self.resources)

    def resource(self, resource_type: str) -> ResourceCapabilities:
        """Return what is listed for a type: nothing for one of FHIR R4 that is not listed.

        Raises:
            ValueError: it is no type of FHIR R4, and the statement does not list it either; the
                message suggests the closest.

        Example:
            >>> capabilities.resource("Patient").conditional_create
            True
        """
        listed = self.resources.get(resource_type)
        if listed is not None:
            return listed
        if resource_type in R4_TYPES:
            return ResourceCapabilities(resource_type=resource_type)
        hint = did_you_mean(resource_type, {*R4_TYPES, *self.resources})
        raise ValueError(
            f"'{resource_type}' is no resource type of FHIR R4, and the server's "
            f"CapabilityStatement does not list it{hint}"
        )

    def supports(self, resource_type: str | None, interaction: Interaction) -> bool:
        """Say whether the statement lists an interaction.

        Args:
            resource_type: the type; `None` for interactions of the whole system.
            interaction: FHIR's code, such as `read`, `patch` or `search-type`; of the system
                `transaction`, `batch`, `search-system` and `history-system`.

        Raises:
            ValueError: there is no such type, or no such interaction of a type or of the system.

        Example:
            >>> capabilities.supports("Patient", "patch"), capabilities.supports(None, "batch")
            (True, True)
        """
        known = _SYSTEM_CODES if resource_type is None else _TYPE_CODES
        if interaction not in known:
            where = "the system: give a type" if resource_type is None else "a type: give None"
            if interaction not in _SYSTEM_CODES | _TYPE_CODES:
                where = f"FHIR's{did_you_mean(interaction, set(known))}"
            raise ValueError(f"'{interaction}' is no interaction of {where}")
        if resource_type is None:
            return interaction in self.system_interactions
        return interaction in self.resource(resource_type).interactions

    def supports_operation(self, name: str, resource_type: str | None = None) -> bool:
        """Say whether the statement lists an operation.

        Args:
            name: with or without `$`.
            resource_type: the type it must be listed for; `None` for the system or any type.
                Those of the system alone are in `system_operations`.

        Raises:
            ValueError: there is no such type.

        Example:
            >>> capabilities.supports_operation("$export", "Group")
            True
        """
        bare = name.removeprefix("$")
        if resource_type is not None:
            return bare in self.resource(resource_type).operations
        listed = (resource.operations for resource in self.resources.values())
        return bare in self.system_operations or any(bare in each for each in listed)

    def search_params(self, resource_type: str) -> Mapping[str, SearchParam]:
        """Return the search parameters of a type by name, with those that serve all types.

        Raises:
            ValueError: there is no such type.

        Example:
            >>> capabilities.search_params("Observation")["code"].type
            'token'
        """
        own = self.resource(resource_type).search_params
        return {**self.common_search_params, **own}

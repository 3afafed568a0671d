"""Terminology: value sets, code systems and concept maps.

https://hl7.org/fhir/R4/terminology-service.html
"""

from collections.abc import Sequence
from datetime import date as Date  # noqa: N812 - the operation's parameter is called date
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import ElementLike
from pymedplum_runtime.flows.parameters import typed_parameter
from pymedplum_runtime.helpers.parameters import get_parameter
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.urls import id_segment


class CodeValidation(dict[str, Any]):
    """The `Parameters` of a `$validate-code`; true where the code is valid.

    Example:
        >>> if client.validate_valueset_code(valueset_url=url, code="final"):
        ...     ...
    """

    @property
    def is_valid(self) -> bool:
        """Whether the code is in the value set or code system."""
        return get_parameter(self, "result") is True

    @property
    def message(self) -> str | None:
        """What the server says of it."""
        said = get_parameter(self, "message")
        return said if isinstance(said, str) else None

    def __bool__(self) -> bool:
        return self.is_valid

    def __repr__(self) -> str:
        return f"CodeValidation(is_valid={self.is_valid})"


Values = Sequence[tuple[str, str, object]]
"""Name, FHIR type and value of each parameter."""


def _run(
    session: Session,
    segments: Sequence[str],
    values: Values,
    options: CallOptions,
) -> Flow[dict[str, Any]]:
    parameter = [p for name, kind, value in values for p in typed_parameter(name, kind, value)]
    call = Call(
        method="POST",
        url=session.server.fhir(*segments),
        body={"resourceType": "Parameters", "parameter": parameter},
        options=options,
        is_read=True,
    )
    return object_of((yield from session.call(call)), exact=session.exact_decimals)


def _segments(resource_type: str, resource_id: str | None, name: str, operation: str) -> list[str]:
    instance = [] if resource_id is None else [id_segment(resource_id, name)]
    return [resource_type, *instance, operation]


def _need_one(**given: object) -> None:
    if all(value is None for value in given.values()):
        raise ValueError(f"give one of {', '.join(given)}")


def expand_valueset(
    session: Session,
    valueset_url: str | None = None,
    valueset_id: str | None = None,
    filter: str | None = None,  # noqa: A002 - the reference's name
    offset: int | None = None,
    count: int | None = None,
    include_designations: bool | None = None,
    active_only: bool | None = None,
    exclude_nested: bool | None = None,
    exclude_not_for_ui: bool | None = None,
    exclude_post_coordinated: bool | None = None,
    display_language: str | None = None,
    property: Sequence[str] | None = None,  # noqa: A002 - the reference's name
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """List the codes of a value set."""
    _need_one(valueset_url=valueset_url, valueset_id=valueset_id)
    values: Values = [
        ("url", "uri", valueset_url),
        ("filter", "string", filter),
        ("offset", "integer", offset),
        ("count", "integer", count),
        ("includeDesignations", "boolean", include_designations),
        ("activeOnly", "boolean", active_only),
        ("excludeNested", "boolean", exclude_nested),
        ("excludeNotForUI", "boolean", exclude_not_for_ui),
        ("excludePostCoordinated", "boolean", exclude_post_coordinated),
        ("displayLanguage", "code", display_language),
        ("property", "code", property),
    ]
    segments = _segments("ValueSet", valueset_id, "valueset_id", "$expand")
    return _run(session, segments, values, options)


def lookup_concept(
    session: Session,
    code: str,
    system: str | None = None,
    codesystem_id: str | None = None,
    version: str | None = None,
    coding: ElementLike | None = None,
    date: str | Date | None = None,
    display_language: str | None = None,
    property: Sequence[str] | None = None,  # noqa: A002 - the reference's name
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Say what a code means."""
    _need_one(code=code or None, coding=coding)
    _need_one(system=system, codesystem_id=codesystem_id, coding=coding)
    values: Values = [
        ("code", "code", code if coding is None else None),
        ("system", "uri", system if coding is None else None),
        ("version", "string", version),
        ("coding", "Coding", coding),
        ("date", "dateTime", date),
        ("displayLanguage", "code", display_language),
        ("property", "code", property),
    ]
    segments = _segments("CodeSystem", codesystem_id, "codesystem_id", "$lookup")
    return _run(session, segments, values, options)


def translate_concept(
    session: Session,
    code: str | None = None,
    system: str | None = None,
    conceptmap_url: str | None = None,
    conceptmap_id: str | None = None,
    version: str | None = None,
    source: str | None = None,
    target: str | None = None,
    coding: ElementLike | None = None,
    codeable_concept: ElementLike | None = None,
    target_system: str | None = None,
    reverse: bool | None = None,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Translate a code into another code system."""
    _need_one(code=code, coding=coding, codeable_concept=codeable_concept)
    values: Values = [
        ("code", "code", code),
        ("system", "uri", system),
        ("url", "uri", conceptmap_url),
        ("conceptMapVersion", "string", version),
        ("source", "uri", source),
        ("target", "uri", target),
        ("coding", "Coding", coding),
        ("codeableConcept", "CodeableConcept", codeable_concept),
        ("targetsystem", "uri", target_system),
        ("reverse", "boolean", reverse),
    ]
    segments = _segments("ConceptMap", conceptmap_id, "conceptmap_id", "$translate")
    return _run(session, segments, values, options)


def validate_valueset_code(
    session: Session,
    valueset_url: str | None = None,
    valueset_id: str | None = None,
    code: str | None = None,
    system: str | None = None,
    coding: ElementLike | None = None,
    codeable_concept: ElementLike | None = None,
    display: str | None = None,
    abstract: bool | None = None,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[CodeValidation]:
    """Say whether a code is in a value set."""
    _need_one(code=code, coding=coding, codeable_concept=codeable_concept)
    values: Values = [
        ("url", "uri", valueset_url),
        ("code", "code", code),
        ("system", "uri", system),
        ("coding", "Coding", coding),
        ("codeableConcept", "CodeableConcept", codeable_concept),
        ("display", "string", display),
        ("abstract", "boolean", abstract),
    ]
    segments = _segments("ValueSet", valueset_id, "valueset_id", "$validate-code")
    return CodeValidation((yield from _run(session, segments, values, options)))


def validate_codesystem_code(
    session: Session,
    codesystem_url: str | None = None,
    codesystem_id: str | None = None,
    code: str | None = None,
    coding: ElementLike | None = None,
    version: str | None = None,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[CodeValidation]:
    """Say whether a code is in a code system."""
    _need_one(codesystem_url=codesystem_url, codesystem_id=codesystem_id, coding=coding)
    _need_one(code=code, coding=coding)
    values: Values = [
        ("url", "uri", codesystem_url),
        ("code", "code", code),
        ("coding", "Coding", coding),
        ("version", "string", version),
    ]
    segments = _segments("CodeSystem", codesystem_id, "codesystem_id", "$validate-code")
    return CodeValidation((yield from _run(session, segments, values, options)))

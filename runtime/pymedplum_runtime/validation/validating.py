"""The two entries: `validate` and its asynchronous twin.

Both walk first, which asks nobody; then the terminology service answers what the tables could not.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pymedplum_runtime.profiles.definitions import Definitions, packaged
from pymedplum_runtime.validation.applied import apply_asked, named_profiles
from pymedplum_runtime.validation.context import Context, Level, Message, Place
from pymedplum_runtime.validation.json_values import as_object
from pymedplum_runtime.validation.plain import NotPlainError, plain
from pymedplum_runtime.validation.primitives import kind_of
from pymedplum_runtime.validation.questions import dialogue
from pymedplum_runtime.validation.report import ValidationReport
from pymedplum_runtime.validation.resource_types import resource_type_fault
from pymedplum_runtime.validation.shape import CircleError
from pymedplum_runtime.validation.walk import Walk

if TYPE_CHECKING:
    from pymedplum_runtime.terminology import AsyncTerminology, Terminology

_RESOURCE = "http://hl7.org/fhir/StructureDefinition/Resource"
_LEVELS = ("structure", "base", "profile")


def validate(
    resource: object,
    *,
    profile: str | Sequence[str] | None = None,
    level: Level = "profile",
    terminology: "Terminology | None" = None,
    definitions: Definitions | None = None,
) -> ValidationReport:
    """Hold a resource against FHIR's definitions and profiles.

    Args:
        resource: a model, or a dict in FHIR's spelling, which is walked as it is: every issue is
            found, not only the first layer. It is not changed.
        profile: the canonical URL of a profile to apply (`url` or `url|version`), or several,
            besides those that `meta.profile` names.
        level: `"structure"` for cardinality, types and values; `"base"` adds invariants,
            bindings, targets of references and known extensions; `"profile"` adds profiles.
        terminology: who answers for value sets that the package has no list of, such as
            `ClientTerminology(client)`. Without it they are listed in `report.unchecked`.
        definitions: the definitions to go by; those of the package, and what `load_profile`
            added, where not given.

    Returns:
        A `ValidationReport`: its `ok`, its `issues`, and what was left unchecked.

    Raises:
        TypeError: the resource is JSON text or no JSON value at all, or `profile` is no URL.
        ValueError: there is no such level, or it leaves out the profiles that are asked for.
        TerminologyError: the terminology service failed.

    Example:
        >>> validate({"resourceType": "Patient", "gender": "f"}).errors[0].expression
        'Patient.gender'
    """
    context, kind = _walked(resource, profile, level, definitions)
    talk = dialogue(context, terminology)
    try:
        query = next(talk)
        while terminology is not None:
            query = talk.send(terminology.validate_code(*query))
    except StopIteration:
        pass
    return _finished(context, kind)


async def validate_async(
    resource: object,
    *,
    profile: str | Sequence[str] | None = None,
    level: Level = "profile",
    terminology: "AsyncTerminology | None" = None,
    definitions: Definitions | None = None,
) -> ValidationReport:
    """Do what `validate` does, with an asynchronous terminology service.

    Example:
        >>> report = await validate_async(patient, terminology=AsyncClientTerminology(client))
    """
    context, kind = _walked(resource, profile, level, definitions)
    talk = dialogue(context, terminology)
    try:
        query = next(talk)
        while terminology is not None:
            query = talk.send(await terminology.validate_code(*query))
    except StopIteration:
        pass
    return _finished(context, kind)


def _walked(
    resource: object,
    profile: str | Sequence[str] | None,
    level: Level,
    definitions: Definitions | None,
) -> tuple[Context, str | None]:
    """Do everything that needs no terminology service."""
    if level not in _LEVELS:
        raise ValueError(f"level is one of {', '.join(_LEVELS)}")
    profiles = named_profiles(profile)
    if profiles and level != "profile":
        raise ValueError(f"profile= asks for profiles, and level={level!r} leaves them out")
    known = packaged() if definitions is None else definitions
    value = _readable(resource)
    try:
        return _walk(value, profiles, Context(known, level))
    except NotPlainError:
        return _walk(plain(value), profiles, Context(known, level))


def _walk(
    value: Any,  # noqa: ANN401 - any JSON value
    profiles: tuple[str, ...],
    context: Context,
) -> tuple[Context, str | None]:
    fault: Message | None = f"expected a resource, got {kind_of(value)}"
    type_: object = None
    if isinstance(value, dict):
        type_ = as_object(value).get("resourceType")
        fault = resource_type_fault(type_, context.definitions)
    name = "Resource" if fault is not None else str(type_)
    place = Place(None, name, None, value, name, name, is_resource=True)
    if fault is not None:
        _fatal(place, fault, context)
        return context, None
    try:
        Walk(context).resource(place)
        if context.level == "profile":
            apply_asked(profiles, place, context)
    except CircleError as error:
        _fatal(error.place, "the resource contains itself, which JSON cannot", context)
    except RecursionError:
        _fatal(place, "the resource is nested too deeply for what is left of the stack", context)
    return context, name


def _fatal(place: Place, message: Message, context: Context) -> None:
    context.report("fatal", "structure", place, message, definition=_RESOURCE, element="Resource")


def _finished(context: Context, kind: str | None) -> ValidationReport:
    context.close()
    return ValidationReport(
        resource_type=kind,
        issues=tuple(context.issues),
        profiles=tuple(context.profiles),
        must_support_missing=tuple(context.must_support_missing()),
        unchecked=tuple(context.unchecked),
    )


def _readable(resource: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return what is walked: a model's dict, or the dict itself."""
    if isinstance(resource, str | bytes | bytearray):
        raise TypeError(
            "validate() takes a model or a dict, not JSON text; pass json.loads(text), or"
            " parse_resource(text)"
        )
    dump = getattr(resource, "model_dump", None)
    if dump is not None and not isinstance(resource, type):
        return dump()
    if isinstance(resource, Mapping) and type(resource) is not dict:  # pyright: ignore[reportUnknownArgumentType] - of any kind
        return plain(resource)
    if resource is None or isinstance(resource, dict | list | bool | int | float):
        return cast("Any", resource)
    raise TypeError(f"validate() takes a model or a dict, not a {type(resource).__name__}")

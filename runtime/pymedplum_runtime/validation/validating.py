"""The two entries: `validate` and its asynchronous twin.

Both walk first, which asks nobody; then the terminology service answers what the tables could not.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pymedplum_runtime.profiles.definitions import Definitions, packaged
from pymedplum_runtime.validation.applied import apply_asked, named_profiles
from pymedplum_runtime.validation.context import DEEPEST, Context, Level, Message, Place
from pymedplum_runtime.validation.plain import NotJsonError, Path, as_json
from pymedplum_runtime.validation.primitives import kind_of
from pymedplum_runtime.validation.questions import dialogue, queries_of
from pymedplum_runtime.validation.report import ValidationReport
from pymedplum_runtime.validation.resource_types import resource_type_fault
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
        TypeError: the resource is JSON text or no JSON value at all, `profile` is no URL, or
            `terminology` no service.
        ValueError: there is no such level, or it leaves out the profiles that are asked for.
        TerminologyError: the terminology service failed.

    Example:
        >>> validate({"resourceType": "Patient", "gender": "f"}).errors[0].expression
        'Patient.gender'
    """
    _refuse_no_service(terminology)
    context, kind = _walked(resource, profile, level, definitions)
    prefetch = getattr(terminology, "prefetch", None)
    if prefetch is not None and context.questions:
        prefetch(queries_of(context))
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

    Raises:
        TypeError: as `validate`; so do ValueError and TerminologyError.

    Example:
        >>> report = await validate_async(patient, terminology=AsyncClientTerminology(client))
    """
    _refuse_no_service(terminology)
    context, kind = _walked(resource, profile, level, definitions)
    prefetch = getattr(terminology, "prefetch", None)
    if prefetch is not None and context.questions:
        await prefetch(queries_of(context))
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
    context = Context(known, level)
    _refuse_other_things(resource)
    try:
        place, fault = _root(as_json(resource), context)
    except NotJsonError as error:
        root, _ = _root(resource, context)
        place, fault = _below(root, error.path), error.message
    if fault is None:
        _walk(place, profiles, context)
    else:
        _fatal(place, fault, context)
    kind = place.resource.type
    return context, None if kind == "Resource" else kind


def _root(
    value: Any,  # noqa: ANN401 - any JSON value
    context: Context,
) -> tuple[Place, Message | None]:
    """Return the place of a resource by the type that it names, or what is wrong with that."""
    fault: Message | None = f"expected a resource, got {kind_of(value)}"
    type_: object = None
    if issubclass(value.__class__, Mapping):
        type_ = value.get("resourceType")
        fault = resource_type_fault(type_, context.definitions)
    name = "Resource" if fault is not None else str(type_)
    return Place(None, name, None, value, name, name, is_resource=True), fault


def _walk(place: Place, profiles: tuple[str, ...], context: Context) -> None:
    try:
        Walk(context).resource(place)
        if context.level == "profile":
            apply_asked(profiles, place, context)
    except RecursionError:
        _fatal(place, "is nested too deeply for what is left of the stack", context)


def _below(place: Place, path: Path) -> Place:
    """Return the place that a path leads to, as far as FHIRPath can name it."""
    for name in path[:DEEPEST]:
        if isinstance(name, str):
            if not name.isidentifier():
                break
            place = place.child(name, None, None, "")
        elif place.parent is not None and place.index is None:
            place = place.parent.child(place.name, name, None, "")
        else:
            break
    return place


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


def _refuse_no_service(terminology: object) -> None:
    if terminology is not None and not hasattr(terminology, "validate_code"):
        name = type(terminology).__name__
        raise TypeError(f"terminology takes a service with validate_code(), not a {name}")


def _refuse_other_things(resource: object) -> None:
    """Raise for what is neither a resource nor JSON."""
    if isinstance(resource, str | bytes | bytearray):
        raise TypeError(
            "validate() takes a model or a dict, not JSON text; pass json.loads(text), or"
            " parse_resource(text)"
        )
    kind: type = resource.__class__
    if hasattr(kind, "model_dump") or resource is None:
        return
    if not issubclass(kind, Mapping | list | bool | int | float):
        raise TypeError(f"validate() takes a model or a dict, not a {kind.__name__}")

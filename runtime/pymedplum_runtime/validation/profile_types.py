"""What a profile says about types: which are allowed, their profiles, and a reference's targets."""

from collections.abc import Callable, Iterator, Sequence

from pymedplum_runtime.profiles.tables import TypeTable
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.json_values import as_object, as_text
from pymedplum_runtime.validation.profile_conformance import (
    Rule,
    apply,
    conforms,
    elsewhere,
    is_elsewhere,
    judge,
)
from pymedplum_runtime.validation.references import type_in

Check = Callable[[Place, Context], None]

_LANGUAGE = "http://hl7.org/fhirpath/"
_HISTORY = "/_history/"


def type_checks(types: Sequence[TypeTable], type_: str, element: str, url: str) -> Iterator[Check]:
    """Give the checks that an element's types ask for, for its values of one type."""
    if "." in type_ or any(t.get("code", "").startswith(_LANGUAGE) for t in types):
        return
    rows = [t for t in types if t.get("code") == type_]
    if not rows:
        yield _allowed_check([t.get("code", "") for t in types], type_, element, url)
        rows = [t for t in types if t.get("code") in {"Resource", "DomainResource"}]
    profiles = [p for t in rows for p in t.get("profiles", ())]
    if profiles and all(t.get("profiles") for t in rows):
        yield _profiles_check(profiles, element, url)
    targets = [p for t in rows for p in t.get("targets", ())]
    if targets and type_ == "Reference":
        yield _targets_check(targets, element, url)
    if type_ == "Reference":
        yield from _ways_checks(rows, element, url)


def _allowed_check(codes: Sequence[str], type_: str, element: str, url: str) -> Check:
    message = f"must be of type {' or '.join(codes)}, not {type_}"

    def check(place: Place, context: Context) -> None:
        if not any(context.definitions.is_subtype(type_, code) for code in codes):
            context.report(
                "error", "structure", place, message, definition=url, element=element, profile=url
            )

    return check


def _profiles_check(profiles: Sequence[str], element: str, url: str) -> Check:
    def check(place: Place, context: Context) -> None:
        apply(place, profiles, context, (url, element, url))

    return check


def _targets_check(targets: Sequence[str], element: str, url: str) -> Check:
    def check(place: Place, context: Context) -> None:
        if isinstance(place.value, dict):
            _check_target(targets, place, context, (url, element, url))

    return check


def _check_target(targets: Sequence[str], place: Place, context: Context, rule: Rule) -> None:
    """Check what a reference means: a resource at hand by its profile, another one by its type."""
    target = target_of(place, context)
    if target is None:
        return
    tables = {canonical: context.definitions.table(canonical) for canonical in targets}
    fitting = [
        canonical
        for canonical, table in tables.items()
        if table is None or context.definitions.is_subtype(target.type, table["type"])
    ]
    outcomes: dict[str, bool | None]
    if is_elsewhere(target) or context.level != "profile":
        outcomes = {canonical: None if tables[canonical] is None else True for canonical in fitting}
    else:
        outcomes = {canonical: conforms(target, canonical, context) for canonical in fitting}
    judge(outcomes, place, context, f"must refer to {' or '.join(targets)}", rule)


def target_of(place: Place, context: Context) -> Place | None:
    """Return the resource that a Reference means, or a place with its type but no value.

    None if not even the type can be told.
    """
    reference = as_object(place.value)
    literal = reference.get("reference")
    type_ = reference.get("type")
    if isinstance(literal, str):
        found = context.resolve(literal, place)
        if found is not None:
            return found
        type_ = type_in(literal, context.definitions) or type_
    if not isinstance(type_, str) or not context.definitions.is_subtype(type_, "Resource"):
        return None
    return elsewhere(place, type_)


def _ways_checks(rows: Sequence[TypeTable], element: str, url: str) -> Iterator[Check]:
    ways = {way for row in rows for way in row.get("aggregation", ())}
    if ways and all(row.get("aggregation") for row in rows):
        yield _aggregation_check(ways, element, url)
    versioning = {row.get("versioning", "either") for row in rows}
    if len(versioning) == 1 and versioning <= {"independent", "specific"}:
        yield _versioning_check(versioning.pop(), element, url)


def _aggregation_check(ways: "set[str]", element: str, url: str) -> Check:
    message = f"must be a reference of the kind {' or '.join(sorted(ways))}"

    def check(place: Place, context: Context) -> None:
        literal = _literal(place)
        if literal is None:
            return
        if literal.startswith("#"):
            found = {"contained"}
        elif context.resolve(literal, place) is not None:
            found = {"bundled", "referenced"}
        else:
            found = {"referenced"}
        if not found & ways:
            context.report(
                "error", "structure", place, message, definition=url, element=element, profile=url
            )

    return check


def _versioning_check(versioning: str, element: str, url: str) -> Check:
    word = "no" if versioning == "independent" else "a"

    def check(place: Place, context: Context) -> None:
        literal = _literal(place)
        if literal is None or literal.startswith("#"):
            return
        if (_HISTORY in literal) != (versioning == "specific"):
            message = f"must be a reference with {word} version"
            context.report(
                "error", "structure", place, message, definition=url, element=element, profile=url
            )

    return check


def _literal(place: Place) -> str | None:
    return as_text(as_object(place.value).get("reference"))

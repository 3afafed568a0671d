"""What is checked at a value besides its shape: codes, targets, profiles of its type."""

from collections.abc import Callable, Iterable

from pymedplum_runtime.profiles.tables import ElementTable, TypeTable
from pymedplum_runtime.validation.bindings import binding_check
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.extensions import check_extension
from pymedplum_runtime.validation.references import target_check

Check = Callable[[Place, Context], None]

FHIR = "http://hl7.org/fhir/StructureDefinition/"


def value_checks(
    type_: TypeTable, table: ElementTable, element: str, definition: str
) -> Iterable[Check]:
    """Give the checks of an element's values of one type."""
    code = type_.get("code", "")
    if "binding" in table:
        yield from binding_check(table["binding"], code, definition, element)
    targets = type_.get("targets")
    if code == "Reference" and targets:
        yield target_check(targets, definition, element)
    if "profiles" in type_:
        yield _profile_check(type_["profiles"], definition, element)
    if "max_length" in table:
        yield _length_check(table["max_length"], definition, element)
    if code == "xhtml":
        yield check_narrative


def type_checks(type_: str, root: ElementTable, definition: str) -> Iterable[Check]:
    """Give the checks of all values of a type, besides its constraints."""
    if "binding" in root:
        yield from binding_check(root["binding"], "Quantity", definition, type_)
    if type_ == "Extension":
        yield check_extension


def check_narrative(place: Place, context: Context) -> None:
    """Report a text that is no XHTML; what is in it is the business of `txt-1` and `txt-2`."""
    if isinstance(place.value, str):
        fault = context.narrative(place.value).fault
        if fault:
            xhtml = f"{FHIR}xhtml"
            context.report(
                "error", "structure", place, fault, definition=xhtml, element=place.element
            )


def _length_check(longest: int, definition: str, element: str) -> Check:
    def check(place: Place, context: Context) -> None:
        if isinstance(place.value, str) and len(place.value) > longest:
            message = f"expected at most {longest} characters"
            context.report(
                "error", "too-long", place, message, definition=definition, element=element
            )

    return check


def _profile_check(profiles: list[str], definition: str, element: str) -> Check:
    def check(place: Place, context: Context) -> None:
        from pymedplum_runtime.validation.profile_conformance import (  # noqa: PLC0415 - few types have profiles
            apply,
        )

        apply(place, profiles, context, (definition, element, None))

    return check

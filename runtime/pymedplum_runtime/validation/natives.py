"""Constraints that stand at every value, or would take quadratic time, in Python's own words.

Each belongs to a key and an expression as published; the tests hold it against that expression.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast

from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.json_values import Object, as_list, as_object

Holds = Callable[[Place, Context], bool]


def _element(place: Place, _context: Context) -> bool:
    """Tell whether an element has a value or children beside its id."""
    value = place.value
    if type(value) is not dict:
        if value is not None:
            return True
        sibling = place.sibling
        return isinstance(sibling, dict) and "extension" in sibling
    return len(cast("dict[str, Any]", value)) != 1 or "id" not in value  # an empty one is seen to


def _extension(place: Place, _context: Context) -> bool:
    """Tell whether an extension has either a value or extensions."""
    has_value = any(name.startswith(("value", "_value")) for name in place.value)
    return ("extension" in place.value) != has_value


def _no_nested_resources(place: Place, _context: Context) -> bool:
    return not any("contained" in each for each in _contained(place))


def _no_version(place: Place, _context: Context) -> bool:
    named = ("versionId", "_versionId", "lastUpdated", "_lastUpdated")
    return not any(name in meta for meta in _contained_meta(place) for name in named)


def _no_label(place: Place, _context: Context) -> bool:
    return not any("security" in meta for meta in _contained_meta(place))


def _contained(place: Place) -> list[Object]:
    return [as_object(each) for each in as_list(place.value.get("contained"))]


def _contained_meta(place: Place) -> Iterator[Object]:
    return (as_object(each.get("meta")) for each in _contained(place))


def _no_orphans(place: Place, _context: Context) -> bool:
    """Tell whether each contained resource is referred to, or refers to its container.

    Any text that begins with `#` is taken for a reference, of whatever type it is.
    """
    contained = _contained(place)
    if not contained:
        return True
    referred = {text for text in _texts(place.value) if text.startswith("#")}
    return all(f"#{each.get('id')}" in referred or "#" in set(_texts(each)) for each in contained)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Give every text below a value, without recursion."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting.extend(cast("dict[str, Any]", each).values())
        else:
            waiting.extend(as_list(each))


def _local_reference(place: Place, context: Context) -> bool:
    """Tell whether a reference into the container finds what it names.

    One without a literal reference is kept: by FHIRPath's letter the expression gives nothing for
    it, but HL7's `startsWith()` gives false.
    """
    reference = place.value.get("reference")
    if not isinstance(reference, str) or not reference.startswith("#"):
        return True
    return context.resolve(reference, place) is not None


def _basic_html(place: Place, context: Context) -> bool:
    return not isinstance(place.value, str) or context.narrative(place.value).is_basic


def _content(place: Place, context: Context) -> bool:
    return not isinstance(place.value, str) or context.narrative(place.value).has_content


def _narrative(place: Place, _context: Context) -> bool:
    """Tell whether a resource has a narrative; one that is contained is to have none.

    https://hl7.org/fhir/R4/references.html#contained
    """
    if place.name == "contained":
        return True
    return "div" in as_object(place.value.get("text"))


_DOM_3 = (
    "contained.where((('#'+id in (%resource.descendants().reference"
    " | %resource.descendants().as(canonical) | %resource.descendants().as(uri)"
    " | %resource.descendants().as(url))) or descendants().where(reference = '#').exists()"
    " or descendants().where(as(canonical) = '#').exists()"
    " or descendants().where(as(canonical) = '#').exists()).not())"
    ".trace('unmatched', id).empty()"
)
_DOM_4 = "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()"
_REF_1 = (
    "reference.startsWith('#').not() or (reference.substring(1).trace('url')"
    " in %rootResource.contained.id.trace('ids'))"
)

NATIVE: dict[tuple[str, str], Holds] = {
    ("ele-1", "hasValue() or (children().count() > id.count())"): _element,
    ("ext-1", "extension.exists() != value.exists()"): _extension,
    ("dom-2", "contained.contained.empty()"): _no_nested_resources,
    ("dom-3", _DOM_3): _no_orphans,
    ("dom-4", _DOM_4): _no_version,
    ("dom-5", "contained.meta.security.empty()"): _no_label,
    ("dom-6", "text.`div`.exists()"): _narrative,
    ("ref-1", _REF_1): _local_reference,
    ("txt-1", "htmlChecks()"): _basic_html,
    ("txt-2", "htmlChecks()"): _content,
}

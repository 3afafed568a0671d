"""References: what they lead to inside the resource, and whether that is of an allowed type.

https://hl7.org/fhir/R4/references.html and https://hl7.org/fhir/R4/bundle.html#references
"""

from collections.abc import Callable, Iterator
from typing import Any

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.json_values import Object, as_list, as_object, as_text

Check = Callable[[Place, Context], None]

_HISTORY = "/_history/"
_ANY = frozenset({"Resource", "DomainResource"})


class References:
    """Finds the resources of a container and of a Bundle; each is indexed once."""

    def __init__(self) -> None:
        self._contained: dict[int, dict[str, Place]] = {}
        self._entries: dict[int, dict[str, Place]] = {}

    def resolve(self, reference: str, place: Place) -> Place | None:
        """Return the resource that a reference means where it stands, or None."""
        if reference.startswith("#"):
            container = place.container
            return container if reference == "#" else self._inside(container).get(reference[1:])
        entry = _entry_of(place)
        if entry is None or entry.parent is None:
            return None
        wanted, _, version = reference.partition(_HISTORY)
        if ":" not in wanted:
            wanted = _absolute(wanted, entry.value.get("fullUrl"))
        found = self._of_bundle(entry.parent).get(wanted)
        return found if found is None or not version or _version(found) == version else None

    def _inside(self, container: Place) -> dict[str, Place]:
        index = self._contained.get(id(container.value))
        if index is None:
            index = self._contained[id(container.value)] = {}
            for number, each in _objects(container.value.get("contained")):
                index.setdefault(str(each.get("id")), resource_place(container, number, each))
        return index

    def _of_bundle(self, bundle: Place) -> dict[str, Place]:
        index = self._entries.get(id(bundle.value))
        if index is None:
            index = self._entries[id(bundle.value)] = {}
            for number, each in _objects(bundle.value.get("entry")):
                resource, url = as_object(each.get("resource")), as_text(each.get("fullUrl"))
                if resource and url:
                    entry = bundle.child("entry", number, each, "Bundle.entry")
                    index.setdefault(url, resource_place(entry, None, resource, "resource"))
        return index


def resource_place(
    parent: Place, index: int | None, value: Object, name: str = "contained"
) -> Place:
    """Return the place of a resource inside another one."""
    type_ = str(value.get("resourceType"))
    return Place(parent, name, index, value, type_, type_, is_resource=True)


def _objects(value: Any) -> Iterator[tuple[int, Object]]:  # noqa: ANN401 - any JSON value
    for index, each in enumerate(as_list(value)):
        if isinstance(each, dict):
            yield index, as_object(each)


def _entry_of(place: Place) -> Place | None:
    """Return the nearest entry of a Bundle that a place stands in."""
    each: Place | None = place
    while each is not None:
        if each.type == "Bundle.entry":
            return each
        each = each.parent
    return None


def _absolute(relative: str, full_url: object) -> str:
    """Complete a reference by the base of the entry that it stands in, where that has one."""
    if not isinstance(full_url, str) or not full_url.startswith(("http://", "https://")):
        return relative
    base = full_url.rsplit("/", 2)[0]
    return f"{base}/{relative}"


def _version(place: Place) -> object:
    return as_object(place.value.get("meta")).get("versionId")


def type_in(reference: str, definitions: Definitions) -> str | None:
    """Return the resource type that the text of a reference names: `Patient/1` or a URL."""
    path = reference.partition(_HISTORY)[0].partition("?")[0]
    parts = path.rsplit("/", 2)
    name = parts[0] if len(parts) == 1 and "?" in reference else parts[-2] if parts[1:] else ""
    if not name[:1].isupper() or not name.isalpha():
        return None
    table = definitions.type_table(name)
    return name if table is not None and table.get("kind") == "resource" else None


def target_types(targets: list[str], definitions: Definitions) -> frozenset[str]:
    """Return the names of the types that a reference may lead to."""
    tables = ((url, definitions.table(url)) for url in targets)
    return frozenset(t["type"] if t else url.rpartition("/")[2] for url, t in tables)


def target_check(
    targets: list[str], definition: str, element: str, profile: str | None = None
) -> Check:
    """Return the check that a reference leads to one of the types, as far as that is known."""

    def check(place: Place, context: Context) -> None:
        value = as_object(place.value)
        allowed = target_types(targets, context.definitions)
        if not _ANY.isdisjoint(allowed):
            return
        found = sorted(_types_of(value, place, context) - allowed)
        wrong = [t for t in found if _is_outside(t, allowed, context.definitions)]
        if wrong:
            message = f"refers to {' and '.join(wrong)}, expected {' or '.join(sorted(allowed))}"
            context.report(
                "error",
                "structure",
                place,
                message,
                definition=definition,
                element=element,
                profile=profile,
            )

    return check


def _is_outside(type_: str, allowed: frozenset[str], definitions: Definitions) -> bool:
    return not any(definitions.is_subtype(type_, each) for each in allowed)


def _types_of(value: Object, place: Place, context: Context) -> set[str]:
    """Return every resource type that the reference claims or leads to."""
    found: set[str] = set()
    reference, claimed = value.get("reference"), value.get("type")
    if isinstance(claimed, str) and _is_resource_type(claimed, context.definitions):
        found.add(claimed)
    if isinstance(reference, str):
        resolved = context.resolve(reference, place)
        named = type_in(reference, context.definitions)
        if resolved is not None and _is_resource_type(resolved.type, context.definitions):
            found.add(resolved.type)
        elif named is not None:
            found.add(named)
    return found


def _is_resource_type(name: str, definitions: Definitions) -> bool:
    table = definitions.type_table(name) if name.isalpha() else None
    return table is not None and table.get("kind") == "resource"

"""The structure of a view's definition: which members it has, and what they must be.

Knows nothing of paths. Source:
https://sql-on-fhir.org/ig/2.0.0/StructureDefinition-ViewDefinition.html
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.tables.paths.constants import RESERVED, Typed, value_of
from pymedplum_runtime.tables.paths.fields import is_resource, resource_names
from pymedplum_runtime.tables.paths.type_families import CONSTANT_MEMBERS
from pymedplum_runtime.tables.views.problems import Problems, entries, text_of

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ANYWHERE = frozenset(("id", "extension", "modifierExtension"))
_MOST_LEVELS = 100
_MOST_NAME = 255


class _Member(NamedTuple):
    """What a member must be: a text, a flag, texts, or objects of a kind."""

    kind: str
    is_needed: bool = False
    is_list: bool = False


_TEXT, _NEEDED_TEXT = _Member("text"), _Member("text", is_needed=True)
_ANY = _Member("any")
_METADATA = (
    "resourceType meta implicitRules language text contained url identifier title version status"
    " experimental date publisher contact description useContext jurisdiction purpose copyright"
    " copyrightLabel profile versionAlgorithmString versionAlgorithmCoding"
)
_MEMBERS: Mapping[str, Mapping[str, _Member]] = {
    "view": {
        **dict.fromkeys(_METADATA.split(), _ANY),
        "resource": _NEEDED_TEXT,
        "name": _TEXT,
        "fhirVersion": _Member("text", is_list=True),
        "constant": _Member("constant", is_list=True),
        "where": _Member("where", is_list=True),
        "select": _Member("select", is_needed=True, is_list=True),
    },
    "constant": {"name": _NEEDED_TEXT, **dict.fromkeys(CONSTANT_MEMBERS, _ANY)},
    "where": {"path": _NEEDED_TEXT, "description": _TEXT},
    "select": {
        "column": _Member("column", is_list=True),
        "select": _Member("select", is_list=True),
        "unionAll": _Member("select", is_list=True),
        "forEach": _TEXT,
        "forEachOrNull": _TEXT,
        "repeat": _Member("text", is_list=True),
    },
    "column": {
        "name": _NEEDED_TEXT,
        "path": _NEEDED_TEXT,
        "type": _TEXT,
        "description": _TEXT,
        "collection": _Member("flag"),
        "tag": _Member("tag", is_list=True),
    },
    "tag": {"name": _NEEDED_TEXT, "value": _NEEDED_TEXT},
}


def check_structure(definition: Mapping[str, Any], problems: Problems) -> None:
    """Gather what is wrong with the structure of a definition.

    Raises:
        ViewError: its selects are nested too deeply to be looked at.
    """
    _check_object(definition, "view", "", 0, problems)
    resource = text_of(definition, "resource")
    if resource and not is_resource(resource):
        hint = did_you_mean(resource, resource_names())
        problems.add("resource", f"there is no type of resource '{resource}'{hint}")
    if definition.get("resourceType", "ViewDefinition") != "ViewDefinition":
        problems.add("resourceType", "this is no ViewDefinition")
    _check_version(definition.get("fhirVersion"), problems)


def _check_version(versions: object, problems: Problems) -> None:
    texts = cast("list[object]", versions) if isinstance(versions, list) else []
    if texts and not any(isinstance(each, str) and each.startswith("4.0") for each in texts):
        problems.add(
            "fhirVersion", "the view is for other versions of FHIR than R4, which is 4.0.1"
        )


def _check_object(
    found: Mapping[str, Any], kind: str, place: str, level: int, problems: Problems
) -> None:
    if level > _MOST_LEVELS:
        problems.add(place.partition(".")[0], f"it nests selects more than {_MOST_LEVELS} deep")
        problems.refuse()
    members, prefix = _MEMBERS[kind], f"{place}." if place else ""
    for name, value in found.items():
        member = members.get(name)
        if member is not None:
            _check_member(value, member, f"{prefix}{name}", level, problems)
        elif name not in _ANYWHERE and not name.startswith("_"):
            hint = did_you_mean(name, members)
            problems.add(place, f"there is no member '{name}' here{hint}")
    for name, member in members.items():
        if member.is_needed and found.get(name) in (None, "", []):
            problems.add(place, f"it has no '{name}'")
    _CHECKS.get(kind, _no_check)(found, place, problems)


def _check_member(
    value: object, member: _Member, place: str, level: int, problems: Problems
) -> None:
    if not member.is_list:
        _check_value(value, member.kind, place, level, problems)
    elif not isinstance(value, list):
        problems.add(place, f"a list is expected, not {_said(value)}")
    else:
        for i, each in enumerate(cast("list[object]", value)):
            _check_value(each, member.kind, f"{place}[{i}]", level, problems)


def _check_value(value: object, kind: str, place: str, level: int, problems: Problems) -> None:
    if kind in _MEMBERS:
        if isinstance(value, dict):
            _check_object(cast("dict[str, Any]", value), kind, place, level + 1, problems)
        else:
            problems.add(place, f"an object is expected, not {_said(value)}")
    elif kind == "text" and not isinstance(value, str):
        problems.add(place, f"a text is expected, not {_said(value)}")
    elif kind == "flag" and not isinstance(value, bool):
        problems.add(place, f"true or false is expected, not {_said(value)}")


def _said(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    names: dict[type, str] = {str: "a text", dict: "an object", list: "a list"}
    return names.get(value.__class__, "a number")


def _no_check(_found: Mapping[str, Any], _place: str, _problems: Problems) -> None:
    pass


def _check_name(found: Mapping[str, Any], place: str, problems: Problems) -> None:
    name = text_of(found, "name")
    if name and (len(name) > _MOST_NAME or not _NAME.fullmatch(name)):
        problems.add(
            f"{place}.name" if place else "name",
            "a name is letters, digits and underscores, a letter first",
        )


_ITERATIONS = ("forEach", "forEachOrNull", "repeat")


def _check_select(found: Mapping[str, Any], place: str, problems: Problems) -> None:
    given = [name for name in _ITERATIONS if name in found]
    if len(given) > 1:
        problems.add(place, f"only one of {' and '.join(given)} can be there")
    for name in given:
        paths = found[name]
        if paths in ("", []) or (isinstance(paths, list) and "" in paths):
            problems.add(f"{place}.{name}", "it names no path")


def _check_constant(found: Mapping[str, Any], place: str, problems: Problems) -> None:
    _check_name(found, place, problems)
    name = text_of(found, "name")
    if name in RESERVED:
        problems.add(f"{place}.name", f"'%{name}' means something else already")
    values = [member for member in found if member in CONSTANT_MEMBERS]
    if len(values) != 1:
        said = "no value" if not values else f"{len(values)} values"
        problems.add(place, f"the constant '{name}' has {said}: exactly one is needed")
    for member in values:
        kind = CONSTANT_MEMBERS[member]
        if value_of(kind, found[member]) is None:
            problems.add(f"{place}.{member}", f"the value is no {kind}")


def _check_view(found: Mapping[str, Any], place: str, problems: Problems) -> None:
    _check_name(found, place, problems)
    seen: set[str] = set()
    for i, each in entries(found, "constant"):
        name = text_of(each, "name")
        if name in seen:
            problems.add(f"constant[{i}].name", f"there is a constant '{name}' already")
        seen.add(name)


_CHECKS = {
    "view": _check_view,
    "select": _check_select,
    "column": _check_name,
    "constant": _check_constant,
}


def constants_of(definition: Mapping[str, Any]) -> dict[str, Typed]:
    """Return type and value of the constants of a definition, without those that are at fault.

    So that a path that uses one of them is not at fault too, these stand as an empty text.
    """
    found: dict[str, Typed] = {}
    for _, each in entries(definition, "constant"):
        typed: Typed = ("string", "")
        for member, kind in CONSTANT_MEMBERS.items():
            value = value_of(kind, each[member]) if member in each else None
            if value is not None:
                typed = (kind, value)
        found[text_of(each, "name")] = typed
    return found

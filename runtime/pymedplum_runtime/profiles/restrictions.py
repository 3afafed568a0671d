"""Which types a profile leaves to an element, which profiles of them, and which targets."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.profiles.definitions import FHIR
from pymedplum_runtime.profiles.layers import SYSTEM, Layers, codes_of, types_of
from pymedplum_runtime.profiles.rules import Setting
from pymedplum_runtime.profiles.tables import TypeTable

_ANYTHING = ("Resource", "DomainResource")
_MOST_LISTED = 12


def read_types(setting: Setting) -> None:
    """Read `type`, where it leaves less than there was."""
    given = setting.definition.get("type")
    if setting.is_root or not isinstance(given, list) or "content" in setting.layers[-1]:
        return
    known = types_of(setting.bounds)
    made = [
        found
        for each in _merged(cast("list[Mapping[str, Any]]", given))
        if not each.get("code", "").startswith(SYSTEM)
        for found in _restricted(setting, each, known)
    ]
    if not made:
        return
    if _same(made, types_of(setting.below)):
        setting.table.pop("types", None)
    else:
        setting.table["types"] = made


def _merged(given: Iterable[Mapping[str, Any]]) -> list[TypeTable]:
    """Return the types by their names; older tools list one for each target."""
    found: dict[str, TypeTable] = {}
    for each in given:
        code = str(each.get("code", ""))
        made = found.setdefault(code, {"code": code})
        _extend(made, "profiles", each.get("profile"))
        _extend(made, "targets", each.get("targetProfile"))
        _extend(made, "aggregation", each.get("aggregation"))
        if each.get("versioning") in {"independent", "specific"}:
            made["versioning"] = each["versioning"]
    return list(found.values())


def _extend(made: TypeTable, member: str, given: object) -> None:
    if isinstance(given, list):
        table = cast("dict[str, Any]", made)
        texts = [text for text in cast("list[object]", given) if isinstance(text, str)]
        table[member] = list(dict.fromkeys([*table.get(member, ()), *texts]))


def _restricted(setting: Setting, given: TypeTable, known: list[TypeTable]) -> list[TypeTable]:
    """Return a type with what it inherits; nothing where it is none of those that are left."""
    code = given.get("code", "")
    base = next((t for t in known if t.get("code") == code), None) or next(
        (t for t in known if _is_kind_of(setting, code, t.get("code", ""))), None
    )
    if base is None:
        names = {t.get("code", "") for t in known}
        if code in _ANYTHING and all(_is_kind_of(setting, name, code) for name in names):
            return known  # published snapshots say Resource where Medplum says which
        setting.problem(_no_type(code, names))
        return []
    given = _aligned(given, base)
    _check_targets(setting, given.get("targets", ()), base.get("targets", ()))
    _check_profiles(setting, given)
    nearest = next((t for t in types_of(setting.layers) if t.get("code") == code), None)
    inherited = nearest or {"targets": base.get("targets", [])}
    merged = {**inherited, **given}
    return [cast("TypeTable", {k: v for k, v in merged.items() if v})]


def _aligned(given: TypeTable, base: TypeTable) -> TypeTable:
    """Return a type that names definitions as the base does: publishers add their versions."""
    made = given.copy()
    if "profiles" in given:
        made["profiles"] = _as_named(given["profiles"], base.get("profiles", ()))
    if "targets" in given:
        made["targets"] = _as_named(given["targets"], base.get("targets", ()))
    return made


def _as_named(given: Iterable[str], base: Iterable[str]) -> list[str]:
    known = {url.partition("|")[0]: url for url in base}
    return [known.get(url.partition("|")[0], url) for url in given]


def _no_type(code: str, known: set[str]) -> str:
    listed = ", ".join(sorted(known)[:_MOST_LISTED])
    more = ", ..." if len(known) > _MOST_LISTED else ""
    return f"the type {code} is none of the base's: {listed}{more}{did_you_mean(code, known)}"


def _is_kind_of(setting: Setting, code: str, ancestor: str) -> bool:
    return ancestor == "*" or setting.definitions.is_subtype(code, ancestor)


def _check_profiles(setting: Setting, given: TypeTable) -> None:
    code = given.get("code", "")
    for profile in given.get("profiles", ()):
        type_ = setting.type_at(profile) or code
        if type_ != code and not _is_kind_of(setting, type_, code):
            setting.problem(f"{profile} is a profile of {type_}, not of {code}")


def _check_targets(setting: Setting, given: Iterable[str], known: Iterable[str]) -> None:
    """Check that what is referred to is a kind of what the base refers to, where that is known."""
    allowed = [type_ for target in known if (type_ := type_of(setting, target)) is not None]
    if not allowed or any(type_ in _ANYTHING for type_ in allowed):
        return
    for target in given:
        type_ = type_of(setting, target)
        if type_ is not None and not any(_is_kind_of(setting, type_, each) for each in allowed):
            listed = ", ".join(sorted(set(allowed)))
            setting.problem(f"{target} is a {type_}; the base refers to {listed}")


def type_of(setting: Setting, canonical: str) -> str | None:
    """Return the type that a canonical URL defines or constrains, where that is known."""
    type_ = setting.type_at(canonical)
    if type_ is not None:
        return type_
    name = canonical.partition("|")[0].removeprefix(FHIR)
    return name if setting.definitions.type_table(name) else None


def _same(made: list[TypeTable], known: list[TypeTable]) -> bool:
    return sorted(map(_key, made)) == sorted(map(_key, known))


def _key(table: TypeTable) -> str:
    lists = table.get("profiles", []), table.get("targets", []), table.get("aggregation", [])
    return repr([table.get("code"), table.get("versioning"), *(sorted(each) for each in lists)])


def slice_types(setting: Setting, code: str) -> None:
    """Give a slice of a choice the type that its name says, where it says none itself."""
    if "types" in setting.table:
        return
    known = next((t for t in types_of(setting.layers) if t.get("code") == code), None)
    if known is not None and len(codes_of(setting.below)) > 1:
        setting.table["types"] = [known]


def leave_types_of_slices(layers: Layers) -> None:
    """Leave an element sliced by a closed list of types no others: `valueQuantity` for short."""
    table = layers[0]
    slices = list(table.get("slices", {}).values())
    if table.get("slicing", {}).get("rules") != "closed":
        return
    codes = {code for slice_ in slices for code in codes_of((slice_, *layers))}
    left = [t for t in types_of(layers) if t.get("code") in codes]
    if len(left) < len(types_of(layers)):
        table["types"] = left
    for slice_ in slices:  # what the element says of all
        if slice_.get("types") == table.get("types"):
            slice_.pop("types", None)

"""From the definitions of types to the tables that validation reads: plain data, no Python.

The shape is that of `pymedplum_runtime.profiles.tables`; a type lists its own elements.
"""

from codegen.ir.catalog import RESOURCE_ID
from codegen.ir.elements import IDS
from codegen.ir.primitives import LONG_ID, system_type
from codegen.ir.types import Primitive
from codegen.load import Json, Specs

PROFILE = "constraint"  # the derivation of profiles, which are compiled elsewhere
# Strengths that decide something: https://hl7.org/fhir/R4/terminologies.html#strength.
CHECKED = ("required", "extensible")


def type_tables(
    specs: Specs, primitives: tuple[Primitive, ...], long_ids: frozenset[str]
) -> list[Json]:
    """Return the table of every type, sorted by canonical URL."""
    rules = {p.name: p for p in primitives}
    types = [s.json for s in specs.definitions.values() if s.json.get("derivation") != PROFILE]
    found = [_type_table(definition, rules, long_ids) for definition in types]
    missing = set(rules) - {table["type"] for table in found}
    found += [_primitive_table(rules[name]) for name in missing]
    return sorted(found, key=lambda table: str(table["url"]))


def _type_table(definition: Json, rules: dict[str, Primitive], long_ids: frozenset[str]) -> Json:
    root, *elements = definition["element"]
    name = definition["name"]
    table: Json = {
        "url": definition["url"],
        "name": name,
        "type": name,
        "kind": definition["kind"],
        "root": _element(root),
    }
    if definition.get("abstract"):
        table["abstract"] = True
    if "baseDefinition" in definition:
        table["base"] = definition["baseDefinition"]
    if name in rules:
        return table | {"primitive": _primitive(rules[name])}
    for element in elements:
        has_long_id = name in long_ids and element.get("base") == RESOURCE_ID
        if has_long_id or _is_own(element):
            _put(table["root"], element, LONG_ID if has_long_id else None)
    return table


def _primitive_table(rules: Primitive) -> Json:
    """Give the table of a type that the release borrows, or that is ours (the long id)."""
    return {
        "url": f"http://hl7.org/fhir/StructureDefinition/{rules.name}",
        "name": rules.name,
        "type": rules.name,
        "kind": "primitive-type",
        "base": "http://hl7.org/fhir/StructureDefinition/Element",
        "root": {},
        "primitive": _primitive(rules),
    }


def _primitive(rules: Primitive) -> Json:
    row = {
        "python": rules.python,
        "expectation": rules.expectation,
        "pattern": rules.pattern,
        "minimum": rules.minimum,
        "maximum": rules.maximum,
        "max_length": rules.max_length,
    }
    return {key: value for key, value in row.items() if value is not None}


def _is_own(element: Json) -> bool:
    """Tell whether a type adds the element, or restricts it to nothing."""
    return element.get("base", element["path"]) == element["path"] or element.get("max") == "0"


def _put(root: Json, element: Json, type_name: str | None) -> None:
    """Put an element's rules where its path leads."""
    *parents, name = element["path"].split(".")[1:]
    place = root
    for parent in parents:
        place = place["elements"][parent]
    place.setdefault("elements", {})[name] = _element(element, type_name)


def _element(element: Json, type_name: str | None = None) -> Json:
    rules: Json = {}
    is_root = "." not in element["path"]
    if element.get("min", 0) and not is_root:
        rules["min"] = element["min"]
    if element.get("max", "1") != "1" and not is_root:
        rules["max"] = "*" if element["max"] == "*" else int(element["max"])
    if "contentReference" in element:
        rules["content"] = element["contentReference"].rpartition("#")[2]
    elif element.get("type") and not is_root:
        rules["types"] = [_type(t, element, type_name) for t in element["type"]]
    if "maxLength" in element:
        rules["max_length"] = element["maxLength"]
    for side in ("min", "max"):
        rules |= {f"{side}_value": v for k, v in element.items() if k.startswith(f"{side}Value")}
    return rules | _binding(element.get("binding", {})) | _constraints(element, is_root=is_root)


def _binding(binding: Json) -> Json:
    limits = [x["valueCanonical"] for x in binding.get("extension", ())]
    if "valueSet" not in binding or not (limits or binding["strength"] in CHECKED):
        return {}
    rules = {"strength": binding["strength"], "value_set": binding["valueSet"]}
    return {"binding": rules | ({"max_value_set": limits[0]} if limits else {})}


def _type(type_: Json, element: Json, name: str | None) -> Json:
    code = name or IDS.get(element.get("base", "")) or system_type(type_) or type_["code"]
    rules = {"code": code}
    lists = {"profiles": "profile", "targets": "targetProfile", "aggregation": "aggregation"}
    return rules | {ours: type_[theirs] for ours, theirs in lists.items() if theirs in type_}


# What every element repeats; it stands once, at the type.
_OF_TYPES = {"ele-1": "Element", "ext-1": "Extension"}


def _constraints(element: Json, *, is_root: bool) -> Json:
    rows = [
        [c["key"], c["severity"], c["human"], c["expression"]]
        for c in element.get("constraint", ())
        if "expression" in c and (is_root or c["key"] not in _OF_TYPES)
    ]
    return {"constraints": rows} if rows else {}

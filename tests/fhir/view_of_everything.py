"""A view for each type of resource that asks for nearly everything that the type may have."""

from collections.abc import Iterator, Mapping
from typing import Any

from pymedplum_runtime.profiles.definitions import packaged

_DEEP = 1
_CHOICE = "[x]"
_SYSTEM = "http://hl7.org/fhirpath/System."


def view_of(resource: str) -> dict[str, Any]:
    """Return a definition with a column for each primitive, and rows for each array of objects.

    Every path that gives elements is asked for how many there are, and whether there are any.
    """
    columns = [*_columns(resource, "", packaged().elements(resource), 0)]
    selects: list[dict[str, Any]] = [{"column": _named(columns, "r")}]
    for number, (name, elements) in enumerate(_backbones(resource)):
        inner = [*_columns(resource, "", elements, 1)]
        if inner:
            column = [{"name": f"i{number}", "path": "%rowIndex"}, *_named(inner, f"n{number}_")]
            selects.append({"forEachOrNull": name, "column": column})
    return {"resource": resource, "name": f"all_{resource.lower()}", "select": selects}


def _named(columns: list[dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
    return [{"name": f"{prefix}{n}", **column} for n, column in enumerate(columns)]


def _backbones(resource: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, element in packaged().elements(resource).items():
        if "elements" in element:
            base = element.get("types", [{"code": "BackboneElement"}])[0]["code"]
            yield name, {**packaged().elements(base), **element["elements"]}


def _columns(
    owner: str, prefix: str, elements: Mapping[str, Any], level: int
) -> Iterator[dict[str, Any]]:
    for name, element in elements.items():
        path = f"{prefix}{name.removesuffix(_CHOICE)}"
        if name.endswith(_CHOICE):
            for each in element.get("types", ()):
                yield from _of_type(f"{path}.ofType({each['code']})", each["code"], level)
        elif "elements" in element:
            yield {"path": f"{path}.count()"}
            if level < _DEEP:
                yield from _columns(owner, f"{path}.", element["elements"], level + 1)
        elif "content" not in element:
            for each in list(element.get("types", ()))[:1]:
                yield from _of_type(path, each["code"], level)


def _of_type(path: str, code: str, level: int) -> Iterator[dict[str, Any]]:
    table = packaged().type_table(code)
    if code.startswith(_SYSTEM) or (table and table.get("kind") == "primitive-type"):
        yield {"path": path, "collection": True}
        if code in ("string", "http://hl7.org/fhirpath/System.String"):
            yield {"path": f"{path}.join(',')"}
        return
    yield {"path": f"{path}.exists()"}
    yield {"path": f"{path}.count()"}
    if code == "Reference":
        yield {"path": f"{path}.getReferenceKey()", "collection": True}
    if level < _DEEP and code not in ("Extension", "Resource", "Reference", "Meta", "Narrative"):
        yield from _columns(code, f"{path}.", packaged().elements(code), level + 1)

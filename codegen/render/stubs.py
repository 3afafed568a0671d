"""What a stub says of each class: types as users write them and as they read them."""

import keyword
from collections.abc import Mapping
from dataclasses import dataclass

from codegen.ir.types import Class, Element, Module, Primitive

# What a primitive accepts besides its JSON type: aliases of the runtime.
_INPUTS = {
    "date": "DateInput",
    "dateTime": "DateTimeInput",
    "instant": "InstantInput",
    "time": "TimeInput",
    "decimal": "DecimalInput",
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """A property as it is read."""

    name: str
    annotation: str
    description: str


@dataclass(frozen=True, slots=True)
class Key:
    """A property as it is given: a key of the dict, and a keyword of the constructor."""

    name: str
    annotation: str


@dataclass(frozen=True, slots=True)
class ClassStub:
    """One class and the dict that its constructor takes."""

    name: str
    bases: tuple[str, ...]
    dict_name: str
    dict_bases: tuple[str, ...]
    description: str
    resource_type: str | None
    attributes: tuple[Attribute, ...]
    keys: tuple[Key, ...]
    quoted_keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class ModuleStub:
    """One stub file."""

    source: str
    url: str
    description: str
    imports: tuple[tuple[str, tuple[str, ...]], ...]
    classes: tuple[ClassStub, ...]


def module_stub(
    module: Module,
    classes: Mapping[str, Class],
    homes: Mapping[str, str],
    primitives: tuple[Primitive, ...],
) -> ModuleStub:
    """Describe the stub of a module."""
    polymorphic = frozenset(c.name for c in classes.values() if c.is_polymorphic)
    types = _Types({p.name: p.python for p in primitives}, polymorphic)
    stubs = tuple(_class_stub(c, classes, types) for c in module.classes)
    return ModuleStub(
        source=module.source,
        url=module.url,
        description=module.description,
        imports=_imports(module, classes, homes),
        classes=stubs,
    )


class _Types:
    """The Python spelling of a property's type, read and given."""

    def __init__(self, primitives: Mapping[str, str], polymorphic: frozenset[str]) -> None:
        self._primitives = primitives
        self._polymorphic = polymorphic

    def read(self, element: Element) -> str:
        plain = self._primitives.get(element.type, element.type)
        item = f"codes.{element.codes}" if element.codes else plain
        whole = f"list[{item}]" if element.is_list else item
        is_there = element.is_required and not element.is_primitive
        return whole if is_there else f"{whole} | None"

    def given(self, element: Element) -> str:
        if element.codes:
            item = f"codes.{element.codes}"
        elif element.is_primitive:
            item = _INPUTS.get(element.type) or self._primitives[element.type]
        elif element.type in self._polymorphic:
            item = f"{element.type} | Mapping[str, Any]"
        else:
            item = f"{element.type} | {element.type}Dict"
        return f"Sequence[{item}]" if element.is_list else item


def _dict_bases(c: Class, base: str | None, keys: list[Key]) -> tuple[str, ...]:
    has_keywords = any(keyword.iskeyword(key.name) for key in keys)
    bases = (
        *([f"{base}Dict"] if base else []),
        *([f"_{c.name}Keywords"] if has_keywords else []),
    )
    return bases or ("TypedDict",)


def _with_inherited(c: Class, classes: Mapping[str, Class]) -> list[Element]:
    """Give the properties of a datatype with those of its bases.

    Checkers evaluate the entries of a dict with its bases: a datatype's dict that inherited from
    `ElementDict`, which leads to every datatype through extensions, would be its own base.
    """
    inherited = _with_inherited(classes[c.base], classes) if c.base else []
    prohibited = {e.name for e in c.elements if e.is_prohibited}
    named = {e.name: e for e in (*inherited, *c.elements)}
    return [e for e in named.values() if e.name not in prohibited]


def _class_stub(c: Class, classes: Mapping[str, Class], types: _Types) -> ClassStub:
    shown = [e for e in c.elements if not e.is_prohibited]
    dict_base = c.base if c.base and classes[c.base].is_resource else None
    flat = shown if dict_base else _with_inherited(c, classes)
    keys = [key for e in flat for key in _keys(e, types)]
    return ClassStub(
        name=c.name,
        bases=c.bases,
        dict_name=f"{c.name}Dict",
        dict_bases=_dict_bases(c, dict_base, keys),
        description=c.description,
        resource_type=c.resource_type,
        attributes=tuple(_attribute(e, types) for e in shown),
        keys=tuple(k for k in keys if not keyword.iskeyword(k.name)),
        quoted_keys=tuple(k for k in keys if keyword.iskeyword(k.name)),
    )


def _attribute(element: Element, types: _Types) -> Attribute:
    targets = " | ".join(element.targets)
    tail = f" Refers to: {targets}." if targets else ""
    return Attribute(element.name, types.read(element), f"{element.description.strip()}{tail}")


def _keys(element: Element, types: _Types) -> list[Key]:
    names = dict.fromkeys((element.name, element.fhir_name))
    keys = [Key(name, types.given(element)) for name in names]
    if element.has_sibling:
        # `Element | ElementDict` would be exact, but makes a cold mypy run half as long again.
        keys.append(Key(f"_{element.fhir_name}", "Any"))
    return keys


def _imports(
    module: Module, classes: Mapping[str, Class], homes: Mapping[str, str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Give the models that a stub names, by module."""
    wanted: dict[str, set[str]] = {}
    for c in module.classes:
        named = _with_inherited(c, classes)
        names = {e.type for e in named if e.type in classes} | {c.base}
        for name in filter(None, names):
            home = homes[name]
            if home != module.name:
                wanted.setdefault(home, set()).update((name, f"{name}Dict"))
    return tuple((home, tuple(sorted(names))) for home, names in sorted(wanted.items()))

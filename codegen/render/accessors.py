"""Renders the modules of typed access: writes their types as Python, decides nothing."""

from codegen.ir.accessors import AccessorModule, ExtensionModule, PartField, Slot

PYTHON = {"boolean": "bool", "integer": "int", "decimal": "Decimal"}


def imports(module: AccessorModule) -> list[str]:
    """Write the imports of the models that a module names."""
    return [f"from pymedplum.fhir.{home} import {name}" for home, name in module.classes]


def aliases(module: AccessorModule) -> list[tuple[str, tuple[str, ...]]]:
    """Give the names of the code lists of a module with their codes."""
    named = [(extension.class_name, extension.slot) for extension in module.extensions]
    named += [
        (part.type_name, part.slot) for extension in module.extensions for part in extension.parts
    ]
    return [
        (f"{name}Code", tuple(code for code, _ in slot.codes))
        for name, slot in named
        if slot and slot.codes
    ]


def read_type(name: str, slot: Slot) -> str:
    """Write the type that a value is read as."""
    if slot.is_class:
        return slot.type
    return f"{name}Code" if slot.codes else PYTHON.get(slot.type, "str")


def written_type(name: str, slot: Slot) -> str:
    """Write the type of what a value may be set from."""
    if not slot.is_class:
        return read_type(name, slot)
    code = [f"{name}Code"] if slot.codes else []
    return " | ".join([slot.type, "FHIRJson", *code])


def slot_call(slot: Slot) -> str:
    """Write the call that makes a slot."""
    arguments = [repr(slot.name)]
    if slot.is_class:
        arguments.append(f"model={slot.type}")
    if slot.codes and slot.is_class:
        arguments.append(f"codings={_by_system(slot)!r}")
    elif slot.codes:
        arguments.append(f"codes={tuple(code for code, _ in slot.codes)!r}")
    return f"ValueSlot({', '.join(arguments)})"


def attribute_type(part: PartField) -> str:
    """Write the type of an attribute of an extension with parts."""
    read = read_type(part.type_name, part.slot)
    return f"{read} | None" if part.max == 1 else f"tuple[{read}, ...]"


def part_type(part: PartField) -> str:
    """Write the type of what the attribute is made from, with its default."""
    written = written_type(part.type_name, part.slot)
    if part.max != 1:
        return f"Sequence[{written}]" if part.min else f"Sequence[{written}] = ()"
    return written if part.min else f"{written} | None = None"


def accepted(slot: Slot) -> str:
    """Write in words what a value may be set from."""
    code = "one of the codes"
    if slot.is_class:
        return f"a `{slot.type}`, a dict or {code}" if slot.codes else f"a `{slot.type}` or a dict"
    return code if slot.codes else f"a `{PYTHON.get(slot.type, 'str')}`"


def part_accepted(part: PartField) -> str:
    """Write in words what an attribute is made from."""
    most = "any number" if part.max is None else f"up to {part.max}"
    many = "" if part.max == 1 else f"{most}, each "
    return f"{many}{accepted(part.slot)}{'' if part.min else '; may be left out'}"


def example(slot: Slot) -> str:
    """Write a value for an example."""
    if slot.codes:
        return f'"{slot.codes[0][0]}"'
    return f"{slot.type}(...)" if slot.is_class else '"..."'


def parts_example(extension: ExtensionModule) -> str:
    """Write the arguments of an example: the first part with codes, and what has to be there."""
    coded = next((part for part in extension.parts if part.slot.codes), None)
    shown = [part for part in extension.parts if part.min or part is coded]
    values = [(part, example(part.slot)) for part in shown]
    return ", ".join(
        f"{part.attribute}={value if part.max == 1 else f'[{value}]'}" for part, value in values
    )


def _by_system(slot: Slot) -> dict[str, tuple[str, ...]]:
    systems = sorted({system for _, system in slot.codes})
    return {s: tuple(code for code, system in slot.codes if system == s) for s in systems}

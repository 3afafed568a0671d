"""Every naming rule: FHIR names to Python names."""

import builtins
import keyword
import re

# What every model has already and may not lose to an element of the same name: the discriminator
# and Pydantic's older methods. Its newer ones begin with `model_`, as no element does.
RESERVED = frozenset({
    "construct", "copy", "dict", "from_orm", "json", "parse_file", "parse_obj", "parse_raw",
    "resource_type", "schema", "schema_json", "update_forward_refs", "validate",
})  # fmt: skip

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake_case(fhir_name: str) -> str:
    """`birthDate` to `birth_date`, `valueBase64Binary` to `value_base64_binary`."""
    return _WORD.sub("_", fhir_name.replace("-", "_")).lower()


def attribute_name(fhir_name: str) -> str:
    """The Python attribute of an element; a keyword gets a trailing underscore."""
    name = snake_case(fhir_name)
    return f"{name}_" if keyword.iskeyword(name) or name in RESERVED else name


def pascal_case(name: str) -> str:
    """`v3.ActCode` to `V3ActCode`: a class name out of anything."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    joined = "".join(word[0].upper() + word[1:] for word in words)
    return f"V{joined}" if joined[:1].isdigit() else joined


def class_name(path: str) -> str:
    """`Patient.contact` to `PatientContact`."""
    return "".join(pascal_case(part) for part in path.split("."))


def choice_name(stem: str, type_code: str) -> str:
    """`value` and `dateTime` to `valueDateTime`."""
    return stem + type_code[0].upper() + type_code[1:]


def module_name(definition_name: str) -> str:
    """`HumanName` to `humanname`, as the published package has it."""
    name = definition_name.lower()
    return f"{name}_" if keyword.iskeyword(name) or hasattr(builtins, name) else name

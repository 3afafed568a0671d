"""Writes an element as the arguments of a runtime `Property`: what differs from the defaults."""

from codegen.ir.types import Element


def arguments(element: Element) -> list[str]:
    """Return the Python arguments of one row of a generated table."""
    flags = {
        "many": element.is_list,
        "lazy": element.is_lazy,
        "bare": element.is_bare,
        "prohibited": element.is_prohibited,
    }
    texts = {"codes": element.codes, "choice": element.choice}
    return [
        *(f'"{part}"' for part in (element.name, element.fhir_name, element.type)),
        *([f"min={element.min}"] if element.min else []),
        *(f'{name}="{text}"' for name, text in texts.items() if text),
        *(f"{name}=True" for name, is_set in flags.items() if is_set),
    ]

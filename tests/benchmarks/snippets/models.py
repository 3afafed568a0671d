"""Where a contestant keeps the class of a FHIR type."""

from importlib import import_module
from typing import Any


def find_class(pattern: str, name: str) -> Any:
    """Return a class by a pattern such as `fhir.resources.R4B.{module}:{name}`.

    Raises:
        ImportError: the contestant has no such module.
        AttributeError: the module has no such class.
    """
    module, _, attribute = pattern.format(name=name, module=name.lower()).partition(":")
    return getattr(import_module(module), attribute)

"""Definitions of views as JSON, wherever they come from."""

import json
from collections.abc import Mapping
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias, cast

from pymedplum_runtime.errors import ViewError
from pymedplum_runtime.helpers.members import is_data
from pymedplum_runtime.helpers.serialization import to_fhir_json

DefinitionSource: TypeAlias = Mapping[str, Any] | str | bytes | PathLike[str] | Any
"""A dict, JSON as text or bytes, the path of a file, or a `ViewDefinition` model."""


def definition_json(source: DefinitionSource) -> dict[str, Any]:
    """Return a definition as JSON has it.

    Raises:
        ViewError: it is no JSON object.
        TypeError: it is nothing that can hold a definition.
        OSError: the file cannot be read.
    """
    if isinstance(source, PathLike):
        return _read(Path(cast("PathLike[str]", source)))
    if isinstance(source, str | bytes | bytearray):
        text = source.lstrip("\ufeff \t\r\n") if isinstance(source, str) else source
        if isinstance(text, str) and not text.startswith(("{", "[")):
            return _read(Path(text))
        return _parsed(text)
    if is_data(source):
        return dict(to_fhir_json(source))
    raise TypeError(
        "a view is read from a dict, a ViewDefinition, JSON or the path of a file of JSON,"
        f" not from {type(source).__name__}"
    )


def _read(path: Path) -> dict[str, Any]:
    return _parsed(path.read_bytes(), path.name)


def _parsed(text: str | bytes | bytearray, place: str = "") -> dict[str, Any]:
    """Return a definition from its JSON, which came from a file or was given."""
    said = ""
    try:
        found = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        found, said = None, f": line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        message = f"the definition is no JSON object{said}"
        raise ViewError(message, "without a name", place) from None
    return cast("dict[str, Any]", found)

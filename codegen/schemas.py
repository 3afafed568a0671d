"""Calls datamodel-code-generator: the schemas of our OpenAPI document as typed dicts.

The schemas that stand for FHIR's types become plain dicts: their models are generated elsewhere.
"""

import ast
import textwrap
from typing import Any

from codegen.load import Json

WIDTH = 90  # of 100, behind the indent and before the quotation marks
_SCHEMAS = "#/components/schemas/"
_HEADER = "#"


class SchemaError(Exception):
    """A schema gave no class of its name."""


def typed_dicts(document: Json, names: frozenset[str]) -> str:
    """Return a Python module with a class for each of the named schemas.

    Raises:
        SchemaError: a schema gives no class, or one of another name.
    """
    # Imported here: it takes a moment, and only generating the clients needs it.
    from datamodel_code_generator import PythonVersion, generate  # noqa: PLC0415 - half a second, where nothing else needs it
    from datamodel_code_generator.enums import (  # noqa: PLC0415 - half a second, where nothing else needs it
        DataModelType,
        InputFileType,
        OpenAPIScope,
    )
    from datamodel_code_generator.parser import LiteralType  # noqa: PLC0415 - half a second, where nothing else needs it

    schemas: Json = document["components"]["schemas"]
    ours = {name: _prepared(schemas[name], names) for name in sorted(names)}
    head: Json = {key: document[key] for key in ("openapi", "info") if key in document}
    text = generate(
        {**head, "paths": {}, "components": {"schemas": ours}},
        input_file_type=InputFileType.OpenAPI,
        output_model_type=DataModelType.TypingTypedDict,
        target_python_version=PythonVersion.PY_310,
        openapi_scopes=[OpenAPIScope.Schemas],
        use_schema_description=True,
        use_field_description=True,
        use_single_line_docstring=True,
        use_standard_collections=True,
        use_union_operator=True,
        use_double_quotes=True,
        enum_field_as_literal=LiteralType.All,
        disable_timestamp=True,
        formatters=[],
    )
    return without_comments(check_names(str(text), names))


def _prepared(node: Any, names: frozenset[str]) -> Any:  # noqa: ANN401 - any node of a schema
    """Put dicts in the place of FHIR's types, and wrap what is said."""
    if isinstance(node, list):
        return [_prepared(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    ref = str(node.get("$ref", ""))
    is_foreign = ref.startswith(_SCHEMAS) and ref.removeprefix(_SCHEMAS) not in names
    shown = {k: v for k, v in node.items() if k != "$ref"} if is_foreign else node
    prepared = {key: _prepared(value, names) for key, value in shown.items()}
    if isinstance(description := prepared.get("description"), str):
        prepared["description"] = textwrap.fill(" ".join(description.split()), WIDTH)
    if is_foreign:
        prepared |= {"type": "object", "additionalProperties": True}
    return prepared


def check_names(text: str, names: frozenset[str]) -> str:
    """Return a module unless it lacks a class of a name.

    Raises:
        SchemaError: it lacks one.
    """
    defined = {name for node in ast.parse(text).body for name in _names(node)}
    missing = sorted(names - defined)
    if missing:
        raise SchemaError(
            f"the schemas {', '.join(missing)} give no class of that name; a schema's name has "
            "to be one for a class"
        )
    return text


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def without_comments(text: str) -> str:
    """Drop the generator's own header; ours says more."""
    return "\n".join(line for line in text.splitlines() if not line.startswith(_HEADER)).strip()

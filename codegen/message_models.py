"""Calls datamodel-code-generator: the schemas of messages as Pydantic models.

What the runtime's base says once for all (aliases by both names, arbitrary types) is taken out of
each class again.
"""

import re

from codegen.ir.messages import Messages
from codegen.schemas import check_names, without_comments

BASE = "pymedplum_runtime.cds.messages.model.CDSModel"
_CONFIG = re.compile(r"^    model_config = ConfigDict\(\n(?:        .*\n)+    \)\n", re.MULTILINE)
# A default that only `Annotated` knows is none to type checkers.
_DEFAULT = re.compile(r": Annotated\[(\w+), (Field\(default_factory=\w+\))\]$", re.MULTILINE)
_ALIAS = re.compile(r"^(\w+) = TypeAliasType\(\"\1\", (.*)\)$", re.MULTILINE)


def message_models(messages: Messages) -> str:
    """Return a Python module with a class or a named text for each of the messages.

    Raises:
        SchemaError: a schema gives no class, or one of another name.
    """
    # Imported here: it takes a moment, and only generating the models needs it.
    from datamodel_code_generator import PythonVersion, generate  # noqa: PLC0415 - half a second, where nothing else needs it
    from datamodel_code_generator.enums import (  # noqa: PLC0415 - half a second, where nothing else needs it
        DataModelType,
        InputFileType,
        OpenAPIScope,
        StrictTypes,
    )
    from datamodel_code_generator.parser import LiteralType  # noqa: PLC0415 - half a second, where nothing else needs it

    document = {
        "openapi": "3.1.0",
        "info": {"title": messages.title, "version": messages.version},
        "paths": {},
        "components": {"schemas": messages.schemas},
    }
    text = generate(
        document,
        input_file_type=InputFileType.OpenAPI,
        output_model_type=DataModelType.PydanticV2BaseModel,
        target_python_version=PythonVersion.PY_310,
        openapi_scopes=[OpenAPIScope.Schemas],
        base_class=BASE,
        snake_case_field=True,
        use_annotated=True,
        field_constraints=True,
        strict_types=[StrictTypes.int, StrictTypes.bool],
        use_type_alias=True,
        apply_default_values_for_required_fields=True,
        use_schema_description=True,
        use_field_description=True,
        use_attribute_docstrings=True,
        disable_future_imports=True,
        use_single_line_docstring=True,
        use_standard_collections=True,
        use_union_operator=True,
        use_double_quotes=True,
        enum_field_as_literal=LiteralType.All,
        disable_timestamp=True,
        formatters=[],
    )
    return _tidied(without_comments(check_names(str(text), frozenset(messages.names))))


def _tidied(text: str) -> str:
    plain = _DEFAULT.sub(r": \1 = \2", _CONFIG.sub("", text))
    return _ALIAS.sub(r"\1: TypeAlias = \2", plain)

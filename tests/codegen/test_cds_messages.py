"""Schemas of messages become models; what cannot become one is a problem with its place."""

import ast
from pathlib import Path
from typing import Any

import pytest
from tiny_messages import (
    REQUEST,
    message,
    messages_of,
    problems_of,
    referring,
    text,
    write_messages,
)
from tiny_specs import NO_EXPORTS, RELEASE, resource, write_specs

from codegen.load_api import load_messages
from codegen.message_models import message_models
from codegen.pipeline import build
from codegen.problems import InputError
from codegen.render.wrap import row
from codegen.schemas import SchemaError


def models(folder: Path, **schemas: Any) -> str:
    """Return the module that a document's messages give, before it is formatted."""
    return message_models(messages_of(folder, **schemas))


def rows(folder: Path, **members: Any) -> list[str]:
    """Return the members of a class as they are written."""
    module = models(folder, Bell=message(*(n for n in members if n[-1] == "1"), **members))
    tree = ast.parse(module)
    found = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Bell")
    return [ast.unparse(node) for node in found.body if isinstance(node, ast.AnnAssign)]


def test_members_are_snake_case_and_keep_the_spelling_of_the_wire(tmp_path: Path) -> None:
    assert rows(tmp_path, hookInstance=text()) == [
        "hook_instance: Annotated[str | None, Field(alias='hookInstance')] = None"
    ]


def test_required_members_have_no_default(tmp_path: Path) -> None:
    assert rows(tmp_path, name1=text()) == ["name1: str"]


def test_limits_and_codes_are_checked(tmp_path: Path) -> None:
    found = rows(
        tmp_path, summary1=text(minLength=1, maxLength=139), indicator1=text(enum=["a", "b"])
    )

    assert found == [
        "summary1: Annotated[str, Field(max_length=139, min_length=1)]",
        "indicator1: Literal['a', 'b']",
    ]


def test_numbers_and_booleans_are_no_texts(tmp_path: Path) -> None:
    found = rows(tmp_path, count1=text(type="integer"), is1=text(type="boolean"))

    assert found == ["count1: StrictInt", "is1: StrictBool"]


def test_a_password_is_a_secret(tmp_path: Path) -> None:
    assert rows(tmp_path, key1=text(format="password")) == ["key1: SecretStr"]


def test_a_default_that_is_an_empty_object_is_made_anew(tmp_path: Path) -> None:
    kind = {"type": "pymedplum_runtime.cds.messages.open_members.PrefetchValues"}
    found = rows(tmp_path, prefetch={"description": "It.", "default": {}, "x-python": kind})

    assert found == ["prefetch: PrefetchValues = Field(default_factory=dict)"]


def test_types_of_fhir_and_of_the_runtime_are_imported(tmp_path: Path) -> None:
    fhir = {"type": "object", "description": "FHIR's.", "x-fhir-type": "Element"}
    ours = {
        "type": "object",
        "description": "Ours.",
        "x-python": {"type": "pymedplum_runtime.cds.messages.open_members.Extensions"},
    }
    bell = message(element=referring("Element"), extension=referring("Extensions"))

    module = models(tmp_path, Element=fhir, Extensions=ours, Bell=bell)

    assert "from pymedplum.fhir.element import Element" in module
    assert "from pymedplum_runtime.cds.messages.open_members import Extensions" in module
    assert "element: Element | None = None" in module
    assert "class Element" not in module


def test_a_base_of_the_runtime_takes_the_place_of_the_common_one(tmp_path: Path) -> None:
    base = {"x-python": {"base": "pymedplum_runtime.cds.messages.rules.LinkRules"}}

    module = models(tmp_path, Bell=message(label=text()) | base, Other=message(label=text()))

    assert "class Bell(LinkRules):" in module
    assert "class Other(CDSModel):" in module


def test_what_is_skipped_gives_nothing(tmp_path: Path) -> None:
    module = models(tmp_path, Error=message(error=text()) | {"x-python": {"skip": "It is ours."}})

    assert "Error" not in module


def test_requests_are_listed_by_their_hook(tmp_path: Path) -> None:
    door = message("hook", hook=text(const="door-bell"))
    schema = {"description": "A door.", "allOf": [{"$ref": REQUEST}, door]}

    messages = messages_of(tmp_path, DoorRequest=schema)

    assert messages.requests == (("door-bell", "DoorRequest"),)
    assert messages.expectations == (("^door-bell$", "`door-bell`"),)
    assert "hook: Annotated[str, Field(pattern='^door-bell$')] = 'door-bell'" in message_models(
        messages
    )


def test_a_pattern_is_told_in_words(tmp_path: Path) -> None:
    name = text(pattern="^[a-z]+$") | {"x-expects": "small letters"}

    messages = messages_of(tmp_path, Name=name, Bell=message(name=referring("Name")))

    assert messages.expectations == (("^[a-z]+$", "small letters"),)
    assert "Name: TypeAlias = Annotated[str, Field(pattern='^[a-z]+$')]" in message_models(messages)


def test_no_class_repeats_the_settings_of_its_base(tmp_path: Path) -> None:
    kind = {"type": "pymedplum_runtime.cds.messages.open_members.AnyContext"}
    module = models(tmp_path, Bell=message(it={"description": "It.", "x-python": kind}))

    assert "model_config" not in module
    assert '"""A message."""' in module


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": "object"}, "Bell: has no description"),
        (message(name={"type": "string"}), "Bell.name: has no description"),
        (message(name=referring("Nowhere")), "which leads nowhere"),
        (message(name=text()) | {"x-fhir-type": "Nothing"}, "'Nothing', which FHIR does not have"),
        (text() | {"x-expects": "words"}, "has x-expects without a pattern"),
        (message() | {"x-python": {"bass": "x"}}, "has the key 'bass' in x-python"),
        (message() | {"x-python": {"base": "os.path"}}, "'os.path', which is no class of"),
        (message(a=text() | {"x-python": {"type": "Any"}}), "'Any', which is no class of"),
        (message(a=text() | {"x-python": {"base": "Any"}}), "'Any', which is no class of"),
        (message(a=text() | {"x-python": {"skip": "no"}}), "only a whole schema can be skipped"),
    ],
)
def test_a_schema_that_gives_no_model_is_a_problem(
    tmp_path: Path, schema: Any, problem: str
) -> None:
    found = problems_of(tmp_path, Bell=schema)

    assert len(found) == 1
    assert found[0].startswith("bells/openapi.yaml: components/schemas/Bell")
    assert problem in found[0]


def test_every_problem_is_found(tmp_path: Path) -> None:
    found = problems_of(tmp_path, bell={"type": "object"}, Horn=message(a=referring("Nowhere")))

    assert found == [
        "bells/openapi.yaml: components/schemas/bell: is not the name of a class",
        "bells/openapi.yaml: components/schemas/bell: has no description",
        (
            "bells/openapi.yaml: components/schemas/Horn: refers to "
            "#/components/schemas/Nowhere, which leads nowhere"
        ),
    ]


def test_a_document_without_a_general_request_is_a_problem(tmp_path: Path) -> None:
    found = problems_of(tmp_path, CDSRequest=message() | {"x-python": {"skip": "Not needed."}})

    assert found == ["bells/openapi.yaml: components/schemas: has no message CDSRequest"]


def test_two_requests_of_one_hook_are_a_problem(tmp_path: Path) -> None:
    door = message("hook", hook=text(const="door-bell"))
    schema = {"description": "A door.", "allOf": [{"$ref": REQUEST}, door]}

    found = problems_of(tmp_path, DoorRequest=schema, GateRequest=schema)

    assert found == [
        (
            "bells/openapi.yaml: components/schemas/GateRequest: has the hook 'door-bell' of "
            "DoorRequest"
        ),
    ]


def test_a_name_that_python_reserves_gives_no_class(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="the schemas True give no class of that name"):
        models(tmp_path, **{"True": message()})


def test_a_file_that_is_missing_is_named_with_its_folder(tmp_path: Path) -> None:
    _, problems = load_messages(tmp_path / "bells" / "openapi.yaml")

    assert [str(problem) for problem in problems] == ["bells/openapi.yaml: is missing"]


def test_without_messages_there_are_none(tmp_path: Path) -> None:
    exports = tmp_path / "exports.toml"
    exports.write_text(NO_EXPORTS, encoding="utf-8")

    files = build(write_specs(tmp_path / "r4"), RELEASE, exports)

    assert not any("cds_models" in path for path in files)


def test_the_models_come_with_the_package(tmp_path: Path) -> None:
    exports = tmp_path / "exports.toml"
    exports.write_text(NO_EXPORTS, encoding="utf-8")
    file = write_messages(tmp_path / "bells" / "openapi.yaml", Bell=message(name=text()))

    files = build(
        write_specs(tmp_path / "r4", resource("Thing")), RELEASE, exports, message_file=file
    )

    module = files["pymedplum/cds_models.py"]
    assert module.startswith("# Generated by codegen from specs/bells/openapi.yaml, with")
    assert '"""The messages of Bells 1."""' in module
    assert "class Bell(CDSModel):" in module


def test_bad_messages_give_nothing(tmp_path: Path) -> None:
    exports = tmp_path / "exports.toml"
    exports.write_text(NO_EXPORTS, encoding="utf-8")
    file = write_messages(tmp_path / "bells" / "openapi.yaml", Bell={"type": "object"})

    with pytest.raises(InputError, match="Bell: has no description"):
        build(write_specs(tmp_path / "r4"), RELEASE, exports, message_file=file)


def test_long_rows_of_a_table_are_wrapped() -> None:
    long = row(("^a$", "word " * 30))

    assert row(("^a$", "a word")) == "'^a$': 'a word'"
    assert all(len(line) <= 90 for line in long.splitlines())
    assert ast.literal_eval("{" + long + "}") == {"^a$": "word " * 30}

"""The files that describe the API: what is read of them, and what is wrong with them."""

import ast
import json
from pathlib import Path

import pytest
import tiny_api as tiny
from tiny_specs import NO_EXPORTS, RELEASE, write_specs

from codegen.load_api import ApiSources, ApiSpecs, load_api
from codegen.pipeline import build
from codegen.problems import InputError
from codegen.schemas import SchemaError, typed_dicts

HEAD = "openapi: 3.1.0\npaths: {}\n"


def load(folder: Path, text: str) -> tuple[ApiSpecs, list[str]]:
    file = folder / "openapi.yaml"
    file.write_text(text, encoding="utf-8")
    specs, problems = load_api(ApiSources(file, (folder / "OperationDefinition",)))
    return specs, [str(problem) for problem in problems]


def test_words_and_dates_stay_texts_as_in_json(tmp_path: Path) -> None:
    values = "{a: on, b: no, c: 2026-01-01, d: 12:30, e: 0x1, f: 1e3, 200: ok}"
    types = "{g: true, h: null, i: -2, j: 1.5, k: ~, l: }"

    specs, problems = load(tmp_path, f"{HEAD}x: {values}\ny: {types}\n")

    assert problems == []
    assert list(specs.document["x"].values()) == [
        "on",
        "no",
        "2026-01-01",
        "12:30",
        "0x1",
        "1e3",
        "ok",
    ]
    assert list(specs.document["x"])[-1] == "200"
    assert list(specs.document["y"].values()) == [True, None, -2, 1.5, None, None]


def test_a_repeated_key_is_a_problem(tmp_path: Path) -> None:
    _, problems = load(tmp_path, f"{HEAD}x:\n  a: 1\n  a: 2\npaths: {{}}\n")

    assert problems == [
        "openapi.yaml: line 5: repeats the key 'a'",
        "openapi.yaml: line 6: repeats the key 'paths'",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a", "is not a mapping"),
        ("openapi: 3.1.0", "lacks paths"),
        ("a: [", "is not YAML"),
        ("a: {{b: 1}: 2}", "is not YAML"),
    ],
)
def test_a_document_of_another_shape_is_a_problem(tmp_path: Path, text: str, problem: str) -> None:
    _, problems = load(tmp_path, text)

    assert len(problems) == 1
    assert problems[0].startswith(f"openapi.yaml: {problem}")


def test_a_document_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    _, problems = load_api(ApiSources(tmp_path / "openapi.yaml"))

    assert [str(problem) for problem in problems] == ["openapi.yaml: is missing"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "has the resourceType None, not OperationDefinition"),
        ('{"resourceType": "Patient"}', "has the resourceType 'Patient', not OperationDefinition"),
        ('{"resourceType": "OperationDefinition"}', "lacks url, code"),
    ],
)
def test_a_bad_operation_definition_is_a_problem(
    tmp_path: Path, content: str, problem: str
) -> None:
    (tmp_path / "OperationDefinition").mkdir()
    (tmp_path / "OperationDefinition" / "a.json").write_text(content, encoding="utf-8")

    _, problems = load(tmp_path, HEAD)

    assert len(problems) == 1
    assert problems[0].startswith(f"OperationDefinition/a.json: {problem}")


def test_two_operation_definitions_of_one_url_are_a_problem(tmp_path: Path) -> None:
    one = tiny.definition("one")
    file = tiny.write_api(tmp_path, {}, one, one | {"id": "two"})

    _, problems = load_api(ApiSources(file, (tmp_path / "OperationDefinition",)))

    assert [str(problem) for problem in problems] == [
        f"OperationDefinition/two.json: has the url {one['url']} of OperationDefinition/one.json"
    ]


def test_operation_definitions_among_the_definitions_are_left_to_the_api(tmp_path: Path) -> None:
    folder = write_specs(tmp_path / "r4")
    (folder / "OperationDefinition").mkdir()
    text = json.dumps(tiny.definition("do"))
    (folder / "OperationDefinition" / "do.json").write_text(text, encoding="utf-8")
    exports = tmp_path / "exports.toml"
    exports.write_text(NO_EXPORTS, encoding="utf-8")
    paths = tiny.post({"name": "do", "operation": tiny.BASE + "do"})
    file = tiny.write_api(tmp_path, paths)

    files = build(folder, RELEASE, exports, ApiSources(file, (folder / "OperationDefinition",)))

    assert "def do(" in files["pymedplum/client.py"]
    assert '"MedplumClient": "pymedplum.client"' in files["pymedplum/__init__.py"]
    assert not any("api_types" in path for path in files)


def test_without_a_description_of_an_api_there_are_models_only(tmp_path: Path) -> None:
    exports = tmp_path / "exports.toml"
    exports.write_text(NO_EXPORTS, encoding="utf-8")

    files = build(write_specs(tmp_path / "r4"), RELEASE, exports)

    assert not any("client" in path for path in files)
    assert "MedplumClient" not in files["pymedplum/__init__.py"]


def test_a_bad_description_gives_nothing(tmp_path: Path) -> None:
    exports = tmp_path / "exports.toml"
    exports.write_text(NO_EXPORTS, encoding="utf-8")
    file = tiny.write_api(tmp_path, {"/x": {"get": {}}})

    with pytest.raises(InputError, match="GET /x: has no x-python"):
        build(write_specs(tmp_path / "r4"), RELEASE, exports, ApiSources(file))


def schemas(**named: tiny.Json) -> tiny.Json:
    return {
        "openapi": "3.1.0",
        "info": {"title": "", "version": ""},
        "components": {"schemas": named},
    }


def test_a_schema_becomes_a_typed_dict_with_its_descriptions() -> None:
    guest = {
        "type": "object",
        "description": "Who comes.",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "description": "How to call them."},
            "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Guest"}},
        },
    }

    text = typed_dicts(schemas(Guest=guest), frozenset({"Guest"}))

    node = next(n for n in ast.parse(text).body if isinstance(n, ast.ClassDef))
    assert (node.name, ast.get_docstring(node)) == ("Guest", "Who comes.")
    written = [ast.unparse(statement) for statement in node.body[1:]]
    assert written[0] == "name: str"
    assert "How to call them." in written[1]
    assert written[2].replace("'", "") == "friends: NotRequired[list[Guest]]"


def test_what_stands_for_fhir_becomes_a_dict() -> None:
    patient = {"type": "object", "x-fhir-type": "Patient"}
    guest = {"type": "object", "properties": {"patient": {"$ref": "#/components/schemas/Patient"}}}

    text = typed_dicts(schemas(Guest=guest, Patient=patient), frozenset({"Guest"}))

    assert "patient: NotRequired[dict[str, Any]]" in text
    assert "class Patient" not in text


def test_the_same_schemas_give_the_same_text() -> None:
    one, other = ({"type": "object", "properties": {n: {"type": "string"}}} for n in "ab")
    names = frozenset({"One", "Other"})

    first = typed_dicts(schemas(One=one, Other=other), names)

    assert typed_dicts(schemas(Other=other, One=one), names) == first
    assert not any(line.startswith("#") for line in first.splitlines())


def test_a_schema_needs_a_name_for_a_class() -> None:
    with pytest.raises(SchemaError, match="the schemas no-class give no class"):
        typed_dicts(schemas(**{"no-class": {"type": "object"}}), frozenset({"no-class"}))

"""A file that cannot be read as a definition is reported with its name."""

from pathlib import Path

import pytest
from tiny_specs import RELEASE, STRUCTURES, definition, write_specs

from codegen.exports import load_exports
from codegen.load import load_specs
from codegen.pipeline import build, plan
from codegen.problems import InputError


def _file_problems(folder: Path, text: str) -> list[str]:
    (write_specs(folder) / "Broken.json").write_text(text, encoding="utf-8")
    _, problems = load_specs(folder)
    return list(map(str, problems))


def test_malformed_json_is_a_problem(tmp_path: Path) -> None:
    (problem,) = _file_problems(tmp_path, '{"resourceType": ')

    assert problem.startswith("Broken.json: is not JSON: ")


def test_json_that_is_not_an_object_is_a_problem(tmp_path: Path) -> None:
    assert _file_problems(tmp_path, "[]") == ["Broken.json: is not a JSON object"]


def test_another_resource_type_is_a_problem(tmp_path: Path) -> None:
    assert _file_problems(tmp_path, '{"resourceType": "Patient"}') == [
        "Broken.json: has the resourceType 'Patient', which is not generated from"
    ]


def test_missing_keys_are_a_problem(tmp_path: Path) -> None:
    text = '{"resourceType": "StructureDefinition", "url": "u", "kind": "resource"}'

    assert _file_problems(tmp_path, text) == ["Broken.json: lacks name, type, element"]


def test_an_element_without_a_path_is_a_problem(tmp_path: Path) -> None:
    text = (
        '{"resourceType": "StructureDefinition", "url": "u", "kind": "resource", "name": "N", '
        '"type": "N", "element": [{"path": "N"}, {"short": "no path"}]}'
    )

    assert _file_problems(tmp_path, text) == ["Broken.json: lacks the path of element 2"]


def test_bytes_that_are_not_utf8_are_a_problem(tmp_path: Path) -> None:
    (write_specs(tmp_path) / "Broken.json").write_bytes(b'"\xff"')

    _, problems = load_specs(tmp_path)

    assert [p.file for p in problems] == ["Broken.json"]


def test_two_files_of_one_url_are_a_problem(tmp_path: Path) -> None:
    folder = write_specs(
        tmp_path, definition("Thing"), definition("Twin", url=f"{STRUCTURES}Thing")
    )

    _, problems = load_specs(folder)

    (problem,) = problems
    assert problem.file == "StructureDefinition/Twin.json"
    assert problem.message == f"has the url {STRUCTURES}Thing of StructureDefinition/Thing.json"


def test_a_folder_without_definitions_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no StructureDefinition; run `make specs` first"):
        plan(tmp_path, RELEASE)


def test_a_module_may_give_names_that_the_package_does_not(tmp_path: Path) -> None:
    file = tmp_path / "exports.toml"
    tables = [
        '[a]\nfrom = "runtime.a"\nabout = "A."\nnames = ["both"]\n',
        '[b]\nfrom = "runtime.b"\nabout = "B."\nnames = ["own"]\nalso = ["both"]\n',
    ]
    file.write_text("".join(tables), encoding="utf-8")

    (a, b), problems = load_exports(file)

    assert problems == []
    assert (a.all_names, b.all_names, b.names) == (("both",), ("both", "own"), ("own",))


def test_one_public_name_from_two_modules_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "exports.toml"
    tables = [f'[{m}]\nfrom = "runtime.{m}"\nabout = "A."\nnames = ["same"]\n' for m in "ab"]
    file.write_text("".join(tables), encoding="utf-8")

    _, problems = load_exports(file)

    assert list(map(str, problems)) == ["exports.toml: b.same: is given by 'a' too"]
    with pytest.raises(InputError, match="is given by 'a' too"):
        build(write_specs(tmp_path / "specs"), RELEASE, file)

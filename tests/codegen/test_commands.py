"""`python -m codegen`: what it says, what it writes, and its exit status."""

from pathlib import Path

import pytest
from tiny_api import flow, get, write_api
from tiny_messages import write_messages
from tiny_specs import NO_EXPORTS, bound, definition, element, write_specs

from codegen.__main__ import main
from codegen.output import read_tree


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of tiny specs, without a generated tree."""
    exports = tmp_path / "exports.toml"
    exports.write_text(NO_EXPORTS, encoding="utf-8")
    monkeypatch.setattr("codegen.sources.ROOT", tmp_path)
    monkeypatch.setattr("codegen.__main__.GENERATED", tmp_path / "generated")
    nothing = tmp_path / "nothing.toml"
    nothing.touch()
    monkeypatch.setattr("codegen.__main__.EXPORTS", exports)
    monkeypatch.setattr("codegen.__main__.ACCESSORS", nothing)
    monkeypatch.setattr("codegen.__main__.KNOWN_PROBLEMS", nothing)
    monkeypatch.setattr("codegen.__main__.US_CORE", tmp_path / "us-core")
    monkeypatch.setattr("codegen.__main__.OPENAPI", write_api(tmp_path / "specs" / "medplum"))
    monkeypatch.setattr("codegen.__main__.CDS_HOOKS", write_messages(tmp_path / "messages.yaml"))
    _specs(tmp_path)
    return tmp_path


def _specs(home: Path) -> Path:
    thing = definition("Thing", element("Thing.name", "string"))
    return write_specs(home / "specs" / "fhir" / "r4", thing)


def test_generating_writes_the_tree_and_counts_what_arrived(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate"]) == 0

    assert (home / "generated/pymedplum/fhir/thing.py").is_file()
    printed = capsys.readouterr().out
    assert "4 modules, 4 classes, 3 own properties" in printed
    assert "openapi.yaml: 0 methods for each client, 0 of them one request" in printed


def test_generating_twice_gives_the_same_bytes(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["generate"])
    first = read_tree(home / "generated")

    assert main(["generate"]) == 0

    assert read_tree(home / "generated") == first
    assert ", 0 of them new, changed or removed" in capsys.readouterr().out


def test_bad_input_exits_with_1_and_leaves_the_tree_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["generate"])
    before = read_tree(home / "generated")
    bad = [element("Thing.a", "Missing"), bound("Thing.b", "Missing")]
    write_specs(home / "specs" / "fhir" / "r4", definition("Thing", *bad))
    capsys.readouterr()

    assert main(["generate"]) == 1

    printed = capsys.readouterr()
    assert read_tree(home / "generated") == before
    assert "StructureDefinition/Thing.json: Thing.a: has the unknown type code" in printed.err
    assert "StructureDefinition/Thing.json: Thing.b: is bound to" in printed.err
    assert printed.err.endswith("2 problems; nothing was written\n")
    assert printed.out == ""


def test_malformed_json_exits_with_1_and_writes_nothing(home: Path) -> None:
    (home / "specs/fhir/r4/StructureDefinition/Thing.json").write_text("{", encoding="utf-8")

    assert main(["generate"]) == 1

    assert not (home / "generated").exists()


def test_a_foreign_folder_exits_with_1(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "mine").mkdir()
    (home / "mine" / "thesis.txt").touch()

    assert main(["generate", "--out", str(home / "mine")]) == 1

    assert "holds thesis.txt" in capsys.readouterr().err
    assert [path.name for path in (home / "mine").iterdir()] == ["thesis.txt"]


def test_another_release_needs_a_folder_of_its_own(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", "--fhir", "r5"]) == 1

    assert "needs OUT=<folder>" in capsys.readouterr().err
    assert not (home / "generated").exists()


@pytest.mark.usefixtures("home")
def test_a_tree_that_the_specs_give_passes_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    main(["generate"])
    capsys.readouterr()

    assert main(["check"]) == 0
    assert capsys.readouterr().out == ""


def test_the_check_names_every_file_that_drifted(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["generate"])
    models = home / "generated/pymedplum/fhir"
    changed = models / "thing.py"
    changed.write_bytes(changed.read_bytes().replace(b'"name"', b'"nama"', 1))
    (models / "stray.py").touch()
    (models / "element.pyi").unlink()
    capsys.readouterr()

    assert main(["check"]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert "changed: pymedplum/fhir/thing.py" in lines
    assert "extra: pymedplum/fhir/stray.py" in lines
    assert "missing: pymedplum/fhir/element.pyi" in lines
    assert lines[-1] == "generated/ is not what specs/ gives: 3 files; run `make generate`"


def test_the_check_notices_a_changed_definition(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["generate"])
    thing = definition("Thing", element("Thing.name", "string"), element("Thing.size", "integer"))
    write_specs(home / "specs" / "fhir" / "r4", thing)
    capsys.readouterr()

    assert main(["check"]) == 1

    named = [line for line in capsys.readouterr().out.splitlines() if line.startswith("changed: ")]
    assert named == [
        "changed: pymedplum/definitions/types.jsonl",
        "changed: pymedplum/fhir/thing.py",
        "changed: pymedplum/fhir/thing.pyi",
    ]


def test_the_check_notices_a_changed_description_of_the_api(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["generate"])
    write_api(home / "specs" / "medplum", get(flow("do")))
    capsys.readouterr()

    assert main(["check"]) == 1

    named = [line for line in capsys.readouterr().out.splitlines() if line.startswith("changed: ")]
    assert named == ["changed: pymedplum/async_client.py", "changed: pymedplum/client.py"]


def test_a_bad_description_of_the_api_exits_with_1_and_leaves_the_tree_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_api(home / "specs" / "medplum", get(flow("do", "colour")))

    assert main(["generate"]) == 1

    assert (
        "openapi.yaml: GET /fhir/R4/Thing: do: has the parameter 'colour'"
        in capsys.readouterr().err
    )
    assert not (home / "generated").exists()

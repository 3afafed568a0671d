"""What the wheel and the sdist hold."""

from pathlib import Path
from zipfile import ZipFile

from distributions import ROOT, Wheel, build_wheel, sdist_names, source_files

TABLES = "pymedplum/definitions/"
MEGABYTE = 1_000_000


def test_the_wheel_is_under_three_megabytes(wheel: Wheel) -> None:
    assert wheel.path.stat().st_size < 3 * MEGABYTE


def test_the_tables_of_all_profiles_take_under_a_tenth_of_that(wheel: Wheel) -> None:
    with ZipFile(wheel.path) as archive:
        sizes = {i.filename: i.compress_size for i in archive.infolist() if TABLES in i.filename}

    assert {f"{TABLES}{name}.jsonl" for name in ("profiles", "extensions")} <= set(sizes)
    assert sum(sizes.values()) - sizes[f"{TABLES}types.jsonl"] < 0.1 * 3 * MEGABYTE


def test_the_wheel_runs_on_every_platform(wheel: Wheel) -> None:
    assert wheel.path.name.endswith("-py3-none-any.whl")


def test_the_wheel_holds_the_two_import_packages_and_nothing_else(wheel: Wheel) -> None:
    assert wheel.packaged() == source_files()


def test_both_import_packages_are_marked_as_typed(wheel: Wheel) -> None:
    assert {"pymedplum/py.typed", "pymedplum_runtime/py.typed"} <= set(wheel.files)


def test_every_module_of_models_has_its_stub(wheel: Wheel) -> None:
    modules = {name for name in wheel.files if _holds_models(name)}
    assert {f"{name}i" for name in modules} <= set(wheel.files)
    assert {"pymedplum/__init__.pyi", "pymedplum/fhir/patient.pyi"} <= set(wheel.files)


def test_the_wheel_carries_the_licences(wheel: Wheel) -> None:
    metadata = wheel.metadata()
    for name in ("LICENSE", "NOTICE"):
        assert metadata[f"licenses/{name}"] == (ROOT / name).read_bytes()


def test_the_sdist_holds_what_the_wheel_is_built_from_and_nothing_else(sdist: Path) -> None:
    tops = {Path(name).parts[0] for name in sdist_names(sdist)}
    known = {"LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "PKG-INFO", "pyproject.toml"}
    assert tops - known - {".gitignore"} == {"generated", "runtime"}


def test_the_sdist_builds_the_same_wheel(sdist: Path, wheel: Wheel, tmp_path: Path) -> None:
    again = build_wheel(sdist, tmp_path)
    assert again.files == wheel.files
    assert again.path.name == wheel.path.name


def _holds_models(name: str) -> bool:
    """All of `pymedplum.fhir` does, but for the primitives: those are types of plain text."""
    module = name.startswith("pymedplum/fhir/") and name.endswith(".py")
    return module and name != "pymedplum/fhir/primitives.py"

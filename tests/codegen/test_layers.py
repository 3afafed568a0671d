"""The import arrows run one way: docs/ tells why, this keeps it so."""

import pytest
from imports import Import, imported, imports_under

GENERATOR = "codegen"
GENERATED = "pymedplum"
RUNTIME = "pymedplum_runtime"
OURS = (GENERATOR, GENERATED, RUNTIME, "tests")


def _leads_to(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == p or module.startswith(f"{p}.") for p in packages)


def _arrows(found: list[Import], *packages: str) -> list[Import]:
    assert found, "the folder has moved"
    return [arrow for arrow in found if _leads_to(arrow.module, packages)]


# What users need at run time too, and the generator calls: compiling profiles and value sets.
SHARED = (f"{RUNTIME}.profiles", f"{RUNTIME}.terminology", f"{RUNTIME}.errors")


def test_the_generator_imports_neither_what_it_makes_nor_the_runtime() -> None:
    found = _arrows(imports_under("codegen"), GENERATED, RUNTIME, "tests")

    assert [arrow for arrow in found if not _leads_to(arrow.module, SHARED)] == []


def test_the_runtime_imports_nothing_of_ours_but_itself() -> None:
    others = tuple(package for package in OURS if package != RUNTIME)

    assert _arrows(imports_under(RUNTIME, "runtime"), *others) == []


# Each layer of the runtime imports the ones before it, and none after.
LAYERS = (
    "helpers",
    "models",
    "accessors",
    "fhirpath",
    "profiles",
    "terminology",
    "validation",
    "search",
    "ndjson",
    "tables",
    "http",
    "auth",
    "smart",
    "config",
    "client",
    "capabilities",
    "flows",
    "bulk",
    "loading",
    "cds",
    "cli",
)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_of_the_runtime_imports_no_later_one(layer: str) -> None:
    later = LAYERS[LAYERS.index(layer) + 1 :]
    inside = f"{RUNTIME}/{layer}/"
    found = [i for i in imports_under(RUNTIME, "runtime") if inside in i.file]

    assert found
    assert _arrows(found, *(f"{RUNTIME}.{each}" for each in later)) == []


def test_generated_code_imports_only_the_runtime_and_itself() -> None:
    standard = ("__future__", "collections", "datetime", "decimal", "functools", "typing")
    allowed = (RUNTIME, GENERATED, *standard, "typing_extensions", "httpx", "pydantic")
    found = imports_under(GENERATED, "generated")

    assert found
    assert [arrow for arrow in found if not _leads_to(arrow.module, allowed)] == []


@pytest.mark.parametrize(
    "module",
    [
        "load",
        "load_api",
        "problems",
        "toml",
        "extract",
        "sources",
        "exports",
        "cuts",
        "load_profiles",
        "server_documents",
        "spec_diff",
        "spec_facts",
    ],
)
def test_what_reads_files_knows_no_later_layer(module: str) -> None:
    found = [i for i in imports_under("codegen") if i.file == f"codegen/{module}.py"]

    assert _arrows(found, "codegen.ir", "codegen.render", "codegen.pipeline") == []


def test_the_representation_does_not_know_how_it_is_rendered() -> None:
    assert (
        _arrows(imports_under("codegen/ir"), "codegen.render", "codegen.pipeline", "jinja2", "yaml")
        == []
    )


def test_rendering_does_not_read_definitions() -> None:
    found = _arrows(imports_under("codegen/render"), "codegen.load", "codegen.ir", "json")

    assert {arrow.module.rpartition(".")[0] for arrow in found} == {
        "codegen.ir.accessors",
        "codegen.ir.types",
        "codegen.ir.api",
        "codegen.ir.messages",
    }


def test_only_downloads_and_server_documents_open_connections() -> None:
    found = _arrows(imports_under("codegen"), "httpx", "socket", "urllib", "http.client")
    opening = {"codegen/download.py", "codegen/server_documents.py"}

    assert {arrow.file for arrow in found} == opening


def test_relative_imports_inside_functions_are_found() -> None:
    source = "def f():\n    from . import a\n    from .b import c\n    from ..d import e\n"

    assert list(imported(source, "top.sub")) == ["top.sub.a", "top.sub.b.c", "top.d.e"]

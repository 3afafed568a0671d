"""specs in, files out: the one function that generating, checking and testing share."""

from pathlib import Path

from codegen.exports import load_exports
from codegen.ir.build import Release, build_package
from codegen.ir.types import Package
from codegen.load import load_specs
from codegen.problems import InputError
from codegen.render.render import render_exports, render_package
from codegen.ruff import tidy


def plan(folder: Path, release: Release) -> Package:
    """Read the specs of a release and make every decision.

    Raises:
        InputError: something is wrong with the definitions; all of it is listed.
    """
    specs, problems = load_specs(folder)
    if problems:
        raise InputError(problems)
    package, problems = build_package(specs, release)
    if problems:
        raise InputError(problems)
    return package


def build(folder: Path, release: Release, exports_file: Path) -> dict[str, str]:
    """Return the generated files by path: same specs, same bytes.

    Raises:
        InputError: something is wrong with the definitions; all of it is listed.
    """
    exports, problems = load_exports(exports_file)
    if problems:
        raise InputError(problems)
    return tidy(render_package(plan(folder, release)) | render_exports(exports))

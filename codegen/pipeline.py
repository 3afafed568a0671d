"""specs in, files out: the one function that generating, checking and testing share."""

from pathlib import Path

from codegen.definitions import build_definitions
from codegen.exports import load_exports
from codegen.ir.api import Api
from codegen.ir.api_build import build_api, fhir_types
from codegen.ir.build import Release, build_package
from codegen.ir.types import Package
from codegen.load import load_specs
from codegen.load_api import ApiSources, ApiSpecs, load_api
from codegen.problems import InputError
from codegen.render.render import render_api, render_exports, render_package
from codegen.ruff import tidy
from codegen.schemas import typed_dicts


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


def plan_api(sources: ApiSources, package: Package) -> Api:
    """Read the description of the API and make every decision about the clients.

    Raises:
        InputError: something is wrong with the description; all of it is listed.
    """
    return _plan_api(sources, package)[0]


def build(
    folder: Path, release: Release, exports_file: Path, api_sources: ApiSources | None = None
) -> dict[str, str]:
    """Return the generated files by path: same specs, same bytes.

    Without the description of an API there are models, and no clients.

    Raises:
        InputError: something is wrong with the definitions; all of it is listed.
    """
    exports, problems = load_exports(exports_file)
    if problems:
        raise InputError(problems)
    package = plan(folder, release)
    files = render_package(package) | build_definitions(load_specs(folder)[0], package, release)
    if api_sources is None:
        return tidy(files | render_exports(exports))
    api, specs = _plan_api(api_sources, package)
    bodies = typed_dicts(specs.document, api.schemas) if api.schemas else ""
    return tidy(files | render_exports(exports, api.clients) | render_api(api, bodies))


def _plan_api(sources: ApiSources, package: Package) -> tuple[Api, ApiSpecs]:
    specs, problems = load_api(sources)
    if problems:
        raise InputError(problems)
    api, problems = build_api(specs, fhir_types(package))
    if problems:
        raise InputError(problems)
    return api, specs

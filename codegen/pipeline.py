"""specs in, files out: the one function that generating, checking and testing share."""

from pathlib import Path

from codegen.definitions import Terminology, build_definitions
from codegen.exports import load_exports
from codegen.ir.accessors import build_accessors
from codegen.ir.api import Api
from codegen.ir.api_build import build_api, fhir_types
from codegen.ir.build import Release, build_package
from codegen.ir.messages import build_messages
from codegen.ir.types import Package
from codegen.load import Specs, load_specs
from codegen.load_api import ApiSources, ApiSpecs, load_api, load_messages
from codegen.load_profiles import Profiles, ProfileSources, load_profiles
from codegen.message_models import message_models
from codegen.problems import InputError
from codegen.render.render import (
    render_accessors,
    render_api,
    render_exports,
    render_messages,
    render_package,
)
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


def build(  # noqa: PLR0913 - one for each kind of specs
    folder: Path,
    release: Release,
    exports_file: Path,
    api_sources: ApiSources | None = None,
    profile_sources: ProfileSources | None = None,
    *,
    message_file: Path | None = None,
) -> dict[str, str]:
    """Return the generated files by path: same specs, same bytes.

    Without the description of an API there are models and no clients; without profiles, no typed
    access to them, and validation knows the types alone; without messages, none of CDS Hooks.

    Raises:
        InputError: something is wrong with the definitions; all of it is listed.
    """
    exports, problems = load_exports(exports_file)
    if problems:
        raise InputError(problems)
    package = plan(folder, release)
    specs, _ = load_specs(folder)
    files = render_package(package) | _rules(specs, package, release, profile_sources)
    files |= _messages(message_file, package)
    if api_sources is None:
        return tidy(files | render_exports(exports))
    api, api_specs = _plan_api(api_sources, package)
    bodies = typed_dicts(api_specs.document, api.schemas) if api.schemas else ""
    return tidy(files | render_exports(exports, api.clients) | render_api(api, bodies))


def _rules(
    specs: Specs, package: Package, release: Release, sources: ProfileSources | None
) -> dict[str, str]:
    """Compile what validation reads, and the typed access to profiles."""
    profiles, problems = load_profiles(sources) if sources else (Profiles(), [])
    if problems:
        raise InputError(problems)
    terminology = Terminology(specs, profiles)
    accessors, problems = build_accessors(profiles, terminology)
    tables, broken = build_definitions(specs, package, release, profiles, terminology)
    if problems or broken:
        raise InputError([*problems, *broken])
    return tables | render_accessors(accessors)


def _messages(file: Path | None, package: Package) -> dict[str, str]:
    """Plan and render the models of messages."""
    if file is None:
        return {}
    specs, problems = load_messages(file)
    if problems:
        raise InputError(problems)
    messages, problems = build_messages(specs, package)
    if problems:
        raise InputError(problems)
    return render_messages(messages, message_models(messages))


def _plan_api(sources: ApiSources, package: Package) -> tuple[Api, ApiSpecs]:
    specs, problems = load_api(sources)
    if problems:
        raise InputError(problems)
    api, problems = build_api(specs, fhir_types(package))
    if problems:
        raise InputError(problems)
    return api, specs

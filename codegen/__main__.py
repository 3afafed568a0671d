"""The generator's command line: `python -m codegen generate | check | specs | spec-diff`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from codegen.download import DownloadError, fetch_package
from codegen.extract import extract, extract_profiles, extract_search
from codegen.ir.build import Release
from codegen.load import load_specs
from codegen.load_api import ApiSources, load_api
from codegen.load_profiles import ProfileSources
from codegen.output import ForeignFolderError, differences, read_tree, write_tree
from codegen.pipeline import build, plan, plan_api
from codegen.problems import InputError
from codegen.report import count, describe, describe_api
from codegen.ruff import RuffError
from codegen.schemas import SchemaError
from codegen.server_documents import ServerDocumentError, read_server
from codegen.sources import ROOT, FhirRelease, read_open_value_sets, read_sources
from codegen.spec_diff import OurSpecs, compare, lacks_something, read_searches, report

GENERATED = ROOT / "generated"
EXPORTS = ROOT / "specs" / "pymedplum" / "exports.toml"
OPENAPI = ROOT / "specs" / "medplum" / "openapi.yaml"
CDS_HOOKS = ROOT / "specs" / "cds-hooks" / "openapi.yaml"
OPERATIONS = "OperationDefinition"
KNOWN_PROBLEMS = ROOT / "specs" / "known-problems.toml"
ACCESSORS = ROOT / "specs" / "pymedplum" / "accessors.toml"
US_CORE = ROOT / "specs" / "profiles" / "us-core"
FAILURES = (DownloadError, ForeignFolderError, RuffError, SchemaError, ServerDocumentError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 1 when something is wrong."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except InputError as error:
        print(f"{error}\n{len(error.problems)} problems; nothing was written", file=sys.stderr)
    except FAILURES as error:
        print(error, file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="codegen", description=__doc__)
    commands = parser.add_subparsers(required=True)
    generate = commands.add_parser("generate", help="write the package from the specs")
    generate.add_argument("--fhir", default="r4", choices=sorted(read_sources().releases))
    generate.add_argument("--out", type=Path, help="another folder than generated/")
    generate.set_defaults(run=_generate)
    check = commands.add_parser("check", help="compare generated/ with what the specs give")
    check.set_defaults(run=_check)
    specs = commands.add_parser("specs", help="download and extract the definitions")
    specs.add_argument("--fhir", action="append", choices=sorted(read_sources().releases))
    specs.set_defaults(run=_specs)
    diff = commands.add_parser("spec-diff", help="compare our description with a server's")
    diff.add_argument("--server", required=True, help="a base URL, or a folder with copies")
    diff.set_defaults(run=_spec_diff)
    return parser


def release_of(source: FhirRelease) -> Release:
    """Give the generator what sources.toml says of a FHIR release."""
    return Release(
        label=source.label,
        version=source.version,
        resources=source.resources,
        borrowed=source.borrowed,
        long_ids=source.long_ids,
        open_value_sets=read_open_value_sets(),
    )


def api_of(source: FhirRelease) -> ApiSources | None:
    """Say where the description of the API lies, for the release that Medplum speaks."""
    if source.label != "r4":
        return None
    return ApiSources(OPENAPI, (OPENAPI.parent / OPERATIONS, source.folder / OPERATIONS))


def profiles_of(source: FhirRelease) -> ProfileSources | None:
    """Say where the profiles lie, for the release that Medplum speaks."""
    if not source.constraints:
        return None
    return ProfileSources((source.profiles_folder, US_CORE), ACCESSORS, KNOWN_PROBLEMS)


def messages_of(source: FhirRelease) -> Path | None:
    """Say where the messages of CDS Hooks lie, for the release that Medplum speaks."""
    return CDS_HOOKS if source.label == "r4" else None


def _build(source: FhirRelease) -> dict[str, str]:
    sources = api_of(source), profiles_of(source)
    file = messages_of(source)
    return build(source.folder, release_of(source), EXPORTS, *sources, message_file=file)


def _generate(options: argparse.Namespace) -> int:
    source = read_sources().releases[options.fhir]
    if options.out is None and source.label != "r4":
        print("another FHIR version than r4 needs OUT=<folder>", file=sys.stderr)
        return 1
    if not source.folder.is_dir():
        _write_extract(source)
    release = release_of(source)
    api_sources = api_of(source)
    files = _build(source)
    target: Path = options.out or GENERATED
    changed = sum(1 for _ in differences(files, read_tree(target)))
    write_tree(files, target)
    specs, _ = load_specs(source.folder)
    package = plan(source.folder, release)
    print(describe(package, count(specs, package)))
    if api_sources:
        print(describe_api(plan_api(api_sources, package)))
    print(f"{len(files)} files in {target}, {changed} of them new, changed or removed")
    return 0


def _check(_options: argparse.Namespace) -> int:
    source = read_sources().releases["r4"]
    files = _build(source)
    found = list(differences(files, read_tree(GENERATED)))
    for difference in found:
        print(difference)
    if found:
        print(f"generated/ is not what specs/ gives: {len(found)} files; run `make generate`")
    return 1 if found else 0


def _specs(options: argparse.Namespace) -> int:
    releases = read_sources().releases
    for label in options.fhir or sorted(releases):
        _write_extract(releases[label])
    return 0


def _spec_diff(options: argparse.Namespace) -> int:
    source = read_sources().releases["r4"]
    sources = api_of(source)
    if sources is None:
        return 1
    api, api_problems = load_api(sources)
    specs, problems = load_specs(source.folder)
    if api_problems or problems:
        raise InputError([*api_problems, *problems])
    ours = OurSpecs(api, specs, read_searches(source.search_folder))
    sections = compare(ours, read_server(options.server))
    for line in report(sections):
        print(line)
    return 1 if lacks_something(sections) else 0


def _write_extract(source: FhirRelease) -> None:
    package = fetch_package(source.package)
    files = extract(source, package)
    write_tree(files, source.folder)
    print(f"FHIR {source.version}: {len(files)} definitions in {source.folder}")
    if source.search_parameters:
        types = extract_search(source, package)
        write_tree(types, source.search_folder)
        print(f"search parameters of {len(types)} types in {source.search_folder}")
    if source.constraints:
        rules = extract_profiles(source, package)
        write_tree(rules, source.profiles_folder)
        print(f"{len(rules)} profiles, value sets and code systems in {source.profiles_folder}")


if __name__ == "__main__":
    sys.exit(main())

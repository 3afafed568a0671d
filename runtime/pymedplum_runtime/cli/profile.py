"""Compiling implementation guides into modules."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pymedplum_runtime.cli.client import invocation
from pymedplum_runtime.cli.exits import UsageError, tell
from pymedplum_runtime.cli.output import write
from pymedplum_runtime.cli.tables import counted
from pymedplum_runtime.lazy import did_you_mean

if TYPE_CHECKING:
    from pymedplum_runtime.profiles.contents import Contents
    from pymedplum_runtime.validation.profile_loading import CompiledGuide

_REGISTRY = "https://registry.npmjs.org"  # repeated: importing it from npm would import httpx


def profile(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            help="An npm package (.tgz), a folder, a JSON file, or name@version to download.",
            metavar="SOURCE",
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The module to write; stdout without.", metavar="FILE.py"
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Keep this profile and those of the guide that it needs; may be repeated.",
            metavar="CANONICAL",
        ),
    ] = None,
    registry: Annotated[
        str, typer.Option(help="Where packages are downloaded from.", metavar="URL")
    ] = _REGISTRY,
) -> None:
    """Compile an implementation guide into a small Python module, for `load_profile`.

    Nothing is sent anywhere unless SOURCE is a name and a version.
    """
    from pymedplum_runtime.profiles.definitions import packaged  # noqa: PLC0415 - read when needed
    from pymedplum_runtime.profiles.modules import write_module  # noqa: PLC0415 - the same
    from pymedplum_runtime.validation.profile_loading import (  # noqa: PLC0415 - loads the compiler
        compile_guide,
    )

    if output is not None and output.suffix != ".py":
        raise UsageError("--output: expected the name of a module, such as mcode.py")
    with invocation(context).checked():
        guide = compile_guide(_contents(source, registry), packaged())
    guide = _only(guide, only) if only else guide
    text = write_module(guide.profiles, guide.value_sets, package=guide.name, version=guide.version)
    if output is None:
        write(text)
    else:
        output.write_text(text, encoding="utf-8")
    profiles, value_sets = len(guide.profiles), len(guide.value_sets)
    place = "" if output is None else f": {output}"
    tell(f"{counted(profiles, 'profile')}, {counted(value_sets, 'value set')}{place}")


def _contents(source: str, registry: str) -> "Contents":
    from pymedplum_runtime.profiles.contents import (  # noqa: PLC0415 - for this command alone
        read_archive,
        read_guide,
    )

    if Path(source).exists():
        return read_guide(source)
    from pymedplum_runtime.cli.npm import fetch, package_named  # noqa: PLC0415 - httpx

    package = package_named(source)
    if package is None:
        raise UsageError(f"{source}: there is no such file; name@version downloads a package")
    return read_archive(fetch(package, registry), source)


def _only(guide: "CompiledGuide", only: list[str]) -> "CompiledGuide":
    """Return a guide with some of its profiles, and what these need of it.

    Raises:
        UsageError: it has no such profile.
    """
    from pymedplum_runtime.validation.profile_loading import reduced  # noqa: PLC0415 - as above

    urls = {table["url"] for table in guide.profiles}
    for url in only:
        if url not in urls:
            raise UsageError(
                f"--only {url}: the guide has no such profile{did_you_mean(url, urls)}"
            )
    return reduced(guide, only)

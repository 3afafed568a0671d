"""The commands, and the options that stand before them."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from pymedplum_runtime.cli import (
    completion,
    export,
    keys,
    loading,
    login,
    operations,
    profile,
    resources,
    search,
    validate,
    view,
)
from pymedplum_runtime.cli.client import invocation
from pymedplum_runtime.cli.exits import UsageError

_LONGEST = 24 * 3600.0  # seconds

app = typer.Typer(
    add_completion=False,  # `completion` prints the script
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help, in a pipe too
)


def _examples(*lines: str) -> str:
    """Return what stands below the options in a command's help."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)  # \b: not to be wrapped


app.command(
    epilog=_examples(
        "pymedplum login --client-id ID",
        "pymedplum login --client-id ID --client-credentials",
        "pymedplum --profile test --base-url https://test.example.com/ login --client-id ID",
    )
)(login.login)
app.command()(login.logout)
app.command()(login.whoami)
app.command()(login.profiles)
app.command()(resources.get)
app.command(
    epilog=_examples(
        "pymedplum search Patient family=Smith birthdate=ge1990",
        "pymedplum search Observation subject=Patient/123 --all > observations.ndjson",
    )
)(search.search)
app.command()(resources.create)
app.command(
    epilog=_examples(
        "pymedplum get Patient/123 | jq '.active = false' | pymedplum update",
    )
)(resources.update)
app.command(epilog=_examples("pymedplum patch Patient/123 changes.json"))(resources.patch)
app.command()(resources.delete)
app.command(
    epilog=_examples(
        "echo '{ PatientList { id } }' | pymedplum graphql",
    )
)(operations.graphql)
app.command(
    epilog=_examples(
        "pymedplum operation everything Patient/123 --method GET",
        "pymedplum operation validate Patient --body patient.json",
        "pymedplum operation match Patient --param count:=3 --param onlyCertainMatches:=true",
    )
)(operations.operation)
app.command(
    epilog=_examples(
        "pymedplum export all",
        "pymedplum export cohort --level Group/123 --type Patient --type Observation",
    )
)(export.export)
app.command("import", epilog=_examples("pymedplum import population --journal population.journal"))(
    loading.load
)
app.command(
    epilog=_examples(
        "pymedplum validate patient.json",
        "pymedplum validate export --processes 4",
        "pymedplum validate patient.json "
        "--profile http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient",
    )
)(validate.validate)
app.command(
    epilog=_examples(
        "pymedplum profile hl7.fhir.us.mcode-4.0.0.tgz --output mcode.py",
        "pymedplum profile hl7.fhir.uv.ips@2.0.0 --output ips.py",
    )
)(profile.profile)
app.command(
    epilog=_examples(
        "pymedplum table observations export --output observations.parquet",
        "pymedplum table view.json 'export/Patient.*.ndjson' | jq .id",
    )
)(view.table)
app.command()(operations.capabilities)
app.add_typer(keys.app, name="keys")
app.command(epilog=_examples("pymedplum completion bash >> ~/.bashrc"))(completion.completion)


def command() -> Callable[..., Any]:
    """Return the whole command."""
    completion.prepare()
    return typer.main.get_command(app)


def _show_version(is_wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if is_wanted:
        from pymedplum_runtime.cli.output import write  # noqa: PLC0415 - for this option alone
        from pymedplum_runtime.version import __version__  # noqa: PLC0415 - the same

        write(f"pymedplum {__version__}\n")
        raise typer.Exit


@app.callback()
def options(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    *,
    profile: Annotated[
        str | None, typer.Option(help="A profile of the configuration file.", metavar="NAME")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Where the server is.", metavar="URL")
    ] = None,
    on_behalf_of: Annotated[
        str | None, typer.Option(help="The membership to act for.", metavar="REFERENCE")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds for each request.", min=0.001, max=_LONGEST, metavar="SECONDS"),
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Show what the server says in words about an error; that may be patient data.",
        ),
    ] = False,
    version: Annotated[  # noqa: ARG001 - its callback acts
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Work with a Medplum server from the command line.

    Credentials come from the environment or from a profile, never from an argument: `login` makes
    a profile.
    """
    for option, text in (("--profile", profile), ("--on-behalf-of", on_behalf_of)):
        if text is not None and not text.strip():  # a variable of a script that is not set
            raise UsageError(f"{option} is empty: leave it out to go without")
    run = invocation(context)
    run.profile, run.is_verbose = profile, verbose
    if base_url is not None:
        run.options["base_url"] = base_url
    if on_behalf_of is not None:
        run.options["default_on_behalf_of"] = on_behalf_of
    if timeout is not None:
        run.options["timeout"] = timeout

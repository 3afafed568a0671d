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
    resources,
    search,
)
from pymedplum_runtime.cli.client import invocation

app = typer.Typer(
    add_completion=False,  # `completion` prints the script
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help, in a pipe too
)
app.command()(login.login)
app.command()(login.logout)
app.command()(login.whoami)
app.command()(login.profiles)
app.command()(resources.get)
app.command()(search.search)
app.command()(resources.create)
app.command()(resources.update)
app.command()(resources.patch)
app.command()(resources.delete)
app.command()(operations.graphql)
app.command()(operations.operation)
app.command()(export.export)
app.command("import")(loading.load)
app.command()(operations.capabilities)
app.add_typer(keys.app, name="keys")
app.command()(completion.completion)


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
        float | None, typer.Option(help="Seconds for each request.", min=0.001, metavar="SECONDS")
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
    run = invocation(context)
    run.profile, run.is_verbose = profile, verbose
    if base_url is not None:
        run.options["base_url"] = base_url
    if on_behalf_of is not None:
        run.options["default_on_behalf_of"] = on_behalf_of
    if timeout is not None:
        run.options["timeout"] = timeout

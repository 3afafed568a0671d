"""Signing in and out, and who is signed in."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pymedplum_runtime.cli.client import Client, Invocation, invocation
from pymedplum_runtime.cli.exits import UsageError, tell
from pymedplum_runtime.cli.input import ask_secret, read_secret_file
from pymedplum_runtime.cli.output import write_json
from pymedplum_runtime.cli.screen import is_terminal
from pymedplum_runtime.cli.tables import cell, write_table


def login(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    *,
    client_id: Annotated[
        str | None, typer.Option(help="The id of the ClientApplication.", metavar="ID")
    ] = None,
    client_credentials: Annotated[
        bool,
        typer.Option(
            "--client-credentials",
            help="Sign in as a service; asks for the secret, or reads it from a pipe.",
        ),
    ] = False,
    secret_file: Annotated[
        Path | None,
        typer.Option(help="The file that holds the secret; for --client-credentials."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            help="Sign in as a service, with this private key; of an encrypted one the password is "
            "in MEDPLUM_PRIVATE_KEY_PASSWORD."
        ),
    ] = None,
    key_id: Annotated[
        str | None, typer.Option(help="The `kid` that the key is registered with.", metavar="ID")
    ] = None,
    algorithm: Annotated[
        str | None, typer.Option(help="Such as RS384 or ES384; for --key.", metavar="NAME")
    ] = None,
    scope: Annotated[
        str | None, typer.Option(help="What to ask for, separated by spaces.", metavar="SCOPES")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="Where the browser comes back to; 8484 unless given or set.", min=0, max=65535
        ),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it, or print the address to open.")
    ] = True,
) -> None:
    """Sign in, and keep that in a profile.

    In the browser, unless --client-credentials or --key says otherwise.
    """
    is_service = client_credentials or secret_file is not None
    if is_service and key is not None:
        raise UsageError("give either --client-credentials or --key")
    run = invocation(context)
    given = {"client_id": client_id, "scope": scope, "redirect_port": _text(port)}
    if is_service:
        _with_secret(run, given, secret_file)
    elif key is not None:
        _with_key(run, given, key, {"key_id": key_id, "algorithm": algorithm})
    else:
        _in_browser(run, given, opens=browser)


def logout(context: typer.Context) -> None:
    """Sign out: end the session of a browser, and forget tokens and secrets of the profile."""
    from pymedplum_runtime.cli.profiles import forget  # noqa: PLC0415 - reads files

    tell(forget(invocation(context)))


def whoami(context: typer.Context) -> None:
    """Show who is signed in; as JSON in a pipe."""
    with invocation(context).client() as client:
        described = _described(client, client.get("auth/me"))
    if is_terminal(sys.stdout):
        write_table(["what", "is"], described.items())
    else:
        write_json(described)


def profiles(context: typer.Context) -> None:
    """List the profiles of the configuration file."""
    from pymedplum_runtime.cli.profiles import listed  # noqa: PLC0415 - reads files

    write_table(["profile", "server", "client id", "signs in with"], listed(invocation(context)))


def _with_secret(run: Invocation, given: Mapping[str, str | None], file: Path | None) -> None:
    from pymedplum_runtime.cli.profiles import draft  # noqa: PLC0415 - reads files

    made = draft(run, given)
    made.client_id  # noqa: B018 - asks for what is missing before it asks for the secret
    in_environment = os.environ.get("MEDPLUM_CLIENT_SECRET", "").strip()
    secret = read_secret_file(file) if file else in_environment or ask_secret("Client secret: ")
    way = {"sign_in": "client_secret", "client_secret": secret}
    with run.checked():
        _try(run, made.settings(**way).client_options())
    _tell_saved(made.name, made.save({"client_secret": secret}))


def _with_key(
    run: Invocation, given: Mapping[str, str | None], key: Path, more: Mapping[str, str | None]
) -> None:
    from pymedplum_runtime.cli.profiles import draft  # noqa: PLC0415 - reads files

    made = draft(run, given)
    path = key.expanduser().resolve()
    password = os.environ.get("MEDPLUM_PRIVATE_KEY_PASSWORD") or None
    way = {"sign_in": "private_key_file", "private_key_file": path, **more}
    with run.checked():
        _try(run, made.settings(**way, private_key_password=password).client_options())
    _tell_saved(made.name, made.save({"private_key_file": path, **more}))


def _in_browser(run: Invocation, given: Mapping[str, str | None], *, opens: bool) -> None:
    from pymedplum_runtime.cli.profiles import draft  # noqa: PLC0415 - reads files

    made = draft(run, given)
    settings = made.settings(sign_in="login")
    with run.checked():
        auth = settings.browser_login(
            sign_in_again=True, open_browser=None if opens else _show_address
        )
        _try(run, {**settings.connection_options(), "auth": auth})
    _tell_saved(made.name, made.save({"auth": "login"}))


def _try(run: Invocation, options: Mapping[str, Any]) -> None:
    """Sign in once, and say as whom."""
    merged: dict[str, Any] = {**options, **run.options}
    client = run.load_client()(**merged)
    try:
        session = client.get("auth/me")
    finally:
        client.close()
    tell(f"signed in as {_described(client, session)['name']}")


def _described(client: Client, session: Mapping[str, Any]) -> dict[str, str]:
    """Choose what may be shown: the profile of a service holds its secret."""
    return {
        "name": cell(session, "profile.name"),
        "profile": f"{cell(session, 'profile.resourceType')}/{cell(session, 'profile.id')}",
        "project": cell(session, "project.name"),
        "membership": f"ProjectMembership/{cell(session, 'membership.id')}",
        "server": client.base_url,
    }


def _show_address(url: str) -> None:
    tell(f"Open this address in a browser of this machine:\n{url}")


def _tell_saved(name: str, path: Path) -> None:
    tell(f"saved as profile '{name}' in {path}")


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)

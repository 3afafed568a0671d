"""Keys of services: a new pair, and the public JWKS of one that is there."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from pymedplum_runtime.cli.client import invocation
from pymedplum_runtime.cli.exits import UsageError, tell
from pymedplum_runtime.cli.input import ask_secret
from pymedplum_runtime.cli.output import write_json
from pymedplum_runtime.cli.screen import is_terminal
from pymedplum_runtime.cli.tables import write_table

AlgorithmName = Literal[  # repeated: importing it from smart would import much else
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"
]

app = typer.Typer(
    help="Keys of services (SMART Backend Services).", no_args_is_help=True, rich_markup_mode=None
)
_Password = Annotated[
    bool,
    typer.Option("--password-prompt", help="Ask for the key's password; a pipe gives it."),
]


@app.command()
def new(
    context: typer.Context,
    *,
    algorithm: Annotated[
        AlgorithmName, typer.Option(help="What the key will sign with.")
    ] = "RS384",
    out: Annotated[
        Path, typer.Option(help="A folder, or the name of the PEM file.", metavar="PATH")
    ] = Path(),
    key_id: Annotated[
        str | None, typer.Option(help="The `kid`; its thumbprint unless given.", metavar="ID")
    ] = None,
    password_prompt: _Password = False,
) -> None:
    """Make a key pair: the private key as PEM, and the public JWKS to register."""
    from pymedplum_runtime.smart.key_pairs import new_key_pair  # noqa: PLC0415 - an extra's code

    password = _new_password() if password_prompt else None
    folder = out.parent if out.suffix == ".pem" else out
    with invocation(context).checked():
        pair = new_key_pair(algorithm, key_id=key_id)
        folder.mkdir(parents=True, exist_ok=True)
        saved = pair.save(out, password)
    rows = [
        ["private key", str(saved.private_key)],
        ["public JWKS", str(saved.public_jwks)],
        ["key id", pair.key_id],
        ["algorithm", pair.algorithm],
    ]
    write_table(["what", "is"], rows)
    tell("publish the JWKS, and set its address as jwksUri of the ClientApplication")


@app.command()
def jwks(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="PEM, JWK or JWKS.")],
    *,
    password_prompt: _Password = False,
) -> None:
    """Print the public JWKS of private keys; several while keys are rotated."""
    from pymedplum_runtime.smart.key_pairs import public_jwks  # noqa: PLC0415 - an extra's code

    password = ask_secret("Password of the key: ") if password_prompt else None
    with invocation(context).checked():
        write_json(public_jwks(*files, password=password))


def _new_password() -> str:
    password = ask_secret("Password for the key: ")
    if is_terminal(sys.stdin) and ask_secret("The same again: ") != password:
        raise UsageError("these are two passwords")
    return password

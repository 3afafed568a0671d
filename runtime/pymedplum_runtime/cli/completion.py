"""Completion in shells: the script for a shell's start-up file, and what that script asks for."""

import os
from typing import Annotated, Literal

import typer

_VARIABLE = "_PYMEDPLUM_COMPLETE"  # typer makes the name from the program's


def completion(
    context: typer.Context,
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell"],
        typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell."),
    ],
) -> None:
    """Print the script that completes commands, for the start-up file of a shell."""
    from typer.completion import show_callback  # noqa: PLC0415 - for this command alone

    show_callback(context, context.command.params[0], shell)


def prepare() -> None:
    """Make typer answer the script of a shell, where that is what runs us."""
    if _VARIABLE in os.environ:
        from typer.completion import (  # noqa: PLC0415 - for completion alone
            get_completion_inspect_parameters,
        )

        get_completion_inspect_parameters()

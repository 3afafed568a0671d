"""The command's entry: runs it and returns its exit code, whatever happens.

Imports nothing heavy, so that what needs no client answers at once.
"""

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from io import TextIOWrapper

    from pymedplum_runtime.cli.client import ClientClass, Invocation

PROGRAM = "pymedplum"
_MISSING = f"{PROGRAM}: the command line needs an extra: pip install 'pymedplum[cli]'\n"


def run(load_client: Callable[[], "ClientClass"], arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        load_client: returns the class of the synchronous client; called by commands that need one.
        arguments: those of the process where not given.

    Returns:
        The exit code; docs/command-line.md lists them.

    Example:
        >>> run(lambda: MedplumClient, ["--version"])
        0
    """
    try:
        return _run(load_client, sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:  # Ctrl-C before a command began
        return 130


def _run(load_client: Callable[[], "ClientClass"], arguments: list[str]) -> int:
    try:
        from pymedplum_runtime.cli.app import command  # noqa: PLC0415 - needs the extra
    except ImportError as error:
        if error.name not in {"rich", "typer"}:
            raise
        sys.stderr.write(_MISSING)
        return 2
    from pymedplum_runtime.cli.client import Invocation  # noqa: PLC0415 - after the check

    with suppress(AttributeError):  # no stdout, or somebody's own
        stdout = cast("TextIOWrapper", sys.stdout)
        stdout.reconfigure(errors="backslashreplace")  # for a terminal that is not UTF-8
    warnings.showwarning = _show_warning
    invocation = Invocation(load_client)
    try:
        command()(arguments, prog_name=PROGRAM, obj=invocation)
    except SystemExit as end:
        return _finish(end.code)
    except BaseException as error:  # noqa: BLE001 - a person sees a line, never a traceback
        return _fail(error, invocation)
    return _finish(0)


def _finish(code: object) -> int:
    from pymedplum_runtime.cli.output import finish  # noqa: PLC0415 - after the check

    try:
        finish()
    except Exception as error:  # noqa: BLE001 - a full disk, a reader that has gone
        return _fail(error, None)
    return code if isinstance(code, int) else 0


def _fail(error: BaseException, invocation: "Invocation | None") -> int:
    from pymedplum_runtime.cli import exits  # noqa: PLC0415 - after the check

    if isinstance(error, exits.ReaderGoneError):
        _silence()
        return exits.ExitCode.READER_GONE
    is_verbose = invocation is not None and invocation.is_verbose
    with suppress(Exception):
        sys.stdout.flush()  # what was found before stands above what went wrong
    exits.tell(f"{PROGRAM}: {exits.explanation(error, is_verbose=is_verbose)}")
    _silence()
    return exits.code_of(error)


def _silence() -> None:
    """Let what nobody reads, or no disk takes, go nowhere when Python flushes at its end."""
    with suppress(Exception):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_warning(
    message: Warning | str, category: type[Warning], *_: object, **__: object
) -> None:
    from pymedplum_runtime.cli.exits import tell  # noqa: PLC0415 - after the check

    if issubclass(category, UserWarning):  # ours; those of libraries are for programmers
        tell(f"{PROGRAM}: {message}")

"""How a command ends: its exit code, and the line that says what went wrong.

The line holds our own messages, which have no patient data. What the server said in words may hold
some, so it is shown on request alone.
"""

import sys
from enum import IntEnum
from types import TracebackType

from pymedplum_runtime import errors


class ExitCode(IntEnum):
    """The exit codes; docs/command-line.md lists them for users."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_SIGNED_IN = 3
    NOT_FOUND = 4
    NO_CONNECTION = 5
    CONFLICT = 6
    UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h
    INTERRUPTED = 130  # 128 and SIGINT, as shells count
    READER_GONE = 141  # 128 and SIGPIPE


class CommandError(Exception):
    """A command cannot go on; its message is for the person who runs it."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.code = code


class UsageError(CommandError):
    """What was asked for makes no sense; nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ExitCode.USAGE)


class ReaderGoneError(Exception):
    """Whoever read our output has stopped reading, as `head` does."""


# The first that fits decides, so subclasses stand before their bases.
_CODES: tuple[tuple[type[Exception], ExitCode], ...] = (
    (errors.AuthenticationError, ExitCode.NOT_SIGNED_IN),
    (errors.AuthorizationError, ExitCode.NOT_SIGNED_IN),
    (errors.TokenRefreshCooldownError, ExitCode.NOT_SIGNED_IN),
    (errors.TokenStoreError, ExitCode.NOT_SIGNED_IN),
    (errors.NotFoundError, ExitCode.NOT_FOUND),
    (errors.NetworkError, ExitCode.NO_CONNECTION),
    (errors.ConflictError, ExitCode.CONFLICT),
    (errors.PreconditionFailedError, ExitCode.CONFLICT),
    (errors.ConfigurationError, ExitCode.USAGE),
    (errors.InsecureTransportError, ExitCode.USAGE),
    (errors.SigningKeyError, ExitCode.USAGE),
    (errors.UnknownSearchParameterError, ExitCode.USAGE),
)
_NO_SECRETS = "its text may hold patient data and is not shown"


def code_of(error: BaseException) -> ExitCode:
    """Return the exit code that an exception stands for."""
    if isinstance(error, CommandError):
        return error.code
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    if isinstance(error, ReaderGoneError):
        return ExitCode.READER_GONE
    known = next((code for kind, code in _CODES if isinstance(error, kind)), None)
    if known is not None:
        return known
    is_ours = isinstance(error, errors.MedplumError | OSError) or _is_missing_extra(error)
    return ExitCode.FAILED if is_ours else ExitCode.UNEXPECTED


def explanation(error: BaseException, *, is_verbose: bool = False) -> str:
    """Return what to tell the person, in lines without control characters.

    Args:
        error: what ended the command.
        is_verbose: what the server said in words too; it may hold patient data.
    """
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, OSError) and not isinstance(error, errors.MedplumError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or type(error).__name__}"
    if isinstance(error, CommandError) or _is_missing_extra(error):
        return str(error)
    if not isinstance(error, errors.MedplumError):
        kind = type(error).__name__
        return f"an unexpected {kind}; {_NO_SECRETS}. Please report it with the command"
    said = _said(error, is_verbose=is_verbose)
    return f"{error}{_hint(error)}{said}"


def is_refusal(error: TypeError | ValueError) -> bool:
    """Say whether a `raise` of the runtime made an error, so that its text is ours.

    An operation that failed is a mistake of ours, and its text may quote data.
    """
    if type(error) not in {TypeError, ValueError}:  # ours and Pydantic's have a place already
        return False
    place = _origin(error)
    if place is None or not place.tb_frame.f_globals["__name__"].startswith("pymedplum"):
        return False
    from opcode import opmap  # noqa: PLC0415 - for an error alone

    code = place.tb_frame.f_code.co_code
    return code[place.tb_lasti] == opmap["RAISE_VARARGS"]


def tell(text: str) -> None:
    """Write a line for people, on stderr."""
    from pymedplum_runtime.cli.screen import without_control  # noqa: PLC0415 - most need no line

    if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison] - started without
        sys.stderr.write("\n".join(map(without_control, text.split("\n"))) + "\n")
        sys.stderr.flush()


def _origin(error: BaseException) -> TracebackType | None:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place


def _is_missing_extra(error: BaseException) -> bool:
    return isinstance(error, ImportError) and "pip install" in str(error)


def _hint(error: errors.MedplumError) -> str:
    if isinstance(error, errors.AuthenticationError) and "pymedplum login" not in str(error):
        return ". `pymedplum login` signs in"
    if isinstance(error, errors.InsecureTransportError):
        return ". For the command line: MEDPLUM_ALLOW_INSECURE_HTTP=true"
    if error.possibly_committed:
        return ". The write may have been carried out: read before repeating it"
    return ""


def _said(error: errors.MedplumError, *, is_verbose: bool) -> str:
    """Return what the server said in words, or how to see it."""
    if not error.detail:
        return ""
    if is_verbose:
        return f"\nThe server said: {error.detail}"
    return ". `pymedplum --verbose ...` shows what the server said"

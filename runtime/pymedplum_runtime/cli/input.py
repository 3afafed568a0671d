"""What commands read: JSON from a file or from stdin, references, secrets."""

import codecs
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from pymedplum_runtime.cli.exits import UsageError
from pymedplum_runtime.cli.screen import is_terminal
from pymedplum_runtime.private_files import exposure

STDIN = "-"


def read_text(source: str | None) -> bytes:
    """Return the content of a file, or of stdin for `-` and where something is piped in.

    Raises:
        UsageError: no file is named, and stdin is a terminal.
        OSError: the file cannot be read.
    """
    if source is not None and source != STDIN:
        return Path(source).read_bytes()
    if source is None and is_terminal(sys.stdin):
        raise UsageError("name a file, or pipe the text in; `-` reads what you type")
    return stdin().read()


def stdin() -> BinaryIO:
    """Return stdin, which may have been closed before we were started.

    Raises:
        UsageError: it was.
    """
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - started without
        raise UsageError("stdin is closed, so there is nothing to read")
    return sys.stdin.buffer


def read_json(source: str | None) -> Any:  # noqa: ANN401 - any JSON value
    """Return the JSON value of a file or of stdin; decimals keep their digits.

    Raises:
        UsageError: it is no JSON; the message quotes none of it.
    """
    from pymedplum_runtime.models import codec  # noqa: PLC0415 - msgspec, where JSON is read

    text = read_text(source).removeprefix(codecs.BOM_UTF8)  # editors of Windows write it
    if not text.strip():
        raise UsageError(f"{name_of(source)}: there is nothing in it")
    try:
        return codec.decode(text)
    except codec.JsonTextError as error:
        problem = str(error)
    raise UsageError(f"{name_of(source)}: {problem}")


def read_object(source: str | None) -> dict[str, Any]:
    """Return the JSON object of a file or of stdin.

    Raises:
        UsageError: it is no JSON object.
    """
    value = read_json(source)
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    raise UsageError(f"{name_of(source)}: expected a JSON object, got {_kind(value)}")


def read_resource(source: str | None) -> dict[str, Any]:
    """Return the resource of a file or of stdin.

    Raises:
        UsageError: it is no JSON object with a `resourceType`.
    """
    value = read_object(source)
    if isinstance(value.get("resourceType"), str):
        return value
    raise UsageError(f"{name_of(source)}: a resource needs a resourceType, such as Patient")


def read_list(source: str | None) -> list[Any]:
    """Return the JSON array of a file or of stdin.

    Raises:
        UsageError: it is no JSON array.
    """
    value = read_json(source)
    if isinstance(value, list):
        return cast("list[object]", value)
    raise UsageError(f"{name_of(source)}: expected a JSON array, got {_kind(value)}")


def name_of(source: str | None) -> str:
    """Return what to call a source in a message."""
    return "stdin" if source in {None, STDIN} else str(source)


def reference(text: str) -> tuple[str, str]:
    """Return type and id of `Type/id`.

    Raises:
        UsageError: it is something else.
    """
    resource_type, slash, resource_id = text.partition("/")
    if slash and resource_type and resource_id and "/" not in resource_id:
        return resource_type, resource_id
    raise UsageError("expected a type and an id, such as Patient/123")


def pairs(texts: list[str]) -> list[tuple[str, str]]:
    """Split texts such as `name=Smith` at their first equals sign.

    Raises:
        UsageError: one has none.
    """
    split = [(name, value) for name, sign, value in (t.partition("=") for t in texts) if sign]
    if len(split) < len(texts) or not all(name for name, _ in split):
        raise UsageError("expected name=value, such as family=Smith")
    return split


def read_secret_file(path: Path) -> str:
    """Return the first line of a file that its owner alone can read.

    Raises:
        UsageError: others can read it, or it is empty.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        problem = exposure(os.fstat(file.fileno()), path)
        if problem:
            raise UsageError(f"a secret must be private: {problem}")
        secret = _secret(file)
    if secret:
        return secret
    raise UsageError(f"{path}: the first line is empty")


def ask_secret(prompt: str) -> str:
    """Ask for a secret without showing it; from a pipe, the first line is it.

    Raises:
        UsageError: nothing was given.
    """
    if is_terminal(sys.stdin):
        import getpass  # noqa: PLC0415 - terminals alone

        secret = getpass.getpass(prompt).strip()
    else:
        secret = _secret(stdin())
    if secret:
        return secret
    raise UsageError("no secret was given: type it, pipe it in, or name a file that holds it")


def _secret(file: BinaryIO) -> str:
    """Return the first line of a file.

    Raises:
        UsageError: it is no text.
    """
    try:
        return file.readline().decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        pass
    raise UsageError("the secret is no UTF-8 text")


def confirm(question: str) -> bool:
    """Ask a person, where one is there; anything but yes is no."""
    if not is_terminal(sys.stdin):
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _kind(value: object) -> str:
    return "an object" if isinstance(value, Mapping) else f"a JSON {type(value).__name__}"

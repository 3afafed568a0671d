"""Files with secrets in them: whether others can read one, and how one is replaced whole."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600
_PRIVATE_FOLDER = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def exposure(status: os.stat_result, path: Path) -> str | None:
    """Say in words why a file is not private, and what to do; `None` where it is.

    Where the platform has no owners and permission bits, every file counts as private.
    """
    if os.name != "posix":
        return None
    if status.st_uid not in {os.geteuid(), 0}:
        return f"{path} belongs to another user; keep a file of your own there"
    if status.st_mode & _OTHERS:
        return f"{path} can be used by others than its owner; run: chmod 600 '{path}'"
    return None


def make_private_folder(folder: Path) -> None:
    """Make a folder that its owner alone can enter, and those above it; others stay as they are.

    Raises:
        OSError: it cannot be made.
    """
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    with suppress(FileExistsError):  # another process was faster
        folder.mkdir(_PRIVATE_FOLDER)


def replace_private(path: Path, content: bytes) -> None:
    """Write a file that its owner alone can read: whole, or not at all.

    A new file is written beside it, flushed to the disk and renamed.

    Raises:
        OSError: it cannot be written; the old file is untouched.
    """
    make_private_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp: O_EXCL and 0600
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    with suppress(OSError):  # the file is in its place; some file systems flush no folders
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def reason(error: OSError) -> str:
    """Return the system's words for a failure, without the paths and texts in its message."""
    return error.strerror or type(error).__name__

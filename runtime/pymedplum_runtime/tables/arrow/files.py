"""Files of tables, which are complete or not there."""

import errno
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path


@contextmanager
def replaced(path: str | PathLike[str]) -> Generator[Path, None, None]:
    """Give the path of a new file beside `path`, which takes its place where nothing goes wrong.

    An older file stays as it was until then. A link stays a link.

    Raises:
        FileExistsError: what is there is no regular file.
        FileNotFoundError: there is no such folder.
        OSError: the file cannot be written.
    """
    place = Path(path).resolve()
    if place.exists() and not place.is_file():
        raise FileExistsError(f"{path} is no regular file; give the path of one")
    if not place.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(place.parent))
    begun = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        yield begun
        begun.replace(place)
    finally:
        begun.unlink(missing_ok=True)

"""The SQLite file of a journal: made for its owner alone, locked for one process, checked.

Without a path it is a temporary file that SQLite deletes itself.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pymedplum_runtime.errors import LoadError

if TYPE_CHECKING:
    from sqlite3 import Connection

_APPLICATION: Final = 0x70794D4C  # "pyML", in the file's header
_FORMAT: Final = 1
_PRIVATE = 0o600

_SCHEMA = """
    CREATE TABLE load (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE entries (
        n INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        line INTEGER NOT NULL,
        type TEXT,
        old_id TEXT,
        digest BLOB NOT NULL,
        state INTEGER NOT NULL,
        wave INTEGER NOT NULL DEFAULT 0,
        knot INTEGER NOT NULL DEFAULT 0,
        new_id TEXT,
        status INTEGER,
        reason TEXT,
        codes TEXT,
        expressions TEXT
    );
    CREATE TABLE mentions (n INTEGER NOT NULL, type TEXT, old_id TEXT NOT NULL);
    CREATE TABLE links (n INTEGER, target INTEGER, PRIMARY KEY (n, target)) WITHOUT ROWID;
"""


def open_journal(path: Path | None) -> "tuple[Connection, bool]":
    """Open the file of a journal, or make it; say whether it was empty.

    Raises:
        LoadError: it is another kind of file, damaged, or in use.
        OSError: it cannot be made.
    """
    import sqlite3  # noqa: PLC0415 - loads alone need it

    if path is not None:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE))
    name = "" if path is None else str(path.absolute())
    with sqlite_errors(path):
        db = sqlite3.connect(name, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            return db, _prepare(db, path)
        except BaseException:
            db.close()
            raise


def _prepare(db: "Connection", path: Path | None) -> bool:
    db.execute("PRAGMA locking_mode = EXCLUSIVE")  # held until the file is closed, or the process
    [application], [tables] = (
        db.execute("PRAGMA application_id").fetchone(),
        db.execute("SELECT count(*) FROM sqlite_master").fetchone(),
    )
    if application not in {0, _APPLICATION} or (tables and not application):
        raise LoadError(f"{path} is no journal of a load; name another file")
    if tables:
        _check(db, path)
    if path is not None:
        db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is found on the server again
    db.execute("BEGIN EXCLUSIVE")
    if not tables:
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {_APPLICATION}")
        db.execute(f"PRAGMA user_version = {_FORMAT}")
    return not tables


def _check(db: "Connection", path: Path | None) -> None:
    [found] = db.execute("PRAGMA user_version").fetchone()
    if found != _FORMAT:
        raise LoadError(f"{path} was written by another version of this package; use that one")
    [state] = db.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        raise LoadError(f"{path} is damaged; restore it, or remove what was loaded and start anew")


@contextmanager
def sqlite_errors(path: Path | None) -> Generator[None]:
    """Raise SQLite's errors as ours, which quote no rows.

    Raises:
        LoadError: SQLite failed.
    """
    import sqlite3  # noqa: PLC0415 - loads alone need it

    name = "the temporary journal" if path is None else str(path)
    text = ""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
    if not text:
        return
    if "locked" in text:
        message = f"{name} is in use by another process; wait for its end"
    elif "not a database" in text:
        message = f"{name} is no journal of a load; name another file"
    elif "malformed" in text:
        message = f"{name} is damaged; restore it, or remove what was loaded and start anew"
    elif "full" in text:
        message = f"{name} cannot grow, the disk is full; make room and start again"
    else:
        message = f"{name} cannot be read or written; check the folder and its permissions"
    raise LoadError(message)

"""The folder that an export is downloaded into: whole files under their names, nothing else.

`export.json` says which export the folder holds. Beside it lies, until all is there, a journal of
the files that are; whatever interrupts a download, the next one goes on after them.
"""

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from pymedplum_runtime.bulk.content import PartFile, Written
from pymedplum_runtime.bulk.manifest import Manifest
from pymedplum_runtime.bulk.plan import Plan, PlannedFile, continued, plan_text, planned, read_plan
from pymedplum_runtime.errors import BulkExportError
from pymedplum_runtime.ndjson.compression import Compression

DESCRIPTION = "export.json"
JOURNAL = ".export.finished"
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


class ExportFolder:
    """A folder while files are downloaded into it; safe in any thread once it is open."""

    def __init__(self, path: Path, compress: Compression | None) -> None:
        self.path = path
        self._compress: Compression | None = compress
        self._plan = Plan("", "", compress, ())
        self._written: dict[str, Written] = {}
        self._journal = Lock()
        self._lock: int | None = None
        self._is_closed = False

    def open(self, manifest: Manifest) -> tuple[PlannedFile, ...]:
        """Take the folder, and return the planned files in the order of the manifest.

        Raises:
            BulkExportError: it holds something else, another process writes into it, or the disk
                refuses. Nothing was changed.
        """
        with disk(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            self._take()
            self._check_links()
            self._plan = self._planned(manifest)
            self._written.update(self._journalled())
            for each in self._plan.files:
                self._path(each).parent.mkdir(exist_ok=True)
                self._part(each).unlink(missing_ok=True)
        return self._plan.files

    def is_there(self, file: PlannedFile) -> Written | None:
        """Return what a file holds that a download before this one finished."""
        written = self._written.get(file.name)
        try:
            size = self._path(file).stat().st_size
        except OSError:
            return None
        return written if written is not None and written.bytes == size else None

    def begin(self, file: PlannedFile) -> PartFile:
        """Open a file under its temporary name.

        Raises:
            OSError: the disk refuses.
        """
        return PartFile(self._part(file), self._compress)

    def finish(self, file: PlannedFile, written: Written) -> None:
        """Give a complete file its name.

        Raises:
            OSError: the disk refuses.
        """
        entry = {"name": file.name, "lines": written.lines, "bytes": written.bytes}
        with self._journal:
            with os.fdopen(os.open(self.path / JOURNAL, _APPEND, 0o666), "ab", 0) as journal:
                # Begins a line of its own, should the last entry have been cut off.
                journal.write(b"\n" + json.dumps(entry).encode() + b"\n")
            self._written[file.name] = written
        self._part(file).replace(self._path(file))

    def complete(self) -> dict[str, Written]:
        """Write down that everything is there, and return what the files hold.

        Raises:
            BulkExportError: the disk refuses.
        """
        with disk(self.path):
            self._describe()
            (self.path / JOURNAL).unlink(missing_ok=True)
        return dict(self._written)

    def close(self) -> None:
        """Let others have the folder."""
        self._is_closed = True
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def place(self, file: PlannedFile) -> Path:
        """Return where a file is once it is complete."""
        return self._path(file)

    def _take(self) -> None:
        try:
            import fcntl  # noqa: PLC0415 - Windows has none, and so no lock
        except ImportError:
            return
        self._lock = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
        except OSError:
            pass  # a file system without locks
        if self._is_closed:
            self.close()
            raise BulkExportError(f"another download is writing into {self.path}")

    def _check_links(self) -> None:
        """Refuse links under our own names: they would lead what we write out of the folder."""
        for name in (DESCRIPTION, JOURNAL, "deleted", "error"):
            if (self.path / name).is_symlink():
                raise BulkExportError(
                    f"{self.path / name} is a symbolic link, which is not followed; nothing was "
                    "changed there; remove it, or choose an empty folder"
                )

    def _planned(self, manifest: Manifest) -> Plan:
        fresh = planned(manifest, self._compress)
        description = self.path / DESCRIPTION
        if not description.exists():
            self._check_free(fresh)
            self._plan = fresh
            self._describe()
            return fresh
        found = None
        with suppress(ValueError, UnicodeDecodeError):
            recorded, self._written = read_plan(description.read_text(encoding="utf-8"))
            found = continued(recorded, fresh, manifest)
        if found is None:
            raise BulkExportError(
                f"{self.path} holds another export, or this one compressed in another way; "
                "nothing was changed there; choose an empty folder"
            )
        return found

    def _check_free(self, plan: Plan) -> None:
        taken = next((each for each in plan.files if _is_taken(self._path(each))), None)
        if taken is not None:
            raise BulkExportError(
                f"{self.path} holds a file {taken.name} already, and no {DESCRIPTION} that says "
                "of which export; nothing was changed there; choose an empty folder"
            )

    def _journalled(self) -> Iterator[tuple[str, Written]]:
        with suppress(FileNotFoundError):
            for line in (self.path / JOURNAL).read_bytes().splitlines():
                with suppress(ValueError, KeyError, TypeError):  # cut off by an interruption
                    entry = json.loads(line)
                    yield entry["name"], Written(int(entry["lines"]), int(entry["bytes"]))

    def _describe(self) -> None:
        part = self.path / f".{DESCRIPTION}.part"
        part.unlink(missing_ok=True)
        with part.open("x", encoding="utf-8") as file:
            file.write(plan_text(self._plan, self._written))
            file.flush()
            os.fsync(file.fileno())  # the files' sizes are compared with it, should power be lost
        part.replace(self.path / DESCRIPTION)

    def _path(self, file: PlannedFile) -> Path:
        return self.path / file.name

    def _part(self, file: PlannedFile) -> Path:
        path = self._path(file)
        return path.with_name(f".{path.name}.part")


def _is_taken(path: Path) -> bool:
    return path.exists() or path.is_symlink()  # a link to nothing does not exist


@contextmanager
def disk(path: Path) -> Generator[None]:
    """Say which file or folder it was that the disk refused.

    Raises:
        BulkExportError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BulkExportError(f"cannot write {path}: {reason}") from error

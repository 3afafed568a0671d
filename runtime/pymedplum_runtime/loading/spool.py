"""The contents of resources that are still to be sent, in a file that has no name.

Sources are read once, from the first to the last; what waits for others is needed later.
"""

import tempfile
from array import array
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pymedplum_runtime.errors import LoadError
from pymedplum_runtime.private_files import reason


class Spool:
    """Contents by number; the numbers come in order."""

    def __init__(self, folder: Path | None) -> None:
        """Make the file in a folder, or where temporary files belong; it ends with the process."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - `close` closes it
        self._ends = array("q", [0])

    def add(self, contents: Iterable[bytes]) -> None:
        """Add the next contents; an empty one for what is not needed again.

        Raises:
            LoadError: they cannot be written.
        """
        try:
            for content in contents:
                self._file.write(content)
                self._ends.append(self._ends[-1] + len(content))
            self._file.flush()
        except OSError as error:
            problem = reason(error)
        else:
            return
        raise LoadError(f"the contents cannot be kept until they are sent: {problem}; make room")

    def read(self, number: int) -> bytes:
        """Return a content; the first has the number 1."""
        start, end = self._ends[number - 1], self._ends[number]
        self._file.seek(start)
        return self._file.read(end - start)

    def close(self) -> None:
        """Let the file go."""
        with suppress(OSError):  # what could not be written is no longer wanted
            self._file.close()

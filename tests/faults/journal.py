"""What the clients reported of each write, to be held against what the server stored."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from pymedplum import MedplumError


@dataclass
class Write:
    """One call that writes; its tag is in the stored resource if it was carried out."""

    tag: str
    error: MedplumError | None = None
    resource_id: str | None = None
    version: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether the client reported success."""
        return self.error is None

    @property
    def is_refused(self) -> bool:
        """Whether the client says that nothing was written."""
        return self.error is not None and not self.error.possibly_committed

    def __str__(self) -> str:
        said = "done" if self.error is None else f"{self.error} ({self.error.possibly_committed=})"
        return f"{self.tag}: {said}"


@dataclass
class Journal:
    """All writes of a run."""

    creates: list[Write] = field(default_factory=list)
    """The tag is the identifier."""
    changes: dict[str, list[Write]] = field(default_factory=dict)
    """By id; the tag is the family name."""
    deletes: dict[str, Write] = field(default_factory=dict)
    """By id."""
    counts: dict[str, list[Write]] = field(default_factory=dict)
    """By id of the counter: increments by one."""
    uploads: list[Write] = field(default_factory=list)
    """The tag is the content."""
    faults: list[str] = field(default_factory=list)
    """What was seen to be wrong while running."""
    calls: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def called(self, name: str, error: Exception | None) -> None:
        """Count a call; a failure that is none of the package's own is a fault."""
        with self.lock:
            self.calls[name] += 1
            if isinstance(error, MedplumError):
                self.errors[f"{type(error).__name__} {error.possibly_committed}"] += 1
            elif error is not None:
                self.faults.append(f"{name} raised {error!r}")

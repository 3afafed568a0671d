"""Where the tokens of a person are kept between runs: a protocol, a file, and memory."""

import json
import os
import stat
import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Protocol, cast

from pymedplum_runtime.errors import TokenStoreError
from pymedplum_runtime.private_files import (
    PRIVATE,
    exposure,
    make_private_folder,
    reason,
    replace_private,
)
from pymedplum_runtime.smart.stored_tokens import StoredTokens

_LARGEST = 1_000_000  # bytes
_FORMAT = 1
_READING = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class TokenStore(Protocol):
    """A place for the tokens of one sign-in; write your own over a keyring or a database.

    Example:
        >>> class KeyringStore:
        ...     def load(self):
        ...         text = keyring.get_password("pymedplum", "me")
        ...         return StoredTokens(**json.loads(text)) if text else None
        ...
        ...     def save(self, tokens):
        ...         keyring.set_password("pymedplum", "me", json.dumps(asdict(tokens)))
        ...
        ...     def clear(self):
        ...         keyring.delete_password("pymedplum", "me")
        ...
        ...     def lock(self):
        ...         return nullcontext(True)
    """

    def load(self) -> StoredTokens | None:
        """Return what is kept, if anything is.

        Raises:
            TokenStoreError: it cannot be read.
        """
        ...

    def save(self, tokens: StoredTokens) -> None:
        """Keep tokens in place of the last ones: wholly, or not at all.

        Raises:
            TokenStoreError: they cannot be written; the last ones are still there.
        """
        ...

    def clear(self) -> None:
        """Forget the tokens; none being there is no error.

        Raises:
            TokenStoreError: they cannot be removed.
        """
        ...

    def lock(self) -> AbstractContextManager[bool]:
        """Try to be the only one, of all processes, that renews the tokens.

        It does not wait: the block receives `True` where the lock is held until its end, and
        `False` where somebody else has it. A refresh token that is sent twice ends the session.
        """
        ...


class MemoryTokenStore:
    """Keeps tokens as long as the process lives; several clients may share one."""

    def __init__(self, tokens: StoredTokens | None = None) -> None:
        """Begin with tokens, or with none."""
        self._tokens = tokens
        self._lock = threading.Lock()

    def load(self) -> StoredTokens | None:
        """Return what is kept, if anything is."""
        return self._tokens

    def save(self, tokens: StoredTokens) -> None:
        """Keep tokens in place of the last ones."""
        self._tokens = tokens

    def clear(self) -> None:
        """Forget the tokens."""
        self._tokens = None

    @contextmanager
    def lock(self) -> Generator[bool, None, None]:
        """Try to be the only one that renews the tokens; see `TokenStore.lock`."""
        is_ours = self._lock.acquire(blocking=False)
        try:
            yield is_ours
        finally:
            if is_ours:
                self._lock.release()


class FileTokenStore:
    """Keeps tokens in a file that its owner alone can read.

    A new file is written beside the old one, flushed and renamed, so that a full disk or a killed
    process leaves the old one whole. A file that others can use, that is not ours, or that is a
    link is refused. The lock is a file beside it, for processes of one machine.

    Example:
        >>> store = FileTokenStore("~/.config/example/tokens.json")
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Name the file; it is made when tokens are saved, in a folder that only we may enter."""
        self.path = Path(path).expanduser()

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self.path)!r})"

    def load(self) -> StoredTokens | None:
        """Return what is in the file; `None` where there is no file.

        Raises:
            TokenStoreError: it cannot be read, others can use it, or it holds something else.
        """
        try:
            content = self._content()
        except FileNotFoundError:
            return None
        except OSError as error:
            said = reason(error)
        else:
            return self._tokens(content)
        raise TokenStoreError(f"the tokens in {self.path} cannot be read ({said})")

    def save(self, tokens: StoredTokens) -> None:
        """Replace the file.

        Raises:
            TokenStoreError: it cannot be written; the old file is whole.
        """
        text = json.dumps({"format": _FORMAT, **asdict(tokens)}, indent=1)
        try:
            replace_private(self.path, text.encode())
        except OSError as error:
            said = reason(error)
        else:
            return
        raise TokenStoreError(
            f"the tokens cannot be written to {self.path} ({said}); what was there is still there"
        )

    def clear(self) -> None:
        """Remove the file.

        Raises:
            TokenStoreError: it cannot be removed.
        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            said = reason(error)
        else:
            return
        raise TokenStoreError(f"the tokens in {self.path} cannot be removed ({said})")

    @contextmanager
    def lock(self) -> Generator[bool, None, None]:
        """Try to be the only process that renews the tokens; see `TokenStore.lock`.

        Raises:
            TokenStoreError: the folder cannot be written, or has no locks.
        """
        path = self.path.with_name(f"{self.path.name}.lock")
        handle = _lock_file(path)
        try:
            yield _is_locked(handle, path)
        finally:
            os.close(handle)  # which ends the lock

    def _content(self) -> bytes:
        if self.path.is_symlink():
            raise TokenStoreError(f"{self.path} is a link; name the file that it leads to")
        handle = os.open(self.path, _READING)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise TokenStoreError(f"{self.path} is no file; name another")
            problem = exposure(status, self.path)
            if problem:
                raise TokenStoreError(f"tokens must be private: {problem}")
            with os.fdopen(handle, "rb", closefd=False) as file:
                return file.read(_LARGEST)
        finally:
            os.close(handle)

    def _tokens(self, content: bytes) -> StoredTokens:
        with suppress(
            LookupError, RecursionError, TypeError, ValueError
        ):  # their texts quote the content
            members = cast("dict[str, Any]", json.loads(content))
            known = {each.name for each in fields(StoredTokens)}
            if members["format"] == _FORMAT:
                return StoredTokens(**{name: members[name] for name in known & members.keys()})
        raise TokenStoreError(
            f"{self.path} holds no tokens that can be read; remove it, and sign in again"
        )


def _lock_file(path: Path) -> int:
    try:
        make_private_folder(path.parent)
        return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), PRIVATE)
    except OSError as error:
        said = reason(error)
    raise TokenStoreError(f"{path} cannot be made ({said})")


def _is_locked(handle: int, path: Path) -> bool:
    """Lock an open file unless another has; where the platform has no such locks, always."""
    try:
        import fcntl  # noqa: PLC0415 - not on every platform
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # network file systems have none
        said = reason(error)
    else:
        return True
    raise TokenStoreError(f"{path} cannot be locked ({said}); keep the tokens on a local disk")

"""Runs the command as a process of its own, before a terminal or between pipes."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.medplum_server.process import MedplumServer

BETWEEN_PIPES = pytest.mark.parametrize("run", ["pipe"], indirect=True)
"""For what is the same before a terminal: a process costs a third of a second."""
Upon = tuple[str, Callable[["subprocess.Popen[bytes]", str], object]]
LONGEST = 60.0  # seconds; whatever takes longer hangs
COMMAND = (sys.executable, "-W", "error", "-m", "pymedplum")


def interrupt(child: "subprocess.Popen[bytes]", _found: str) -> None:
    """Press Ctrl-C."""
    child.send_signal(signal.SIGINT)


@dataclass(frozen=True)
class Ran:
    """A process that has ended."""

    code: int
    out: str
    err: str


@dataclass
class Runner:
    """Runs the command in an environment of its own, and checks what no run may show."""

    is_terminal: bool
    server: MedplumServer
    folder: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])

    def __call__(
        self,
        *arguments: str | Path,
        given: str | bytes | None = None,
        answers: Sequence[tuple[str, str]] = (),
        env: Mapping[str, str | None] | None = None,
        upon: Upon | None = None,
    ) -> Ran:
        """Run.

        Args:
            arguments: of the command.
            given: what the command is to read: a file in a terminal, stdin in a pipe.
            answers: what a person types, each once its prompt is there.
            env: variables to change; `None` takes one away.
            upon: a pattern on stderr, and what happens once it is there.
        """
        line = [*COMMAND, *map(str, arguments)]
        content = given.encode() if isinstance(given, str) else given
        if self.is_terminal and content is not None:
            file = self.folder / "given"
            file.write_bytes(content)
            line.append(str(file))
        chosen = {**self.environment, **(env or {})}
        process = _Process(
            line,
            {name: text for name, text in chosen.items() if text is not None},
            self.folder,
            is_terminal=self.is_terminal,
        )
        fed = None if self.is_terminal else content
        ran = process.until_end(fed, answers, upon)
        self._check(ran)
        return ran

    def _check(self, ran: Ran) -> None:
        """Hold every run to what holds for all of them."""
        shown = ran.out + ran.err
        assert "Traceback" not in shown
        assert self.server.client_secret not in shown
        for token in _tokens(self.server):
            assert token not in shown
        if not self.is_terminal:
            assert "\x1b" not in shown
            assert "\r" not in shown


class _Process:
    """A child, and our ends of its streams."""

    def __init__(
        self, line: Sequence[str], env: dict[str, str], folder: Path, *, is_terminal: bool
    ) -> None:
        (self._out, out), (self._err, err) = (
            pty.openpty() if is_terminal else os.pipe() for _ in range(2)
        )
        self._child = subprocess.Popen(
            line,
            stdin=out if is_terminal else subprocess.PIPE,
            stdout=out,
            stderr=err,
            env=env,
            cwd=folder,
            start_new_session=True,
        )
        os.close(out)
        os.close(err)

    def until_end(
        self, content: bytes | None, answers: Sequence[tuple[str, str]], upon: Upon | None
    ) -> Ran:
        """Feed and read until both streams end."""
        texts = {self._out: b"", self._err: b""}
        typed = [(prompt.encode(), text.encode()) for prompt, text in answers]
        if self._child.stdin is not None:
            self._child.stdin.write(content or b"".join(text + b"\n" for _, text in typed))
            self._child.stdin.close()
            typed = []
        latest = time.monotonic() + LONGEST
        open_streams = set(texts)
        while open_streams:
            ready, _, _ = select.select(open_streams, [], [], max(latest - time.monotonic(), 0))
            if not ready:
                self._child.kill()
                raise AssertionError(f"the command hangs; it has written {texts}")
            for stream in ready:
                chunk = _read(stream)
                texts[stream] += chunk
                if not chunk:
                    open_streams.discard(stream)
            if typed and any(typed[0][0] in text for text in texts.values()):
                os.write(self._out, typed.pop(0)[1] + b"\n")
            found = upon and re.search(upon[0], texts[self._err].decode(errors="ignore"))
            if upon and found:
                upon[1](self._child, found[0])
                upon = None
        code = self._child.wait()
        out, err = (texts[stream].decode() for stream in (self._out, self._err))
        os.close(self._out)
        os.close(self._err)
        return Ran(code, out, err)


def _read(stream: int) -> bytes:
    """Return what is there; nothing at the end, which a terminal tells as an error."""
    with contextlib.suppress(OSError):
        return os.read(stream, 65536)
    return b""


def _tokens(server: MedplumServer) -> set[str]:
    sent = (request["headers"].get("authorization", "") for request in server.control("requests"))
    return {text.rpartition(" ")[2] for text in sent if text}

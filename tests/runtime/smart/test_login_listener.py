"""The listener on loopback: what it takes, what it turns away, and how it ends."""

import threading
from collections.abc import Iterator
from contextlib import closing
from socket import create_connection
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymedplum_runtime.smart.loopback import LoopbackListener

STATE = "state-1"
ENOUGH = 10.0  # seconds; nothing here takes as long


@pytest.fixture
def listener() -> Iterator[LoopbackListener]:
    with closing(LoopbackListener(STATE)) as made:
        yield made


def visit(listener: LoopbackListener, path: str = "", **parameters: Any) -> httpx.Response:
    url = httpx.URL(listener.redirect_uri)
    if path:
        url = url.copy_with(path=path)
    return httpx.get(url, params=parameters, trust_env=False, timeout=ENOUGH)


def test_the_code_is_taken_with_the_right_state(listener: LoopbackListener) -> None:
    page = visit(listener, code="code-1", state=STATE)

    callback = listener.wait(ENOUGH)
    assert callback is not None
    assert (callback.code, callback.error, callback.issuer) == ("code-1", None, None)
    assert page.status_code == 200
    assert "code-1" not in f"{page.text} {page.headers} {callback!r}"


def test_the_page_is_inert_and_kept_nowhere(listener: LoopbackListener) -> None:
    headers = visit(listener, code="code-1", state=STATE).headers

    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["server"] == "pymedplum"


@pytest.mark.parametrize(
    ("path", "parameters", "status"),
    [
        ("/favicon.ico", {}, 404),
        ("/", {"code": "c", "state": STATE}, 404),
        ("/callback/", {"code": "c", "state": STATE}, 404),
        ("", {"code": "c", "state": "another"}, 400),
        ("", {"code": "c"}, 400),
        ("", {"code": "c", "state": [STATE, STATE]}, 400),
        ("", {"state": STATE}, 400),
        ("", {"code": ["a", "b"], "state": STATE}, 400),
        ("", {"code": "c", "state": STATE, **{str(n): "x" for n in range(40)}}, 400),
    ],
)
def test_whatever_else_comes_does_not_end_the_wait(
    listener: LoopbackListener, path: str, parameters: dict[str, Any], status: int
) -> None:
    assert visit(listener, path, **parameters).status_code == status
    assert listener.wait(0) is None

    visit(listener, code="right", state=STATE)

    callback = listener.wait(ENOUGH)
    assert callback is not None
    assert callback.code == "right"


def test_other_methods_are_refused(listener: LoopbackListener) -> None:
    answer = httpx.post(listener.redirect_uri, data={"code": "c", "state": STATE}, trust_env=False)

    assert answer.status_code == 501
    assert listener.wait(0) is None


@settings(max_examples=25)
@given(st.binary(max_size=60))
def test_no_bytes_end_it_or_write_a_trace(content: bytes) -> None:
    with closing(LoopbackListener(STATE)) as listener:
        split = urlsplit(listener.redirect_uri)
        with create_connection((split.hostname or "", split.port or 0), timeout=ENOUGH) as line:
            line.sendall(content + b"\r\n\r\n")

        visit(listener, code="right", state=STATE)

        assert listener.wait(ENOUGH) is not None


def test_a_connection_that_stays_silent_holds_nobody_up(listener: LoopbackListener) -> None:
    split = urlsplit(listener.redirect_uri)
    with create_connection((split.hostname or "", split.port or 0)):
        visit(listener, code="right", state=STATE)

        assert listener.wait(ENOUGH) is not None


def test_nothing_of_a_request_is_logged(
    listener: LoopbackListener, capfd: pytest.CaptureFixture[str]
) -> None:
    visit(listener, code="code-1", state=STATE)
    httpx.put(listener.redirect_uri, params={"code": "code-1"}, trust_env=False)

    said = capfd.readouterr()
    assert said.out + said.err == ""


def test_closing_ends_the_wait_and_the_thread() -> None:
    listener = LoopbackListener(STATE)
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(listener.wait(ENOUGH * 100)))
    waiting.start()

    listener.close()
    listener.close()

    waiting.join(ENOUGH)
    assert found == [None]
    assert listener.wait(ENOUGH) is None
    assert "pymedplum-login" not in {each.name for each in threading.enumerate()}
    with pytest.raises(httpx.ConnectError):
        visit(listener)


def test_it_listens_on_this_machine_alone_and_on_the_port_that_was_asked_for() -> None:
    with closing(LoopbackListener(STATE)) as first:
        port = urlsplit(first.redirect_uri).port or 0
        with pytest.raises(OSError, match="in use"):
            LoopbackListener(STATE, port=port)

    with closing(LoopbackListener(STATE, port=port, host="localhost")) as second:
        assert second.redirect_uri == f"http://localhost:{port}/callback"
        assert visit(second).status_code == 400

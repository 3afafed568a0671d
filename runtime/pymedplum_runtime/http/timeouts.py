"""Time-outs as httpx has them."""

import httpx

CONNECT_TIMEOUT = 5.0
LONGEST = 1e8  # three years; sockets overflow beyond


def seconds(timeout: float | httpx.Timeout) -> httpx.Timeout:
    """Return a timeout whose connection phase is short, so that a dead server shows soon.

    Raises:
        TypeError: it is no number.
        ValueError: it is not positive.
    """
    if isinstance(timeout, httpx.Timeout):
        return timeout
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
        kind = type(timeout).__name__
        raise TypeError(f"timeout must be seconds or an httpx.Timeout, got {kind}")
    if not 0 < timeout < LONGEST:
        raise ValueError(
            "timeout must be positive and finite; use httpx.Timeout(None) to wait for ever"
        )
    return httpx.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT))

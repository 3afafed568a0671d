"""GET requests to where others said: no redirects, no cookies, no more bytes than allowed.

httpx's log shows these requests without their queries: search values are patient data.
"""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from typing_extensions import Self

from pymedplum_runtime.client.transport import OwnURL, is_ours, keep_contents_out_of_logs
from pymedplum_runtime.models.codec import JsonTextError, decode

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)


class NotFetchedError(Exception):
    """Nothing usable came; the text says why, without a URL and without content."""


@dataclass(frozen=True, slots=True, repr=False)
class Fetched:
    """An answer, read to its end."""

    status: int
    content: bytes

    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """Decode the content.

        Raises:
            NotFetchedError: it is no JSON.
        """
        with suppress(JsonTextError, ValueError):  # ValueError: an integer of 5,000 digits
            return decode(self.content)
        raise NotFetchedError("the answer is no JSON")


class Fetching:
    """Sends GET requests over one pool of connections; an asynchronous context manager."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Take the transport of somebody who wants another one than httpx's; it stays open."""
        self._transport = transport
        self._client = _client(transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._transport is None:
            await self._client.aclose()

    async def get(self, url: str, headers: Mapping[str, str], most: int) -> Fetched:
        """Send a request.

        Args:
            url: absolute.
            headers: beside the usual ones.
            most: the largest content, in bytes.

        Raises:
            NotFetchedError: no answer came, or it is too large, compressed or a redirect.
        """
        keep_contents_out_of_logs()
        token = is_ours.set(True)
        try:
            return await self._got(url, headers, most)
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            httpx.StreamError,
            UnicodeError,
            OSError,
        ) as error:
            kind = type(error).__name__  # their texts may quote what was sent
        finally:
            is_ours.reset(token)
        raise NotFetchedError(f"no answer ({kind})")

    async def _got(self, url: str, headers: Mapping[str, str], most: int) -> Fetched:
        request = self._client.build_request(
            "GET", url, headers={"Accept-Encoding": "identity", **headers}
        )
        request.url = OwnURL(request.url)
        response = await self._client.send(request, auth=None, stream=True, follow_redirects=False)
        try:
            return Fetched(response.status_code, await _content(response, most))
        finally:
            await response.aclose()


async def _content(response: httpx.Response, most: int) -> bytes:
    if response.is_redirect:
        raise NotFetchedError("the answer is a redirect, and none is followed")
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"identity", ""}:
        raise NotFetchedError("the answer is compressed, and that was not asked for")
    content = bytearray()
    async for chunk in _chunks(response):
        content += chunk
        if len(content) > most:
            raise NotFetchedError(f"the answer has more than {most} bytes")
    return bytes(content)


async def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    if response.is_stream_consumed:  # transports of tests give answers that are read already
        yield response.content
        return
    async for chunk in response.aiter_raw():
        yield chunk


def _client(transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    if transport is not None:
        return httpx.AsyncClient(transport=transport, timeout=_TIMEOUT, cookies=cookies)
    # Plain HTTP is this machine's, which no proxy of the environment is to see.
    mounts: dict[str, httpx.AsyncBaseTransport | None] = {"http://": None}
    return httpx.AsyncClient(verify=_tls(), timeout=_TIMEOUT, mounts=mounts, cookies=cookies)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Make the context once: reading the certificates takes longer than a request."""
    return httpx.create_ssl_context()

"""Requests and answers as they cross the wire, and the JSON inside them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias
from urllib.parse import quote, urlencode

import httpx

from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.http.uploads import Upload
from pymedplum_runtime.models import codec

FHIR_JSON = "application/fhir+json"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
JSON_PATCH = "application/json-patch+json"


class Sink(Protocol):
    """Takes the content of an answer chunk by chunk."""

    def restart(self) -> None:
        """Forget what came so far: another answer begins."""
        ...

    def __call__(self, chunk: bytes) -> None:
        """Take a chunk."""
        ...


Timeout: TypeAlias = float | httpx.Timeout | None


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One request, complete: what the drivers send."""

    method: str
    url: str
    headers: Mapping[str, str]
    timeout: httpx.Timeout
    content: bytes | Upload | None = None
    sink: Sink | None = None
    """Takes the chunks of a successful answer, whose content is then empty."""
    is_write: bool = False
    """Whether it may change something on the server."""
    is_foreign: bool = False
    """Whether it may leave the client's server: it then has these headers and no others."""
    most: int | None = None
    """How many bytes of an answer are read, where a stranger gives it; `None` is all."""

    def with_headers(self, headers: Mapping[str, str]) -> "WireRequest":
        """Return the same request with further headers."""
        return replace(self, headers={**self.headers, **headers})

    def __repr__(self) -> str:
        return f"WireRequest({self.method} {self.url.partition('?')[0]})"


class BoundedContent:
    """The content of an answer as it comes, up to a number of bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._content = bytearray()

    def __call__(self, chunk: bytes) -> None:
        """Take a chunk.

        Raises:
            MedplumError: it is more than there may be.
        """
        self._content += chunk
        if len(self._content) > self._most:
            raise MedplumError(f"the answer has more than {self._most} bytes; it was not read on")

    def whole(self) -> bytes:
        """Return what came."""
        return bytes(self._content)


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What came back, read to its end."""

    status: int
    headers: httpx.Headers
    content: bytes
    is_write: bool = False
    """Whether the request may have changed something on the server."""

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110, section 15.3

    def without(self, secret: str) -> "Answer":
        """Return the answer without a secret that it may quote: exceptions keep it."""
        if secret.encode() not in self.content:
            return self
        return replace(self, content=self.content.replace(secret.encode(), b"..."))

    def json(self, *, exact: bool = False) -> Any:  # noqa: ANN401 - any JSON value
        """Decode the content; `None` where there is none.

        Args:
            exact: numbers with a point become decimals that keep their text.

        Raises:
            MedplumError: the content is no JSON.
        """
        if not self.content:
            return None
        try:
            return (codec.decode if exact else codec.decode_plain)(self.content)
        except codec.JsonTextError:
            pass
        raise MedplumError(
            f"the server answered {self.status} with what is no JSON; "
            "is base_url the address of a Medplum server?",
            self.status,
            possibly_committed=self.is_write,
        )

    def text(self) -> str:
        """Decode the content.

        Raises:
            MedplumError: the content is no UTF-8.
        """
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            pass
        raise MedplumError(
            f"the server answered {self.status} with text that is no UTF-8",
            self.status,
            possibly_committed=self.is_write,
        )

    def json_or_none(self) -> Any:  # noqa: ANN401 - any JSON value
        """Decode the content; `None` where it is no JSON."""
        return decode_or_none(self.content)


def decode_or_none(content: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Decode JSON text; `None` where it is none."""
    try:
        return codec.decode_plain(content) if content else None
    except codec.JsonTextError:
        return None


def encode_form(form: Mapping[str, str]) -> bytes:
    """Encode a form.

    Raises:
        ValueError: a text is no Unicode.
    """
    try:
        return urlencode(form, quote_via=quote).encode()
    except UnicodeEncodeError:
        pass  # the same
    raise ValueError("a text holds half of a surrogate pair, which is no Unicode")

"""What a flow asks of the session: one call, however many requests it takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pymedplum_runtime.client.uploads import Upload
from pymedplum_runtime.client.wire import FHIR_JSON, Sink, Timeout, encode

ON_BEHALF_OF = "X-Medplum-On-Behalf-Of"
CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", ON_BEHALF_OF.lower()})
_REFUSED = CREDENTIALS - {ON_BEHALF_OF.lower()}
_HEADER_TEXT = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CallOptions:
    """What a caller may give to any call."""

    headers: Mapping[str, str | None] | None = None
    """A name with `None` takes a default header away."""
    on_behalf_of: str | None = None
    timeout: Timeout = None

    def header(self, name: str) -> str | None:
        """Return the value of a header of the caller's, whatever its case."""
        return header(self.headers, name)

    def with_headers(self, more: Mapping[str, str | None]) -> "CallOptions":
        """Return the same options with headers in place of the caller's; `None` changes none."""
        given = {name: value for name, value in more.items() if value is not None}
        replaced = {name.lower() for name in given}
        kept = {k: v for k, v in (self.headers or {}).items() if k.lower() not in replaced}
        return replace(self, headers={**kept, **given})

    def without_headers(self) -> "CallOptions":
        """Return the options for a further request of the same call."""
        return replace(self, headers=None)


NO_OPTIONS = CallOptions()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Call:
    """A call of the API, before anything is known of tokens, hooks and retries."""

    method: str
    url: str
    body: Any = None
    """A dict or a model, sent as JSON; `bytes`, `str` or an `Upload` are sent as they are."""
    content_type: str = FHIR_JSON
    accept: str = FHIR_JSON
    options: CallOptions = NO_OPTIONS
    replay_safe: bool | None = None
    """Whether carrying it out twice does no harm; `None`: as the method promises."""
    sink: Sink | None = None

    @property
    def is_write(self) -> bool:
        """Whether the call may change something on the server."""
        return self.method not in _READS

    @property
    def is_replay_safe(self) -> bool:
        """Whether the request may be sent again when the server may already have acted."""
        if self.replay_safe is not None:
            return self.replay_safe
        return self.method in _IDEMPOTENT or self._is_conditional_create

    @property
    def _is_conditional_create(self) -> bool:
        return self.method == "POST" and bool((self.options.header("If-None-Exist") or "").strip())

    def content(self) -> bytes | Upload | None:
        """Encode the body.

        Raises:
            TypeError: it is no JSON value.
            ValueError: a number in it is not finite.
        """
        if self.body is None or isinstance(self.body, bytes | Upload):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else encode(self.body)


def merge_headers(
    defaults: Mapping[str, str], given: Mapping[str, str | None] | None
) -> dict[str, str]:
    """Lay the caller's headers over the defaults; names are compared without case.

    Raises:
        TypeError: they are no mapping of texts.
        ValueError: a header is the client's own to set, or its value cannot be sent.
    """
    merged = dict(defaults)
    if not given:
        return merged
    if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"headers must be a dict, got {type(given).__name__}")
    names = {name.lower(): name for name in merged}
    for name, value in given.items():
        if name.lower() == ON_BEHALF_OF.lower():
            continue  # the session resolves it
        if name.lower() in _REFUSED:
            raise ValueError(f"the header {name} is the client's own; use auth= or access_token=")
        merged.pop(names.get(name.lower(), name), None)
        if value is not None:
            merged[name] = _header_text(name, value)
    return merged


def _header_text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"the header {name} must be a str, got {type(value).__name__}")
    if not _HEADER_TEXT.fullmatch(value):
        raise ValueError(f"the header {name} holds a character that no header can hold")
    return value


def header(headers: Mapping[str, str | None] | None, name: str) -> str | None:
    """Return the value of a header of the caller's, whatever its case."""
    found = (v for k, v in (headers or {}).items() if k.lower() == name.lower())
    return next(found, None)

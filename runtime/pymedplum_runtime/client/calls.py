"""What a flow asks of the session: one call, however many requests it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pymedplum_runtime.http.headers import ON_BEHALF_OF, header
from pymedplum_runtime.http.uploads import Upload
from pymedplum_runtime.http.wire import FHIR_JSON, Sink, Timeout
from pymedplum_runtime.models.strict_json import encode

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
        """Return the options for a further request of the same call: for the same membership."""
        acting = self.header(ON_BEHALF_OF) if self.on_behalf_of is None else self.on_behalf_of
        return replace(self, headers=None, on_behalf_of=acting)


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
    is_read: bool = False
    """Whether it changes nothing, although it is a POST."""
    replay_safe: bool | None = None
    """Whether carrying it out twice does no harm; `None`: as the method promises."""
    sink: Sink | None = None

    @property
    def is_write(self) -> bool:
        """Whether the call may change something on the server."""
        return self.method not in _READS and not self.is_read

    @property
    def is_replay_safe(self) -> bool:
        """Whether the request may be sent again when the server may already have acted."""
        if self.replay_safe is not None:
            return self.replay_safe
        return self.is_read or self.method in _IDEMPOTENT or self._is_conditional_create

    @property
    def _is_conditional_create(self) -> bool:
        return self.method == "POST" and bool((self.options.header("If-None-Exist") or "").strip())

    @property
    def search_form(self) -> str:
        """The query of a search that is posted; empty for any other call."""
        is_search = self.is_read and self.url.endswith("/_search")
        return self.body if is_search and isinstance(self.body, str) else ""

    def content(self) -> bytes | Upload | None:
        """Encode the body.

        Raises:
            TypeError: it is no JSON value.
            ValueError: a number in it is not finite.
        """
        if self.body is None or isinstance(self.body, bytes | Upload):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else encode(self.body)

"""What a `before_request` hook may see of a request, and what it may change."""

import logging
from dataclasses import replace

from pymedplum_runtime.errors import UnsafeRedirectError
from pymedplum_runtime.hooks import PreparedRequest
from pymedplum_runtime.http.headers import OWN, header, merge_headers
from pymedplum_runtime.http.uploads import Upload
from pymedplum_runtime.http.urls import Server
from pymedplum_runtime.http.wire import WireRequest, decode_or_none
from pymedplum_runtime.models.strict_json import encode

logger = logging.getLogger("pymedplum.hooks")

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


def shown(request: WireRequest) -> PreparedRequest:
    """Return a request as the hook sees it; credentials are not in it yet."""
    body = _json(request)
    return PreparedRequest(request.method, request.url, dict(request.headers), body)


def accepted(request: WireRequest, changed: object, server: Server) -> WireRequest:
    """Return the request as the hook wants it, or as it was where that is not allowed."""
    if changed is None:
        return request
    if not isinstance(changed, PreparedRequest):
        kind = type(changed).__name__
        logger.warning("before_request returned a %s, not a PreparedRequest: ignored", kind)
        return request
    fault = _fault(request, changed, server)
    if fault:
        logger.warning("before_request %s: its change was discarded", fault)
        return request
    return replace(
        request,
        method=changed.method,
        url=server.locate(changed.url),
        headers=merge_headers({}, changed.headers),
        content=_content(request, changed.json_body),
    )


def _content(request: WireRequest, json_body: object) -> bytes | Upload | None:
    if json_body == _json(request):
        return request.content
    return None if json_body is None else encode(json_body)


def _fault(request: WireRequest, changed: PreparedRequest, server: Server) -> str | None:
    if changed.method not in {request.method, *_HARMLESS}:
        return "changed the method to one that writes"
    if any(name.lower() in OWN for name in changed.headers):
        return "added credentials, or headers that are the client's own"
    try:
        server.locate(changed.url)
    except UnsafeRedirectError:
        return "changed the URL to another server"
    return None


def _json(request: WireRequest) -> object:
    """Decode the body anew, so that no hook can reach into another's copy."""
    media_type = header(request.headers, "Content-Type") or ""
    if not isinstance(request.content, bytes) or "json" not in media_type:
        return None
    return decode_or_none(request.content)

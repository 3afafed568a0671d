"""From the body of a request to what a service is called with, or to what is wrong with it.

JSON of a bounded size, depth and number of parts, read in bounded time.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from pymedplum_runtime.cds.messages.prefetch import Prefetch, is_resource_or_none
from pymedplum_runtime.cds.messages.reading import model_named
from pymedplum_runtime.cds.service.refusals import Problem, Refusal, refusal_of
from pymedplum_runtime.cds.service.registry import Service
from pymedplum_runtime.cds.service.running import TooLateError, within
from pymedplum_runtime.http.clock import Clock
from pymedplum_runtime.models.codec import JsonTextError, decode

if TYPE_CHECKING:
    from starlette.requests import Request

_DEEPEST = 100  # objects and lists inside each other
_PATIENCE = 30.0  # seconds for a body to come
# Reading costs by the part, and a body could be all empty objects: FHIR has more bytes in each.
_BYTES_PER_PART = 25
_JSON = "application/json"
_CHARSET = re.compile(r"\bcharset\s*=\s*\"?([^\s;\"]*)")
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
_NO_REQUEST = "the body is no request"
_CLOSE = {"Connection": "close"}  # the rest of the body is not waited for


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """A call of a service whose body is right."""

    service: Service
    request: Any
    """A model of the service's request class: a generated one, or the user's."""
    context: Mapping[str, Any]
    """The context as it came, for prefetch templates."""


async def content_of(request: "Request", clock: Clock, most: int) -> bytes:
    """Return what a request brings, as JSON.

    Raises:
        Refusal: it is something else, too much of it, or does not come in time.
    """
    _check_headers(request, most)
    try:
        return await within(clock, _PATIENCE, _content(request, most))
    except TooLateError:
        late = f"the body did not come within {_PATIENCE:g} s"
        raise Refusal(408, late, headers=_CLOSE) from None


def _check_headers(request: "Request", most: int) -> None:
    kind, _, parameters = request.headers.get("Content-Type", "").lower().partition(";")
    charset = _CHARSET.search(parameters)
    if kind.strip() != _JSON or (charset is not None and charset[1] not in _CHARSETS):
        raise Refusal(415, f"Content-Type must be {_JSON}, in UTF-8", headers={"Accept": _JSON})
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Refusal(415, "the body must not be compressed", headers={"Accept-Encoding": ""})
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and len(length) < 20 and int(length) > most:  # noqa: PLR2004 - digits
        raise _too_large(most)


async def _content(request: "Request", most: int) -> bytes:
    from starlette.requests import ClientDisconnect  # noqa: PLC0415 - an extra

    content = bytearray()
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > most:
                raise _too_large(most)
    except ClientDisconnect:
        raise Refusal(400, "the body ended early") from None
    return bytes(content)


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"the body has more than {most} bytes", headers=_CLOSE)


def call_of(content: bytes, named: Mapping[str, Service], most: int) -> Call:
    """Return the call that a body makes.

    Args:
        content: the body.
        named: the services of the id that is called, by hook.
        most: the largest body, in bytes.

    Raises:
        Refusal: the body is wrong.
    """
    body = _object_of(content, most)
    hook = body.get("hook")
    service = named.get(hook) if isinstance(hook, str) else None
    if service is None:
        wanted = " or ".join(sorted(named))
        raise Refusal(400, _NO_REQUEST, [Problem("hook", f"must be {wanted}")])
    data = {**body, "prefetch": _prefetch_of(service, body)}
    context: object = body.get("context")
    members = cast("dict[str, Any]", context) if isinstance(context, dict) else {}
    return Call(service, _checked(service.request_class, data, _NO_REQUEST), members)


def feedback_of(content: bytes, most: int) -> list[Any]:
    """Return what became of cards: `Feedback` models, which are generated.

    Raises:
        Refusal: the body is wrong.
    """
    data = _object_of(content, most)
    return list(_checked(model_named("FeedbackRequest"), data, "the body is no feedback").feedback)


def _prefetch_of(service: Service, body: Mapping[str, Any]) -> object:
    """Return the prefetched data of a body; what is no object is left to the models to refuse.

    What is no resource counts as not sent: an example of the specification has an id for one.
    """
    sent: object = body.get("prefetch", {})
    if not isinstance(sent, dict):
        return sent
    values = cast("dict[str, Any]", sent)
    usable = {key: value for key, value in values.items() if is_resource_or_none(value)}
    texts = {key: template.text for key, template in service.templates.items()}
    return Prefetch(usable, texts, unusable=values.keys() - usable.keys())


def _checked(validated: Any, data: Mapping[str, Any], error: str) -> Any:  # noqa: ANN401 - models
    validate: Callable[[Any], Any] = validated.model_validate
    try:
        return validate(data)
    except ValidationError as found:
        refusal = refusal_of(found, error)
    raise refusal


def _object_of(content: bytes, most: int) -> dict[str, Any]:
    """Return the JSON object in a body.

    Args:
        content: the body.
        most: the largest body, in bytes; so many parts are allowed as a full one would have.

    Raises:
        Refusal: it is none, or nested too deeply, or has too many parts.
    """
    found: object = None
    fault = ""
    try:
        found = decode(content)
    except JsonTextError as error:
        fault = str(error)
    except ValueError:  # an integer of 5,000 digits
        fault = "a number is too long"
    if fault:
        raise Refusal(400, f"the body is no JSON: {fault}")
    if not isinstance(found, dict):
        raise Refusal(400, "the body is no JSON object")
    members = cast("dict[str, Any]", found)
    _check_parts(members, max(most // _BYTES_PER_PART, 1000))
    return members


def _check_parts(value: object, most: int) -> None:
    level: list[object] = [value]
    count = 1
    for _ in range(_DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        count += len(level)
        if count > most:
            raise Refusal(413, f"the body has more than {most} objects and lists")
        if not level:
            return
    raise Refusal(400, f"the body has more than {_DEEPEST} levels")


def _inside(value: object) -> list[object]:
    """Return the objects and lists directly inside another."""
    values: Any = ()
    if isinstance(value, dict):
        values = cast("dict[str, object]", value).values()
    elif isinstance(value, list):
        values = cast("list[object]", value)
    return [each for each in values if isinstance(each, dict | list)]

"""The services that there are: each a function with what discovery says of it."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pymedplum_runtime.cds.messages.reading import model_named
from pymedplum_runtime.cds.service.addresses import texts
from pymedplum_runtime.cds.templates.parsing import PrefetchTemplate

# What stands in a path as it is, so that two spellings of a URL are not two services.
_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_HOOK = re.compile(r"[A-Za-z0-9._-]{1,128}")

Handler = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Service:
    """A service: what it is called for, and what then runs."""

    id: str
    hook: str
    handler: Handler = field(repr=False)
    request_class: Any = field(repr=False)
    """The class of its requests: a generated one, which is loaded by name, or the user's."""
    templates: Mapping[str, PrefetchTemplate] = field(repr=False)
    optional: frozenset[str] = field(repr=False)
    timeout: float = field(repr=False)
    entry: Any = field(repr=False)
    """What discovery says: a `CDSService`."""

    @property
    def name(self) -> str:
        """How a log calls it."""
        return f"service {self.id} ({self.hook})"


class Registry:
    """Services by id and hook: one id may answer to several hooks."""

    def __init__(self) -> None:
        self._services: dict[tuple[str, str], Service] = {}
        self._feedback: dict[str, Handler] = {}

    def add(self, service: Service) -> None:
        """Add a service.

        Raises:
            ValueError: there is one with its id and hook.
        """
        if (service.id, service.hook) in self._services:
            raise ValueError(f"there are two services '{service.id}' for the hook {service.hook}")
        self._services[service.id, service.hook] = service

    def add_feedback(self, service_id: str, handler: Handler) -> None:
        """Add what learns of a service's cards.

        Raises:
            ValueError: the service has one already.
        """
        if checked_id(service_id) in self._feedback:
            raise ValueError(f"there are two functions for feedback of '{service_id}'")
        self._feedback[service_id] = handler

    def named(self, service_id: str) -> dict[str, Service]:
        """Return the services of an id, by hook."""
        found = (each for each in self._services.values() if each.id == service_id)
        return {each.hook: each for each in found}

    def feedback(self, service_id: str) -> Handler | None:
        """Return what learns of a service's cards."""
        return self._feedback.get(service_id) if self.named(service_id) else None

    def discovery(self) -> str:
        """Return what discovery answers, as JSON text."""
        entries = [each.entry for each in self._services.values()]
        text: str = model_named("Discovery")(services=entries).model_dump_json()
        return text


def checked_id(service_id: object) -> str:
    """Check the id of a service.

    Raises:
        TypeError: it is no text.
        ValueError: it cannot stand in a URL as it is.
    """
    return _matching(_ID, service_id, "id")


def checked_hook(hook: object) -> str:
    """Check the name of a hook.

    Raises:
        TypeError: it is no text.
        ValueError: it is no name.
    """
    return _matching(_HOOK, hook, "hook")


def checked_timeout(timeout: object) -> float:
    """Check how long a service may take.

    Raises:
        ValueError: it is no positive number of seconds.
    """
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    seconds = float(cast("float", timeout)) if is_number else 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError("timeout must be a positive number of seconds")
    return seconds


def checked_keys(optional: Iterable[str], templates: Collection[str]) -> frozenset[str]:
    """Check which prefetched data a service can do without.

    Raises:
        ValueError: there is no template of that name.
    """
    names = frozenset(texts(optional))
    unknown = sorted(names - set(templates))
    if unknown:
        raise ValueError(f"optional names keys that prefetch has not: {', '.join(unknown)}")
    return names


def request_class_of(hook: str, given: object = None) -> Any:  # noqa: ANN401 - a generated class
    """Return the class of a hook's requests: the one that is given, or the hook's own.

    Raises:
        TypeError: what is given is no class of requests.
    """
    base = model_named("CDSRequest")
    if given is None:
        return model_named("REQUESTS").get(hook, base)
    if not (isinstance(given, type) and issubclass(given, base)):
        raise TypeError("request must be a subclass of CDSRequest")
    return given


def _matching(pattern: re.Pattern[str], value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, got {type(value).__name__}")
    if pattern.fullmatch(value) is None or set(value) == {"."}:
        raise ValueError(f"{name} must be 1 to 128 letters, digits, '.', '_' and '-'")
    return value

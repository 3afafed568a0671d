"""Functions of services that answer, or fail, and the services around them."""

from collections.abc import Callable
from typing import Any

import httpx
from cds_calls import a_card, anonymous_services, with_client

from pymedplum_runtime.cds.service.services import CDSServices


def serving(handler: Callable[[Any], Any], **options: Any) -> CDSServices:
    """Give services of which anybody may call one."""
    services = anonymous_services()
    services.service("patient-view", id="greet", description="Greets", **options)(handler)
    return services


class SekretError(Exception):
    """Quotes a patient."""


class SekretPanic(BaseException):
    """Quotes a patient, and is no Exception, as panics of extensions in Rust are none."""


def raising(error: BaseException) -> Callable[[Any], Any]:
    """Give a function that fails."""

    def fail(_: Any) -> Any:
        raise error

    return fail


def raising_later(error: BaseException) -> Callable[[Any], Any]:
    """Give an asynchronous function that fails."""

    async def fail(_: Any) -> Any:
        raise error

    return fail


def greeting(**options: Any) -> CDSServices:
    """Give services of which one greets."""
    services = anonymous_services(**options)
    services.service("patient-view", id="greet", description="d")(lambda _: a_card())
    return services


def asked(services: Any, method: str, path: str, **options: Any) -> httpx.Response:
    """Send a request to an application."""
    return with_client(services, lambda http: http.request(method, path, **options))

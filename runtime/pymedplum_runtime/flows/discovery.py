"""What a server says of its OAuth endpoints; asked without a token."""

from typing import TYPE_CHECKING

from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import ClientClosedError, NotFoundError

if TYPE_CHECKING:
    from pymedplum_runtime.http.flow import Flow
    from pymedplum_runtime.smart.configuration import SmartConfiguration


def smart_configuration(session: Session, *, refresh: bool = False) -> "Flow[SmartConfiguration]":
    """Return the server's smart-configuration; it is read once per client.

    It is asked for below the FHIR base URL, and else below the base URL.
    https://hl7.org/fhir/smart-app-launch/conformance.html

    Args:
        session: of the client.
        refresh: read it again.

    Raises:
        NotFoundError: the server has none.
        MedplumError: it is not what the specification says.
    """
    from pymedplum_runtime.smart.configuration import (  # noqa: PLC0415 - few programs ask
        read_smart_configuration,
    )

    if session.is_closed:
        raise ClientClosedError("the client is closed; make a new one")
    endpoint = session.tokens.endpoint
    try:
        members = yield from endpoint.configuration(refresh=refresh)
    except GeneratorExit:
        raise
    except BaseException:
        yield from endpoint.report()
        raise
    yield from endpoint.report()
    if not members:
        raise NotFoundError("the server has no smart-configuration")
    return read_smart_configuration(members)

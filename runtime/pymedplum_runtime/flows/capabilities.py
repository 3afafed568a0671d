"""What the server says that it can do, fetched once per client; searches held to it.

Imports what reads it when it is first asked for: most clients never do.
"""

from typing import TYPE_CHECKING

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.http.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymedplum_runtime.capabilities.server import Capabilities

__all__ = ["capabilities", "preflight"]


def capabilities(
    session: Session, *, refresh: bool = False, options: CallOptions = NO_OPTIONS
) -> "Flow[Capabilities]":
    """Return what the server says that it can do; warn where it speaks another FHIR version."""
    return session.capabilities.get(_fetching(session, options), refresh=refresh)


def _fetching(session: Session, options: CallOptions) -> "Callable[[], Flow[Capabilities]]":
    from pymedplum_runtime.capabilities.reading import (  # noqa: PLC0415 - see the top
        read_capabilities,
    )
    from pymedplum_runtime.capabilities.versions import (  # noqa: PLC0415 - the same
        warn_of_version,
    )

    def fetch() -> "Flow[Capabilities]":
        call = Call(method="GET", url=session.server.fhir("metadata"), options=options)
        answer = yield from session.call(call)
        found = read_capabilities(object_of(answer))
        warn_of_version(found.fhir_version)
        return found

    return fetch


def preflight(
    session: Session,
    resource_type: str,
    pairs: list[tuple[str, str]],
    options: CallOptions = NO_OPTIONS,
) -> Flow[None]:
    """Check a search before it is sent, where the client was told to.

    Raises:
        UnknownSearchParameterError: the server does not know one of its parameters.
        MedplumError: the server's statement cannot be had, or read.
    """
    if not session.preflight or not pairs:
        return
    if session.capabilities.is_leading:  # a hook searches while the statement is fetched
        return
    from pymedplum_runtime.capabilities.preflight import (  # noqa: PLC0415 - see the top
        check_search,
    )

    own = CallOptions(on_behalf_of="", timeout=options.timeout)  # it is the same for everybody
    found = yield from capabilities(session, options=own)
    check_search(found, resource_type, pairs)

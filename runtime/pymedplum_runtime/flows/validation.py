"""Resources validated before they are written, where the client or the call says so.

Imports the validator when something is validated: most clients never do.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import ResourceLike
from pymedplum_runtime.client.write_validation import Validate, WriteValidation, write_validation
from pymedplum_runtime.errors import (
    InvalidResourceError,
    MedplumError,
    ValidationError,
)
from pymedplum_runtime.flows.bodies import body_of
from pymedplum_runtime.helpers.members import entries, member, objects, text
from pymedplum_runtime.http.callables import is_async
from pymedplum_runtime.http.flow import Flow, Invoke, Work
from pymedplum_runtime.search.entries import list_of

if TYPE_CHECKING:
    from pymedplum_runtime.terminology import AsyncTerminology, Terminology
    from pymedplum_runtime.validation.report import Issue, ValidationReport

_WRITING = frozenset({"POST", "PUT"})
_INVALID = ("fatal", "error")
_SEVERITIES = (*_INVALID, "warning", "information")
_CODE = re.compile(r"[a-z-]{1,40}")
_PATH = re.compile(r"[A-Z][A-Za-z]*(?P<rest>(\.[A-Za-z]\w*|\[\d+\])*)", re.ASCII)  # no values in it
_SAID = "the server says so (its words are in the error's outcome)"


def validate_resource(
    session: Session,
    resource: ResourceLike,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Ask the server whether it would accept a resource; the refusal is a result too."""
    body = body_of(resource)
    call = Call(
        method="POST",
        url=session.server.fhir(body.resource_type, "$validate"),
        body=body.value,
        options=options,
        is_read=True,
    )
    try:
        answer = yield from session.call(call)
    except ValidationError as error:
        refusal: dict[str, Any] = error.outcome
        return refusal
    return object_of(answer)


def before_writing(
    session: Session, value: ResourceLike, validate: Validate | None, options: CallOptions
) -> Flow[None]:
    """Validate a resource as the call or else the client says, before it is written.

    Args:
        session: of the client.
        value: what is to be written.
        validate: the call's own wish; `None` takes the client's.
        options: of the write; the server is asked for the same membership.

    Raises:
        InvalidResourceError: the resource is invalid.
        MedplumError: the server was asked, and gave no answer to it.
    """
    wanted = _wanted(session, validate)
    if wanted is None:
        return
    if wanted.where != "server":
        yield from _locally(value, wanted)
    if wanted.where != "local":
        outcome = yield from _asked(session, value, options)
        _refuse(body_of(value).resource_type, _issues(outcome), outcome)


def before_sending(
    session: Session, bundle: Mapping[str, Any], validate: Validate | None, options: CallOptions
) -> Flow[None]:
    """Validate a batch or transaction: locally as a whole, on the server each resource in it.

    Raises:
        InvalidResourceError: an entry is invalid, or the bundle is.
        MedplumError: the server was asked, and gave no answer to it.
    """
    wanted = _wanted(session, validate)
    if wanted is None or not list_of(bundle.get("entry")):
        return
    if wanted.where != "server":
        yield from _locally(bundle, wanted)
    if wanted.where != "local":
        issues: list[Issue] = []
        said: list[Any] = []
        for place, resource in _written(bundle):
            outcome = yield from _asked(session, resource, options)
            found = list(_issues(outcome, f"Bundle.entry[{place}].resource"))
            issues += found
            if any(each.severity in _INVALID for each in found):
                said += entries(outcome.get("issue"))
        _refuse("Bundle", issues, {"resourceType": "OperationOutcome", "issue": said})


def _wanted(session: Session, validate: Validate | None) -> WriteValidation | None:
    return session.validation if validate is None else write_validation(validate)


def _locally(value: ResourceLike, wanted: WriteValidation) -> Flow[None]:
    terminology = wanted.terminology
    report: ValidationReport
    if is_async(getattr(terminology, "validate_code", None)):
        report = yield Invoke(_beside_the_loop, (value, wanted))
    else:
        report = yield Work(_validated, (value, wanted, terminology))
    report.raise_for_errors()


def _validated(
    value: ResourceLike, wanted: WriteValidation, terminology: "Terminology | None"
) -> "ValidationReport":
    from pymedplum_runtime.validation import validate  # noqa: PLC0415 - see the top

    return validate(_given(value, wanted), level=wanted.level, terminology=terminology)


async def _beside_the_loop(value: ResourceLike, wanted: WriteValidation) -> "ValidationReport":
    """Validate in a thread, and ask an asynchronous service from the loop."""
    import asyncio  # noqa: PLC0415 - the synchronous client does without

    loop, service = asyncio.get_running_loop(), cast("AsyncTerminology", wanted.terminology)

    class Asking:
        def validate_code(
            self, value_set: str, system: str | None, code: str, display: str | None = None
        ) -> bool | None:
            asked = service.validate_code(value_set, system, code, display)
            return asyncio.run_coroutine_threadsafe(asked, loop).result()

    return await asyncio.to_thread(_validated, value, wanted, Asking())


def _given(value: ResourceLike, wanted: WriteValidation) -> ResourceLike:
    """Return what the validator gets."""
    if not wanted.profiles and member(value, "resourceType") != "Bundle":
        return value
    from pymedplum_runtime.flows.wanted_profiles import with_profiles  # noqa: PLC0415 - see the top

    return with_profiles(value, wanted.profiles)


def _asked(session: Session, resource: ResourceLike, options: CallOptions) -> Flow[dict[str, Any]]:
    """Return what the server says about a resource.

    Raises:
        MedplumError: its answer is something else.
    """
    outcome = yield from validate_resource(session, resource, options=options.without_headers())
    if outcome.get("resourceType") == "OperationOutcome":
        return outcome
    raise MedplumError("the server answered $validate with no OperationOutcome: nothing is written")


def _written(bundle: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    for place, entry in enumerate(list_of(bundle.get("entry"))):
        if member(member(entry, "request"), "method") in _WRITING and member(entry, "resource"):
            yield place, member(entry, "resource")


def _issues(outcome: Mapping[str, Any], place: str | None = None) -> "Iterator[Issue]":
    """Give the issues of the server without its words, which may quote the resource."""
    from pymedplum_runtime.validation.report import Issue  # noqa: PLC0415 - see the top

    for issue in objects(outcome.get("issue")):
        severity, code = issue.get("severity"), text(issue.get("code"))
        yield Issue(
            severity=severity if severity in _SEVERITIES else "error",
            code=code if code and _CODE.fullmatch(code) else "invalid",
            expression=_placed(next(iter(entries(issue.get("expression"))), None), place),
            message=_SAID,
        )


def _placed(expression: object, place: str | None) -> str:
    found = _PATH.fullmatch(expression) if isinstance(expression, str) else None
    if found is None:
        return place or ""
    return found[0] if place is None else place + found["rest"]


def _refuse(resource_type: str, issues: "Iterable[Issue]", outcome: dict[str, Any]) -> None:
    """Raise if there is an error among the issues.

    Raises:
        InvalidResourceError: with what the server said as its `outcome`.
    """
    from pymedplum_runtime.validation.report import ValidationReport  # noqa: PLC0415 - see the top

    try:
        ValidationReport(resource_type, tuple(issues)).raise_for_errors()
    except InvalidResourceError as error:
        error.response_data = outcome
        raise

"""From an answer to what a method returns: a dict, a model, or a job that was accepted."""

from http import HTTPStatus
from typing import Any, cast

from pydantic import ValidationError

from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.http.wire import Answer
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.models.codec import JsonTextError
from pymedplum_runtime.search.reading import read_model


def check_as_fhir(as_fhir: object, resource_type: str | None = None) -> None:
    """Refuse, before anything is sent, a class that the answer cannot be read into.

    Raises:
        TypeError: it is no resource class, or one of another type.
    """
    if as_fhir is None:
        return
    if not isinstance(as_fhir, type) or not issubclass(as_fhir, FHIRModel):
        kind = as_fhir.__name__ if isinstance(as_fhir, type) else type(as_fhir).__name__
        raise TypeError(f"as_fhir must be a resource class such as Patient, got {kind}")
    expected = as_fhir.__resource_type__
    if expected is None:
        raise TypeError(f"as_fhir must be a resource class; {as_fhir.__name__} is none")
    if resource_type is not None and expected != resource_type:
        raise TypeError(f"as_fhir is {as_fhir.__name__}, but a {resource_type} is asked for")


def resource_of(session: Session, answer: Answer, as_fhir: type[FHIRModel] | None) -> Any:  # noqa: ANN401 - as as_fhir says
    """Return the resource of an answer; `None` where it has no body.

    Unknown properties are kept: the server may be newer than this package.

    Raises:
        MedplumError: the body is no JSON object, or no resource of that type.
        pydantic.ValidationError: the resource breaks FHIR; its title names type and id.
    """
    if answer.status == HTTPStatus.ACCEPTED:
        return accepted_job(answer, as_fhir)
    if not answer.content:
        return None
    if as_fhir is None:
        return object_of(answer, exact=session.exact_decimals)
    try:
        return as_fhir.model_validate_json(answer.content, extra="allow")
    except (ValidationError, JsonTextError):
        pass
    try:
        return read_as(object_of(answer, exact=True), as_fhir)
    except MedplumError as error:
        error.possibly_committed = answer.is_write
        raise


def object_of(answer: Answer, *, exact: bool = False) -> dict[str, Any]:
    """Return the JSON object of an answer.

    Raises:
        MedplumError: it is something else.
    """
    decoded = answer.json(exact=exact)
    if isinstance(decoded, dict):
        return cast("dict[str, Any]", decoded)
    kind = type(decoded).__name__
    raise MedplumError(
        f"the server answered {answer.status} with a JSON {kind}, not an object",
        possibly_committed=answer.is_write,
    )


def check_done(answer: Answer) -> None:
    """Check that it was the server that answered, where nothing of the answer is returned.

    Raises:
        MedplumError: the body is no JSON object: a proxy's page, say.
    """
    if answer.content:
        object_of(answer)


def json_or_text(answer: Answer, *, exact: bool) -> Any:  # noqa: ANN401 - whatever a bot gives
    """Return JSON as Python values, anything else as text, and nothing as `None`."""
    if not answer.content:
        return None
    if "json" in answer.headers.get("Content-Type", ""):
        return answer.json(exact=exact)
    return answer.content.decode(errors="replace")


def accepted_job(answer: Answer, as_fhir: type[FHIRModel] | None = None) -> dict[str, Any]:
    """Return the OperationOutcome of a 202, with the job's URL in `issue[0].diagnostics`.

    Where the server gives the URL in `Content-Location` alone, the OperationOutcome is made.

    Raises:
        MedplumError: a class was asked for, and a job is no instance of it.
    """
    decoded = answer.json_or_none()
    location = answer.headers.get("Content-Location", "")
    outcome: dict[str, Any] = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "information", "code": "informational", "diagnostics": location}],
    }
    if isinstance(decoded, dict) and (not location or _names_job(cast("dict[str, Any]", decoded))):
        outcome = cast("dict[str, Any]", decoded)
    if as_fhir is None or as_fhir.__resource_type__ == "OperationOutcome":
        return outcome
    raise MedplumError(
        f"the server works on it as a job; call without as_fhir={as_fhir.__name__} and pass the "
        "result to wait_for_async_job",
        answer.status,
        outcome,
        possibly_committed=True,
    )


def _names_job(members: dict[str, Any]) -> bool:
    try:
        return bool(members["issue"][0]["diagnostics"])
    except (LookupError, TypeError):
        return False


def read_as(resource: dict[str, Any], as_fhir: type[FHIRModel]) -> FHIRModel:
    """Read a decoded resource into a class.

    Raises:
        MedplumError: it is of another type.
        pydantic.ValidationError: it breaks FHIR; the title names type and id.
    """
    _check_type(resource, as_fhir)
    return read_model(as_fhir, resource)


def _check_type(resource: dict[str, Any], as_fhir: type[FHIRModel]) -> None:
    found = resource.get("resourceType")
    if found == as_fhir.__resource_type__:
        return
    name = found if isinstance(found, str) and found.isalpha() else "something else"
    raise MedplumError(
        f"the server answered with {name}, not {as_fhir.__resource_type__}; "
        "call without as_fhir, or with the right class"
    )

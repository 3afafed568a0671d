"""What a CDS service answers and what it is sent, as models; faults are told by their places.

The models are generated and loaded by name, since the runtime does not import what is made for it.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeAlias, cast

from pydantic import BaseModel, ValidationError

from pymedplum_runtime.cds.templates.tokens import shown
from pymedplum_runtime.client.results import object_of
from pymedplum_runtime.errors import CDSHooksError, MedplumError
from pymedplum_runtime.helpers.members import is_data, members_of
from pymedplum_runtime.http.wire import Answer

_MODELS = "pymedplum.cds_models"
_MOST_SHOWN = 5

OnProblem: TypeAlias = Callable[[CDSHooksError], object] | None
"""Receives what is wrong with a part, which is then left out; without it the first one raises."""


def model_named(name: str) -> Any:  # noqa: ANN401 - a generated class, which mypy cannot see here
    """Return a generated class of CDS Hooks."""
    return getattr(import_module(_MODELS), name)


def services_of(answer: Answer, on_error: OnProblem) -> list[Any]:
    """Return the services of a discovery.

    Raises:
        CDSHooksError: it is none, or a service breaks CDS Hooks.
    """
    discovery = _read(answer, "Discovery", {"services": "CDSService"}, on_error)
    return list(discovery.services)


def response_of(answer: Answer, on_error: OnProblem) -> Any:  # noqa: ANN401 - as model_named
    """Return the cards and system actions of an answer.

    Raises:
        CDSHooksError: it has none, or one breaks CDS Hooks.
    """
    parts = {"cards": "Card", "systemActions": "Action"}
    return _read(answer, "CDSResponse", parts, on_error)


def _read(answer: Answer, name: str, parts: Mapping[str, str], on_error: OnProblem) -> Any:  # noqa: ANN401 - as model_named
    members = _object(answer)
    if on_error is not None:
        kept = {key: _without_faulty(members, key, parts[key], on_error) for key in parts}
        members |= {key: value for key, value in kept.items() if value is not None}
        if not members.get("systemActions"):  # it is left out where it would be empty
            members.pop("systemActions", None)
    return checked(name, members, "the answer of the CDS service")


def _object(answer: Answer) -> dict[str, Any]:
    try:
        return object_of(answer, exact=True)
    except MedplumError:
        pass  # it asks about Medplum, and this may be another server
    raise CDSHooksError(
        f"the CDS service answered {answer.status} with what is no JSON object", answer.status
    )


def _without_faulty(
    members: Mapping[str, Any], key: str, name: str, on_error: Callable[[CDSHooksError], object]
) -> list[object] | None:
    given = members.get(key)
    if not isinstance(given, list):
        return None
    kept: list[object] = []
    for place, each in enumerate(cast("list[object]", given)):
        try:
            kept.append(checked(name, each, f"{key}.{place} of the CDS service's answer"))
        except CDSHooksError as error:
            on_error(error)
    return kept


def checked(name: str, value: object, where: str) -> Any:  # noqa: ANN401 - as model_named
    """Read a value as a generated class; an instance of it is taken as it is.

    Raises:
        CDSHooksError: it breaks CDS Hooks; the message has places and no values.
    """
    cls: type[BaseModel] = model_named(name)
    if isinstance(value, cls):
        return value
    try:
        return cls.model_validate(value)
    except ValidationError as error:
        found = problems_in(error)
    raise CDSHooksError(f"{where} breaks CDS Hooks: {found}")


def checked_request(request: object) -> Any:  # noqa: ANN401 - as model_named
    """Read a request as the class of its hook; a model is taken as it is.

    Raises:
        CDSHooksError: it breaks CDS Hooks.
        TypeError: it is neither a dict nor a model.
    """
    if isinstance(request, model_named("CDSRequest")):
        return request
    if not is_data(request):
        raise TypeError(f"request must be a dict or a CDSRequest, got {type(request).__name__}")
    members = members_of(request)
    return checked(request_class(members.get("hook")), members, "the request")


def request_class(hook: object) -> str:
    """Return the name of the class of a hook's requests; the general one for hooks of others."""
    requests = cast("Mapping[object, type]", import_module(_MODELS).REQUESTS)
    found = requests.get(hook) if isinstance(hook, str) else None
    return found.__name__ if found else "CDSRequest"


def problems_in(error: ValidationError) -> str:
    """Return what is wrong and where, without a value."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    listed = [
        f"{shown('.'.join(map(str, each['loc'])), 200) or 'the whole'}: {each['msg']}"
        for each in found[:_MOST_SHOWN]
    ]
    more = len(found) - len(listed)
    return "; ".join(listed) + (f"; and {more} more" if more else "")

"""One example through the models: is it accepted, and does it come back the same?"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from hl7_examples import exactly
from pydantic import ValidationError

from pymedplum import fhir


class Outcome(NamedTuple):
    """The places of a refusal, none if accepted; and whether the JSON came back as it was."""

    errors: tuple[str, ...]
    is_same: bool

    @property
    def is_accepted(self) -> bool:
        return not self.errors


def model_of(resource_type: str) -> Any:
    return getattr(fhir, resource_type)


def read(text: bytes) -> Outcome:
    """Parse with the class that the text names, dump, and compare."""
    model = model_of(json.loads(text)["resourceType"])
    try:
        dumped = model.model_validate_json(text).model_dump_json()
    except ValidationError as error:
        return Outcome(tuple(element(e["loc"]) for e in error.errors()), is_same=False)
    return Outcome((), exactly(dumped) == exactly(text))


def element(location: Iterable[int | str]) -> str:
    """Return the path of an error without its indices."""
    return ".".join(step for step in location if isinstance(step, str))


def accepts_json(resource_type: str, text: bytes) -> bool:
    try:
        model_of(resource_type).model_validate_json(text)
    except ValidationError:
        return False
    return True


def accepts_dict(resource_type: str, payload: dict[str, Any]) -> bool:
    try:
        model_of(resource_type).model_validate(payload)
    except ValidationError:
        return False
    return True

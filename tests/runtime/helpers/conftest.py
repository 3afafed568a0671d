"""Every helper reads dicts and models alike: `make` gives the same data as either."""

from collections.abc import Callable
from typing import Any

import pytest

import pymedplum.fhir

Make = Callable[[str, dict[str, Any]], Any]


def _as_dict(_type_name: str, data: dict[str, Any]) -> dict[str, Any]:
    return data


def _as_model(type_name: str, data: dict[str, Any]) -> object:
    return getattr(pymedplum.fhir, type_name).model_validate(data)


@pytest.fixture(params=[_as_dict, _as_model], ids=["dict", "model"])
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made

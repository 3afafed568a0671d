"""Required value sets are `Literal` types in `pymedplum.fhir.codes`."""

from typing import Literal, get_args, get_origin

import pytest
from fresh import run_fresh
from pydantic import TypeAdapter
from refusals import problems

import pymedplum.fhir
from pymedplum.fhir import codes


def test_a_value_set_is_a_literal_of_its_codes() -> None:
    assert get_origin(codes.AdministrativeGender) is Literal
    assert get_args(codes.AdministrativeGender) == ("male", "female", "other", "unknown")


def test_every_value_set_is_there() -> None:
    assert dir(codes) == sorted(codes.CODES)
    for name in dir(codes):
        assert get_args(getattr(codes, name)) == codes.CODES[name]
        assert codes.CODES[name]


def test_a_value_set_is_a_type_for_pydantic() -> None:
    adapter: TypeAdapter[str] = TypeAdapter(codes.AdministrativeGender)
    assert adapter.validate_python("male") == "male"
    assert problems(adapter.validate_python, "femal")


def test_an_unknown_value_set_gets_a_suggestion() -> None:
    with pytest.raises(AttributeError, match="did you mean 'AdministrativeGender'"):
        getattr(codes, "AdministrativGender")  # noqa: B009 - a name that is not there


def test_every_value_set_that_is_named_is_there() -> None:
    rows = [
        row
        for name in pymedplum.fhir.FHIR_TYPES
        for row in getattr(pymedplum.fhir, name).__properties__
        if row.codes
    ]
    assert rows
    assert {row.codes for row in rows} <= set(codes.CODES)


def test_value_sets_need_no_pydantic() -> None:
    code = "import sys, pymedplum.fhir.codes as c; c.LinkType; print('pydantic' in sys.modules)"
    assert run_fresh(code) == "False"

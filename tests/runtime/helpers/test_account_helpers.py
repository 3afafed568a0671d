from collections.abc import Callable
from typing import Any

import pytest

from pymedplum.fhir import Patient
from pymedplum_runtime.helpers import (
    extract_account_references,
    get_resource_accounts,
    resource_has_account,
)

Make = Callable[[str, dict[str, Any]], Any]

ONE = {"reference": "Organization/1"}
TWO = {"reference": "Organization/2"}


@pytest.mark.parametrize(
    ("meta", "accounts"),
    [
        ({}, []),
        ({"account": ONE}, ["Organization/1"]),
        ({"accounts": [ONE, TWO]}, ["Organization/1", "Organization/2"]),
        ({"account": TWO, "accounts": [ONE]}, ["Organization/2", "Organization/1"]),
        ({"account": TWO, "accounts": [ONE, TWO]}, ["Organization/2", "Organization/1"]),
        ({"accounts": [{"display": "no reference"}, TWO, TWO]}, ["Organization/2"]),
    ],
)
def test_accounts_are_the_singular_first_and_each_once(
    make: Make, meta: dict[str, Any], accounts: list[str]
) -> None:
    patient = {"resourceType": "Patient"} | ({"meta": meta} if meta else {})
    assert get_resource_accounts(make("Patient", patient)) == accounts
    if meta:
        assert extract_account_references(make("Meta", meta)) == accounts


def test_a_model_says_the_same_of_itself() -> None:
    patient = Patient.model_validate(
        {"resourceType": "Patient", "meta": {"account": TWO, "accounts": [ONE, TWO]}}
    )
    assert patient.medplum_accounts == get_resource_accounts(patient)


def test_a_resource_has_the_accounts_that_it_is_assigned_to(make: Make) -> None:
    meta = {"account": ONE, "accounts": [TWO]}
    patient = make("Patient", {"resourceType": "Patient", "meta": meta})
    assert resource_has_account(patient, "Organization/1")
    assert resource_has_account(patient, "Organization/2")
    assert not resource_has_account(patient, "Organization/3")


@pytest.mark.parametrize("meta", [None, {}, {"accounts": None, "account": "Organization/1"}])
def test_no_meta_and_malformed_meta_have_no_accounts(meta: dict[str, Any] | None) -> None:
    assert extract_account_references(meta) == []
    assert get_resource_accounts({"meta": meta}) == []


def test_malformed_accounts_are_skipped() -> None:
    assert extract_account_references({"accounts": ["x", None, {"reference": 1}, ONE]}) == [
        "Organization/1"
    ]

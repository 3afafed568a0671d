"""The value sets of the package: compact, whole, and loaded without anything heavy."""

import json
import pkgutil
import subprocess
import sys
import zlib
from typing import cast

import pytest

from pymedplum_runtime.profiles.definitions import packaged
from pymedplum_runtime.profiles.tables import ANY_SYSTEM, ValueSetTable
from pymedplum_runtime.terminology import check, why_unknown
from pymedplum_runtime.terminology.grammars import LANGUAGES, MEDIA_TYPES, UNITS, fits

FHIR = "http://hl7.org/fhir/ValueSet/"
SIZE = 250_000  # bytes of the wheel


@pytest.fixture(scope="module")
def lines() -> list[str]:
    content = pkgutil.get_data("pymedplum.definitions", "value_sets.jsonl")
    assert content is not None
    return content.decode().splitlines()


@pytest.fixture(scope="module")
def tables(lines: list[str]) -> list[ValueSetTable]:
    return [cast("ValueSetTable", json.loads(line)) for line in lines]


def test_the_value_sets_take_little_of_the_wheel(lines: list[str]) -> None:
    assert len(zlib.compress("\n".join(lines).encode(), 9)) < SIZE


def test_every_table_says_something_and_nothing_twice(tables: list[ValueSetTable]) -> None:
    urls = [table["url"] for table in tables]

    assert urls == sorted(set(urls))
    for table in tables:
        assert table["systems"] or table.keys() & {"grammars", "open"}
        assert ANY_SYSTEM not in table["systems"]
        for codes in table["systems"].values():
            assert len(codes) == len(set(codes)) > 0


def test_every_grammar_of_a_table_is_known(tables: list[ValueSetTable]) -> None:
    grammars = {
        (system, frozenset(parts))
        for table in tables
        for system, parts in table.get("grammars", {}).items()
    }

    assert {system for system, _ in grammars} == {LANGUAGES, MEDIA_TYPES, UNITS}
    for system, parts in grammars:
        assert not fits(system, "no code of any", parts)


@pytest.mark.parametrize(
    ("name", "system", "code", "answer"),
    [
        ("administrative-gender|4.0.1", None, "female", "in"),
        ("administrative-gender|4.0.1", None, "F", "out"),
        ("mimetypes|4.0.1", None, "application/pdf", "in"),
        ("mimetypes|4.0.1", None, "a pdf", "out"),
        ("currencies|4.0.1", None, "EUR", "in"),
        ("currencies|4.0.1", None, "EURO", "out"),
        ("ucum-units|4.0.1", UNITS, "mg/dL", "in"),
        ("ucum-units|4.0.1", UNITS, "mgs", "out"),
        ("device-kind", "http://snomed.info/sct", "706004007", "unknown"),
        ("device-kind", "http://loinc.org", "706004007", "out"),
        ("subscription-notification-type|4.3.0", None, "handshake", "unknown"),
    ],
)
def test_codes_are_checked_without_asking_anybody(
    name: str, system: str | None, code: str, answer: str
) -> None:
    assert check(packaged(), FHIR + name, system, code) == answer
    if answer == "unknown":
        assert "not" in why_unknown(packaged(), FHIR + name, system)


def test_importing_terminology_imports_nothing_heavy() -> None:
    program = """
import pkgutil, sys
import pymedplum_runtime.terminology as package
for module in pkgutil.iter_modules(package.__path__):
    __import__(f"{package.__name__}.{module.name}")
print(*sorted({"asyncio", "concurrent.futures", "httpx", "pydantic"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []

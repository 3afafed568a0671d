"""`pymedplum.fhir` gives every class under one name, loaded when it is first asked for."""

import importlib
from pathlib import Path

import pytest
from fresh import run_fresh

import pymedplum.fhir
from pymedplum.fhir import FHIR_TYPES, PACKAGE, parse_resource, resource_class

FOLDER = Path(pymedplum.fhir.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")

IMPORT_ALL = """
import importlib, random, sys
names = {names!r}
random.Random({seed}).shuffle(names)
for name in names:
    module = importlib.import_module(f"pymedplum.fhir.{{name}}")
    module_classes = [c for c in vars(module).values() if isinstance(c, type)]
    assert name in ("codes", "primitives") or module_classes, name
import pymedplum.fhir as fhir
for name in fhir.FHIR_TYPES:
    cls = getattr(fhir, name)
    assert getattr(sys.modules[cls.__module__], name) is cls, name
print(len(names))
"""


def test_a_class_is_the_same_from_the_package_and_from_its_module() -> None:
    for name in FHIR_TYPES:
        cls = getattr(pymedplum.fhir, name)
        assert cls.__name__ == name
        assert getattr(importlib.import_module(cls.__module__), name) is cls


def test_every_type_is_exported() -> None:
    functions = {"FHIR_TYPES", "FHIR_VERSION", "parse_resource", "resource_class"}
    exported = set(vars(pymedplum.fhir)["__all__"])
    assert exported == FHIR_TYPES | functions
    assert pymedplum.fhir.FHIR_VERSION == "4.0.1"
    assert exported <= set(dir(pymedplum.fhir))


def test_a_star_import_gives_every_exported_name() -> None:
    code = "from pymedplum.fhir import *; import pymedplum.fhir as f; "
    code += "print([name for name in f.__all__ if globals()[name] is not getattr(f, name)])"
    assert run_fresh(code) == "[]"


def test_an_unknown_class_gets_a_suggestion() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Pateint'; did you mean 'Patient'"):
        getattr(pymedplum.fhir, "Pateint")  # noqa: B009 - a name that is not there
    with pytest.raises(ImportError, match="Pateint"):
        exec("from pymedplum.fhir import Pateint")  # noqa: S102 - a statement that must fail
    with pytest.raises(AttributeError, match=r"has no attribute 'zzzzz'$"):
        getattr(pymedplum.fhir, "zzzzz")  # noqa: B009 - a name that is not there


def test_resources_are_found_by_name() -> None:
    assert resource_class("Patient") is pymedplum.fhir.Patient
    assert type(parse_resource({"resourceType": "Patient"})) is pymedplum.fhir.Patient
    assert {"Patient", "HumanName", "PatientContact", "Extension"} <= FHIR_TYPES
    assert PACKAGE.resources < FHIR_TYPES


@pytest.mark.parametrize("seed", range(3))
def test_modules_may_be_imported_in_any_order(seed: int) -> None:
    assert run_fresh(IMPORT_ALL.format(names=MODULES, seed=seed)) == str(len(MODULES))


@pytest.mark.parametrize("name", ["patient", "extension", "element", "bundle", "meta"])
def test_a_module_may_be_the_first_import(name: str) -> None:
    code = f"import pymedplum.fhir.{name} as m; print(m.__name__)"
    assert run_fresh(code) == f"pymedplum.fhir.{name}"


@pytest.mark.parametrize("module", ["pymedplum", "pymedplum.fhir", "pymedplum.helpers"])
def test_an_import_of_a_package_imports_no_dependency(module: str) -> None:
    code = f"import sys, {module}; "
    code += (
        "print([n for n in ('pydantic', 'pydantic_core', 'httpx', 'msgspec') if n in sys.modules])"
    )
    assert run_fresh(code) == "[]"


def test_a_model_needs_no_http() -> None:
    code = (
        "import sys; from pymedplum.fhir import Patient; Patient(); print('httpx' in sys.modules)"
    )
    assert run_fresh(code) == "False"


def test_a_class_loads_the_modules_that_it_needs_alone() -> None:
    code = "import sys; from pymedplum.fhir import Patient; Patient(name=[{'family': 'a'}]); "
    code += "print(sum(name.startswith('pymedplum.fhir.') for name in sys.modules))"
    assert int(run_fresh(code)) < 30 < len(MODULES)

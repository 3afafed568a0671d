"""Compiled guides as modules: written the same every time, read without being run."""

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from guides import MCODE, profiles_of
from hypothesis import given
from hypothesis import strategies as st
from tiny_profiles import HOME, element, profile

from pymedplum_runtime.errors import ProfileError
from pymedplum_runtime.profiles import compile_profiles, packaged, write_module
from pymedplum_runtime.validation.profile_loading import load_profile

TABLES = compile_profiles(
    [profile(element("Observation.code", patternCodeableConcept={"text": "'\"\\\n\u2028é"}))],
    packaged(),
)
CODES: Any = {"url": "http://example.org/v", "systems": {"http://example.org/s": ["a"]}}


def imported(text: str) -> ModuleType:
    module = ModuleType("tiny_guide")
    exec(compile(text, "tiny_guide.py", "exec"), module.__dict__)  # noqa: S102 - our own text
    return module


def test_a_module_says_what_it_was_made_from() -> None:
    text = write_module(TABLES, package="hl7.fhir.us.mcode", version="4.0.0")

    assert (ast.get_docstring(ast.parse(text)) or "").startswith(
        "Profiles of hl7.fhir.us.mcode 4.0.0,"
    )


def test_a_module_and_its_file_are_loaded_alike(tmp_path: Path) -> None:
    text = write_module(TABLES, [CODES])
    (tmp_path / "guide.py").write_text(text, encoding="utf-8")

    for source in (imported(text), tmp_path / "guide.py", str(tmp_path / "guide.py")):
        known = packaged().extended()
        assert load_profile(source, definitions=known) == (HOME + "tiny",)
        assert known.table(HOME + "tiny") == TABLES[0]
        assert known.value_set(CODES["url"]) == CODES


def test_a_modules_file_is_not_run(tmp_path: Path) -> None:
    text = write_module(TABLES) + "\nraise SystemExit('it was run')\n"
    (tmp_path / "guide.py").write_text(text, encoding="utf-8")

    assert load_profile(tmp_path / "guide.py", definitions=packaged().extended())


def test_the_same_guide_gives_the_same_bytes_in_any_order() -> None:
    tables = compile_profiles(profiles_of(MCODE), packaged())

    text = write_module(tables)

    assert text == write_module(reversed(tables))
    assert text.isascii()


def test_profiles_may_be_based_on_those_of_a_module() -> None:
    known = packaged().extended()
    child = profile(element("Observation.subject", min_=1), name="child", base=HOME + "tiny")

    assert load_profile([imported(write_module(TABLES)), child], definitions=known) == (
        HOME + "child",
        HOME + "tiny",
    )
    table = known.table(HOME + "child")
    assert table is not None
    assert "code" in table.get("root", {}).get("elements", {})


def test_importing_a_module_imports_nothing(tmp_path: Path) -> None:
    (tmp_path / "guide.py").write_text(write_module(TABLES, [CODES]), encoding="utf-8")
    asked = "import sys; before = set(sys.modules); import guide; print(set(sys.modules) - before)"

    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout == "{'guide'}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PROFILES = 5",
        "PROFILES: tuple[str, ...] = ()",
        "PROFILES: object = (1,)\nVALUE_SETS: object = ()",
        "PROFILES: object = open('x')\nVALUE_SETS: object = ()",
        "PROFILES: object = ('{}',)\nVALUE_SETS: object = ()",
        "PROFILES: object = ('{',)\nVALUE_SETS: object = ()",
        "def f(:",
        "(" * 5000,
    ],
)
def test_another_module_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(text)

    with pytest.raises(ProfileError, match=r"other\.py"):
        load_profile(tmp_path / "other.py")


def test_another_module_that_was_imported_is_refused() -> None:
    with pytest.raises(ProfileError, match="json: it is no module"):
        load_profile(__import__("json"))


@given(st.text(), st.text())
def test_no_name_breaks_the_text(package: str, version: str) -> None:
    text = write_module(TABLES, package=package, version=version)

    assert imported(text).PROFILES == imported(write_module(TABLES)).PROFILES

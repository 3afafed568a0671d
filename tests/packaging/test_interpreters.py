"""The wheel, installed and used on every supported interpreter of this machine."""

import re
import sys
from pathlib import Path

import pytest
from distributions import Wheel, run_python
from interpreters import (
    SUPPORTED,
    Interpreter,
    find_interpreters,
    install_wheel,
    make_environment,
)

SMOKE = Path(__file__).with_name("smoke.py")
RUNNING = next(one for one in find_interpreters() if one.path == sys.executable)
LOWER_BOUND = re.compile(r"([\w-]+)>=([\d.]+)$")
# Where the declared version has no binary for an interpreter that came out after it.
FIRST_BINARIES = {("msgspec", "3.14"): "0.20.0"}


@pytest.mark.parametrize("interpreter", find_interpreters(), ids=lambda one: one.version)
def test_the_wheel_works_on_every_supported_interpreter(
    interpreter: Interpreter, wheel: Wheel
) -> None:
    python = make_environment(interpreter, interpreter.version, wheel.requirements())
    install_wheel(python, wheel.path)
    _smoke(python)


def test_the_wheel_works_with_the_lowest_versions_it_declares(wheel: Wheel) -> None:
    pins = [_lowest(requirement) for requirement in wheel.requirements()]
    assert pins
    python = make_environment(RUNNING, f"{RUNNING.version}-lowest", pins)
    install_wheel(python, wheel.path)
    _smoke(python)


def test_the_interpreter_that_runs_the_tests_is_a_supported_one() -> None:
    assert RUNNING.version in SUPPORTED


def _lowest(requirement: str) -> str:
    match = LOWER_BOUND.match(requirement)
    assert match, f"{requirement} declares no lowest version"
    name, version = match.groups()
    return f"{name}=={FIRST_BINARIES.get((name, RUNNING.version), version)}"


def _smoke(python: Path) -> None:
    """Isolated from the checkout and the user's settings, warnings as errors."""
    said = run_python("-I", "-W", "error", str(SMOKE), python=python, cwd=SMOKE.parent)
    assert said == "smoke passed\n"

"""Resources built to be slow, deep or large are refused or validated in linear time and memory."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from validation_hostile import CIRCLES, NESTED, WIDE
from validation_texts import PRIMITIVES, Json

from pymedplum.validation import validate

SCRIPT = Path(__file__).with_name("validation_hostile.py")
SIZES = (400, 800, 1600)
SLACK = 1.05  # what is done once, such as the first use of a rule, may fall on either side
FEW = 200  # calls


def calls(act: Callable[[], Any]) -> int:
    """Count the functions that are called, Python's own included: work, whatever the machine."""
    count = 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def _squared(size: int) -> None:
    for number in range(size):
        for _ in range(size):
            abs(number)


def validated(make: Callable[[int], Json], size: int) -> int:
    hostile = make(size)
    return calls(lambda: validate(hostile))


@pytest.mark.parametrize("name", [*WIDE, *NESTED])
def test_twice_the_resource_is_at_most_twice_the_work(name: str) -> None:
    make = WIDE.get(name) or NESTED[name]
    validate(make(SIZES[0]))
    small, middle, large = (validated(make, size) for size in SIZES)
    assert large - middle <= 2 * SLACK * max(middle - small, 0) + FEW


def test_the_count_sees_work_that_is_not_linear() -> None:
    counts = [calls(partial(_squared, n)) for n in (10, 20, 40)]
    assert counts[2] - counts[1] > 2 * SLACK * (counts[1] - counts[0]) + FEW


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[bool, int]]:
    """What comes of every resource at full size, in processes with bounded memory and time."""
    names = [*WIDE, *NESTED, *PRIMITIVES, *CIRCLES]
    halves = [names[0::2], names[1::2]]
    runs = [
        subprocess.Popen([sys.executable, SCRIPT, *half], stdout=subprocess.PIPE) for half in halves
    ]
    lines = [line for run in runs for line in run.communicate()[0].splitlines()]
    return {name: (ok, count) for name, ok, count in map(json.loads, lines)}


@pytest.mark.parametrize("name", [*WIDE, *NESTED, *PRIMITIVES, *CIRCLES])
def test_it_comes_to_an_end_at_full_size_with_a_bounded_report(
    name: str, found: dict[str, tuple[bool, int]]
) -> None:
    assert name in found, "the process ended before it: out of memory or of time"
    assert found[name][1] < 2000


@pytest.mark.parametrize("name", [*NESTED, *CIRCLES])
def test_what_is_nested_ten_thousand_times_or_in_itself_is_refused(
    name: str, found: dict[str, tuple[bool, int]]
) -> None:
    assert found[name][0] is False

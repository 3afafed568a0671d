"""Threads that use models for the first time, all at once.

Runs without pytest and msgspec, on any Python that has Pydantic: `python threads.py [rounds]`.
Every round is a process of its own, for a class is used for the first time only once.
"""

import importlib
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

THREADS = 100
ROOT = Path(__file__).resolve().parents[3]
DATA: dict[str, Any] = {
    "id": "a",
    "extension": [{"url": "a", "valueQuantity": {"value": 1, "unit": "b"}}],
}
Outcome = tuple[str, str]


def use(name: str) -> Outcome:
    """Read and write with a class; what it refuses is an outcome like any other."""
    fhir = importlib.import_module("pymedplum.fhir")
    cls = getattr(fhir, name)
    errors: Any = importlib.import_module("pydantic").ValidationError
    try:
        model = cls.model_validate(DATA)
    except errors as error:
        said = str(error)
    else:
        again = cls(**model.model_dump())
        model.id = "b"
        said = f"{again.model_dump()} {model.model_dump()} {again == model}"
    return name, said


def use_own(cls: Any) -> Outcome:
    """Read and write with a class of the user."""
    model = cls(birth_date="1970", nick="a", name=[{"family": "b"}])
    model.nick = "c"
    return "own", str(model.model_dump())


def at_once(calls: list[Callable[[], Outcome]]) -> list[Outcome]:
    """Start every call at the same moment, in a thread each."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Outcome]) -> Outcome:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


def play(kind: str, seed: int) -> None:
    """Play one round; an assertion fails, or a thread raises, when something went wrong."""
    fhir = importlib.import_module("pymedplum.fhir")
    names = random.Random(seed).sample(sorted(fhir.FHIR_TYPES), THREADS)  # noqa: S311 - the same every run
    if kind == "own":
        own = type("Own", (fhir.Patient,), {"__annotations__": {"nick": str}})
        calls: list[Callable[[], Outcome]] = [lambda: use_own(own)] * THREADS
    elif kind == "same":
        calls = [lambda: use(names[0])] * THREADS
    else:
        calls = [lambda name=name: use(name) for name in names]  # type: ignore[misc]
    said = at_once(calls)
    assert said == [call() for call in calls], "a later use gives another outcome"
    for name in names:
        cls = getattr(fhir, name)
        assert getattr(importlib.import_module(cls.__module__), name) is cls, f"two of {name}"


def main(arguments: list[str]) -> int:
    """Play the rounds, each in a fresh process; exit 1 when one failed."""
    if len(arguments) == 2:
        sys.path[:0] = [str(ROOT / "generated"), str(ROOT / "runtime")]
        sys.setswitchinterval(1e-5)
        play(arguments[0], int(arguments[1]))
        return 0
    rounds = range(int(arguments[0]) if arguments else 3)
    failed = 0
    for kind in ("different", "same", "own"):
        for seed in rounds:
            command = [sys.executable, "-W", "error", __file__, kind, str(seed)]
            failed += subprocess.run(command, check=False).returncode != 0
    print(f"{len(rounds) * 3} rounds of {THREADS} threads, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

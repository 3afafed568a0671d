"""Microseconds of calls inside one process. The garbage collector stays on, as users have it."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

CALLS = 20


def median_times(calls: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Return the median microseconds of each call, made in turn so that drift meets all alike."""
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            samples[name].append(_time(call))
    return medians(samples)


def medians(samples: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the median of each call's samples."""
    return {name: statistics.median(times) for name, times in samples.items()}


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - start) / CALLS * 1e6

"""Measures reading NDJSON: typed against Pydantic alone, and two processes against one."""

from tests.benchmarks.calls import BLOOD_PRESSURE
from tests.benchmarks.children import alternate, snippet
from tests.benchmarks.client_rows import medians_of
from tests.benchmarks.contestants import OURS
from tests.benchmarks.rows import Report, Row, Target, notes_of

LINES = 25_000
# Rates are asked for; the table has seconds.
TYPED = Target("rate >= 0.9 x model_validate_json", "floor", 1 / 0.9)
TWICE = Target("rate >= 1.6 x one process", "floor", 1 / 1.6)


def measure_ndjson(rounds: int) -> Report:
    """Time the same lines read by `model_validate_json`, `read_ndjson` and `map_ndjson`."""
    command = snippet(OURS.python, "ndjson_rates.py", str(BLOOD_PRESSURE), str(LINES), "{empty}")
    runs, failures = alternate({OURS.name: command}, rounds, warm_up=False)
    if OURS.name not in runs:
        return Report((), notes_of(failures))
    seconds = medians_of(runs[OURS.name])
    return Report(
        (
            Row(
                measure=f"ndjson, {LINES:,} BP Observations as models (floor: validated alone)",
                unit="s",
                floor=seconds["validate_json"],
                values={OURS.name: seconds["typed"]},
                target=TYPED,
            ),
            Row(
                measure=f"ndjson, a function over {6 * LINES:,}, two processes (floor: one)",
                unit="s",
                floor=seconds["1 processes"],
                values={OURS.name: seconds["2 processes"]},
                target=TWICE,
            ),
        )
    )

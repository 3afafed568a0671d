"""`spark_table` on a local Spark, in an environment of its own: .venv has no Spark."""

import re
from pathlib import Path

from tests.spark.environment import ROOT, run

HERE = "tests/spark"  # without the conftest above it, which needs more than there is
CHECKS = ("-p", "no:cacheprovider", "--confcutdir", HERE, "-o", "python_files=checks_*.py", HERE)
PAGE = ROOT / "docs" / "spark.md"
_SNIPPET = re.compile(r"^```py\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_views_run_on_a_local_spark() -> None:
    done = run(["-m", "pytest", "-q", *CHECKS])
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_the_page_about_spark_runs(tmp_path: Path) -> None:
    program = tmp_path / "page.py"
    snippets = _SNIPPET.findall(PAGE.read_text(encoding="utf-8"))
    program.write_text("\n".join(snippets), encoding="utf-8")
    done = run([str(program)])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Decimal('71.500000000000000000')" in done.stdout
    assert "Observation.2.ndjson: invalid JSON" in done.stdout
    assert done.stdout.splitlines()[-1] == "2"

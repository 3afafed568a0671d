"""The conformance cases on a local Spark: each from a file of NDJSON, in several partitions.

Runs where Spark is, as `python -m tests.sql_on_fhir.spark_runner FOLDER`; prints verdicts as JSON.
"""

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from pymedplum_runtime.errors import ViewError
from pymedplum_runtime.tables.spark import spark_table
from pymedplum_runtime.tables.views.view import View
from tests.spark.session import local_spark
from tests.sql_on_fhir.cases import Case, read_cases
from tests.sql_on_fhir.ndjson_files import names, ndjson_file, own_columns
from tests.sql_on_fhir.verdicts import Table, Verdict, judge

PARTITION_BYTES = "600"  # so that a file with a few lines is several partitions


def main() -> None:
    """Run the cases of the folder that is named."""
    verdicts = _verdicts(read_cases(Path(sys.argv[1])))
    print(json.dumps([asdict(verdict) for verdict in verdicts]))


def _verdicts(cases: Sequence[Case]) -> list[Verdict]:
    with local_spark() as spark, ThreadPoolExecutor(4) as threads:
        spark.conf.set("spark.sql.files.maxPartitionBytes", PARTITION_BYTES)
        return list(threads.map(lambda case: judge(case, lambda one: _run(spark, one)), cases))


def _run(spark: SparkSession, case: Case) -> Table:
    view = View.from_definition(case.view)
    with ndjson_file(case) as path:
        try:
            rows = [row.asDict() for row in spark_table(spark, view, path).collect()]
        except PythonException as error:
            raise _of_worker(error) from None
    return Table(names(view), own_columns(view, rows))


def _of_worker(error: PythonException) -> Exception:
    """The error of a view that a worker raised; Spark tells of it in words."""
    if f"{ViewError.__module__}.{ViewError.__name__}: " in str(error):
        return ViewError("a worker refused it", "of the case")
    return error


if __name__ == "__main__":
    main()

"""A Spark of our own in this process: two threads, and four attempts at a task."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "America/New_York",  # another one than UTC, to be noticed
}


@contextmanager
def local_spark() -> Iterator[SparkSession]:
    """Yield a session; one at a time in a process."""
    builder = SparkSession.builder.master("local[2,4]").appName("pymedplum")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    try:
        yield spark
    finally:
        spark.stop()

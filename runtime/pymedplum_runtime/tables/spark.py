"""A view on Spark: NDJSON files, or a DataFrame of JSON texts, as a DataFrame of the view's rows.

The rows are made by the Python engine in Spark's own Python processes, partition by partition.
"""

import pickle
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar, cast

from pymedplum_runtime.tables.arrow.batches import arrow_schema
from pymedplum_runtime.tables.extra import require
from pymedplum_runtime.tables.options import Decimals, checked_options
from pymedplum_runtime.tables.spark_partitions import ERROR_COLUMN, PartitionRows

if TYPE_CHECKING:
    from pymedplum_runtime.tables.views.view import View

FrameT = TypeVar("FrameT")
FrameT_co = TypeVar("FrameT_co", covariant=True)
Paths: TypeAlias = str | PathLike[str] | Iterable[str | PathLike[str]]

_WHAT = "spark_table()"
_TEXT_TYPES = {"string", "binary"}


class Session(Protocol[FrameT_co]):
    """A `SparkSession`, plain or of Spark Connect, which knows the class of its DataFrames."""

    def table(self, name: str, /) -> FrameT_co:
        """Return a table as a DataFrame."""
        ...


def spark_table(  # noqa: PLR0913 - one argument a choice
    spark: Session[FrameT],
    view: "View",
    source: FrameT | Paths,
    *,
    decimals: Decimals = "decimal",
    default_zone: tzinfo | None = None,
    on_error: Literal["raise", "collect"] = "raise",
) -> FrameT:
    """Return the table of a view as a DataFrame, which Spark makes when it is asked for.

    Its columns are those of `view.to_arrow()`; its rows are in no order. `pymedplum` has to be
    installed for the Python of Spark's workers too, in the same version.

    Args:
        spark: a session.
        view: the view.
        source: the paths or URLs of NDJSON files, folders or globs, as Spark takes them, plain or
            gzip; `.json` files of folders, such as an export's description, are left out. Or a
            DataFrame whose only column has JSON texts, one resource each.
        decimals: as in `TableOptions`.
        default_zone: as in `TableOptions`.
        on_error: `"raise"` fails the job at the first resource that cannot be read or put into
            rows, once Spark has tried the task often enough. `"collect"` adds a column `_error`:
            for each such resource a row that has nothing else; null in all others.

    Raises:
        ImportError: pyspark or pyarrow is not installed.
        TypeError: the source is none of these, or the DataFrame has other columns.

    Example:
        >>> table = spark_table(spark, view, "s3a://bucket/export/Observation.*.ndjson.gz")
        >>> table.write.parquet("s3a://bucket/observations")
    """
    require("pyspark", _WHAT)
    types = require("pyspark.sql.types", _WHAT)
    checked_options({"decimals": decimals, "default_zone": default_zone})
    if on_error not in {"raise", "collect"}:
        raise ValueError("on_error must be 'raise' or 'collect'; Spark takes no function")
    texts = _texts(spark, source)
    rows = PartitionRows(pickle.dumps(view), decimals, default_zone, collects=on_error == "collect")
    schema: Any = arrow_schema(view.plan, decimals)  # of types that the stubs leave open
    fields = [types.StructField(each.name, _spark_type(each.type, types)) for each in schema]
    if rows.collects:
        fields.append(types.StructField(ERROR_COLUMN, types.StringType()))
    return cast("FrameT", texts.mapInArrow(rows, types.StructType(fields)))


def _texts(spark: Any, source: Any) -> Any:  # noqa: ANN401 - objects of Spark
    """Return a DataFrame of the texts and, where it is known, the file that each is in.

    Texts are bytes, so that a broken character is an error of its line, not of the whole task.
    """
    if hasattr(source, "mapInArrow"):
        return _only_column(source)
    paths = _paths(source)
    reader = spark.read.option("lineSep", "\n")
    lines = reader.text(paths)
    if not any(path.endswith(".json") for path in paths):
        lines = lines.where("not endswith(_metadata.file_name, '.json')")
    return lines.selectExpr("cast(value as binary) as text", "_metadata.file_path as file")


def _only_column(frame: Any) -> Any:  # noqa: ANN401 - a DataFrame
    found = [(name, kind) for name, kind in frame.dtypes]
    if len(found) != 1 or found[0][1] not in _TEXT_TYPES:
        raise TypeError(
            f"expected a DataFrame with one column of JSON texts, got {len(found)} columns "
            f"({', '.join(f'{name}: {kind}' for name, kind in found)}); select the one of texts"
        )
    return frame.select(frame[found[0][0]].cast("binary").alias("text"))


def _paths(source: Any) -> list[str]:  # noqa: ANN401 - it may be anything
    if _is_path(source):
        return [_text(source)]
    if not _may_be_paths(source):
        raise TypeError(_not_taken(source))
    paths: list[str] = []
    for each in source:
        if not _is_path(each):
            raise TypeError(_not_taken(each))
        paths.append(_text(each))
    if not paths:
        raise ValueError("no paths were given")
    return paths


def _text(path: str | PathLike[str]) -> str:
    return fspath(path)


def _is_path(source: object) -> bool:
    return isinstance(source, str | PathLike)


def _may_be_paths(source: object) -> bool:
    return isinstance(source, Iterable) and not isinstance(source, bytes | bytearray | Mapping)


def _not_taken(source: object) -> str:
    kind = type(source).__name__
    return f"expected paths of NDJSON files or a DataFrame of JSON texts, got {kind}"


def _spark_type(kind: Any, types: Any) -> Any:  # noqa: ANN401 - Arrow's and Spark's types
    import pyarrow as pa  # noqa: PLC0415 - an extra

    if pa.types.is_list(kind):
        return types.ArrayType(_spark_type(kind.value_type, types))
    if pa.types.is_decimal(kind):
        return types.DecimalType(kind.precision, kind.scale)
    named = {
        pa.bool_(): types.BooleanType(),
        pa.int32(): types.IntegerType(),
        pa.int64(): types.LongType(),
        pa.string(): types.StringType(),
        pa.timestamp("us", "UTC"): types.TimestampType(),
    }
    return named[kind]

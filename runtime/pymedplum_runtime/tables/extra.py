"""The packages that tables are made with: imported when one is used, so importing needs none.

They are given as `Any`: the stubs of Arrow and pandas know too little of arrays of several kinds.
"""

from importlib import import_module
from typing import Any, TypeAlias

ArrowArray: TypeAlias = Any
ArrowType: TypeAlias = Any

_EXTRAS = {
    "duckdb": "'pymedplum[data]'",
    "pyarrow": "'pymedplum[data]'",
    "pyspark": "'pymedplum[spark]'",
}


def require(package: str, what: str) -> Any:  # noqa: ANN401 - as the module says
    """Return a package.

    Args:
        package: its name, such as `pyarrow`.
        what: what needs it, for the message.

    Raises:
        ImportError: it is not installed; the message says how to get it.
    """
    try:
        return import_module(package)
    except ImportError as error:
        if error.name != package:
            raise
    wanted = _EXTRAS.get(package, package)
    raise ImportError(f"{what} needs {package}: pip install {wanted}", name=package)


def pyarrow() -> Any:  # noqa: ANN401 - as the module says
    """Return pyarrow, with its functions as `pyarrow.compute`.

    Raises:
        ImportError: it is not installed.
    """
    package = require("pyarrow", "a table of Arrow")
    import_module("pyarrow.compute")
    return package

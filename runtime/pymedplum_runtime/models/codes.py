"""Required codes as `Literal` types, made when one is asked for. Does not import Pydantic."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from pymedplum_runtime.lazy import did_you_mean


def literal_attributes(
    module: str, codes: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give the `__getattr__` and `__dir__` of a module of code lists."""

    def load(name: str) -> Any:  # noqa: ANN401 - a Literal, which has no static type
        if name not in codes:
            hint = did_you_mean(name, set(codes))
            raise AttributeError(f"module '{module}' has no attribute '{name}'{hint}")
        return getattr(Literal, "__getitem__")(codes[name])  # noqa: B009 - Literal is a special form

    return load, lambda: sorted(codes)

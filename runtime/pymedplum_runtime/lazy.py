"""Package attributes that are imported when they are first asked for.

Knows only names and modules: importing this module imports neither Pydantic nor httpx.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any


def did_you_mean(name: str, known: Mapping[str, object] | set[str]) -> str:
    """Return `"; did you mean 'x'?"` for the closest known name, or nothing."""
    import difflib  # noqa: PLC0415 - a third of the package's import time, for messages alone

    folded = {candidate.lower(): candidate for candidate in sorted(known)}
    close = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.7)
    return f"; did you mean '{folded[close[0]]}'?" if close else ""


def require_extra(what: str, extra: str, packages: tuple[str, ...]) -> None:
    """Refuse to go on without the packages of an extra.

    Raises:
        ImportError: one of them is not installed; the message says how to get it.
    """
    from importlib.util import find_spec  # noqa: PLC0415 - where an extra is used

    for name in packages:
        if find_spec(name) is None:
            raise ImportError(
                f"{what} needs the extra: pip install 'pymedplum[{extra}]'", name=name
            )


def lazy_attributes(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give the `__getattr__` and `__dir__` of a package whose names live in submodules.

    `homes` maps each name to its absolute module. An unknown name raises an `AttributeError` with
    a suggestion. Importing is left to Python, whose per-module locks make it thread-safe; a name
    is stored in the package once its module is complete, so that later reads are plain ones.
    """

    def load(name: str) -> Any:  # noqa: ANN401 - whatever the module defines
        home = homes.get(name)
        if home is None:
            # Python itself asks for `__path__` and the like, and reads no message.
            hint = "" if name.startswith("__") else did_you_mean(name, homes)
            raise AttributeError(f"module '{package}' has no attribute '{name}'{hint}")
        value = getattr(importlib.import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return load, names


def published_attributes(
    module: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give the `__getattr__` and `__dir__` of a module of re-exports that are imported late."""
    load, names = lazy_attributes(module, homes)

    def load_published(name: str) -> Any:  # noqa: ANN401 - whatever the module defines
        value = load(name)
        publish(module, {name: value}, [name])
        return value

    return load_published, names


def publish(module: str, namespace: Mapping[str, Any], names: list[str]) -> None:
    """Make re-exported classes and functions say where users import them from."""
    for name in names:
        # By its own class: on Python 3.10 `Callable[[int], str]` is an instance of `type`.
        if issubclass(type(namespace[name]), type | FunctionType):
            namespace[name].__module__ = module

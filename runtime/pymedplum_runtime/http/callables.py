"""Functions of the user's: whether they must be awaited."""

import inspect


def is_async(function: object) -> bool:
    """Say whether calling it gives something to await, as far as can be seen beforehand."""
    called = getattr(function, "__call__", None)  # noqa: B004 - an object with an async __call__
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)

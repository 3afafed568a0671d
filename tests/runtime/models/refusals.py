"""What a refused read, constructor or assignment says, as a dict from path to message."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

Call = Callable[..., object]


def refusal(call: Call, *args: Any, **kwargs: Any) -> ValidationError:
    """Call, and return the validation error that it has to raise."""
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    return caught.value


def problems(call: Call, *args: Any, **kwargs: Any) -> dict[str, str]:
    """Call, and return the message at every path that the refusal names."""
    lines = refusal(call, *args, **kwargs).errors(include_url=False)
    return {".".join(str(step) for step in line["loc"]): line["msg"] for line in lines}


def kinds(call: Call, *args: Any, **kwargs: Any) -> dict[str, str]:
    """Call, and return the kind of error at every path that the refusal names."""
    lines = refusal(call, *args, **kwargs).errors(include_url=False)
    return {".".join(str(step) for step in line["loc"]): line["type"] for line in lines}

"""Random edits of JSON for hypothesis, and Python values that JSON has not."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

SECRET = "s3cr3t-value"  # in every string that is put in: no report may quote it
NAMES = (
    "id", "url", "value", "valueString", "valueCode", "extension", "modifierExtension", "coding",
    "system", "code", "display", "contained", "resourceType", "reference", "meta", "profile",
    "name", "_name", "_id", "text", "div", "component", "entry", "fullUrl", "resource", "item",
    "", "_", "__", "[0]", "a.b", "é", "value[x]", "VALUEString", "fhir_comments",
)  # fmt: skip
CANONICALS = (
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient",
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
    "http://hl7.org/fhir/StructureDefinition/bp",
    "http://hl7.org/fhir/StructureDefinition/bodyweight|4.0.1",
    "http://hl7.org/fhir/StructureDefinition/Patient",
    "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
    "http://example.org/no-such-profile|1|2",
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.decimals(),
    st.sampled_from(
        ["", " ", "#", "#a", "2020", "2020-01-01", "Patient/1", "Patient", *CANONICALS]
    ),
    st.sampled_from(
        [SECRET, f"{SECRET}\x00", f"http://{SECRET} ", f"urn:uuid:{SECRET}", f"{SECRET}\ud800"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=6,
)
EDITS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 30), min_size=1, max_size=7),  # where: turns taken from the root
        st.sampled_from(["put", "drop", "double", "add", "wrap", "copy"]),
        st.sampled_from(NAMES),
        VALUES,
    ),
    min_size=1,
    max_size=4,
)


class Text(str):
    """A string of a class of its own."""

    __slots__ = ()


class Names(dict[str, Any]):
    """A dict of a class of its own."""


ODD: dict[str, Any] = {
    "bytes": b"a", "a set": {1}, "a tuple": ("a",), "an object": object(), "a type": dict,
    "not a number": float("nan"), "infinity": float("inf"), "minus infinity": -float("inf"),
    "decimal not a number": Decimal("NaN"), "a signalling decimal": Decimal("sNaN"),
    "a huge decimal": Decimal("1e999999"), "a huge integer": 10**5000, "a complex number": 1j,
    "true": True, "a string of a class of its own": Text("a"), "a lone surrogate": "\ud800",
    "a dict of a class of its own": Names(url="http://a"), "integer keys": {1: 2},
    "mixed keys": {None: 1, "a": 2, b"b": 3}, "an iterator": iter(()),
    "a function": len, "an ellipsis": ..., "a range": range(2), "a bytearray": bytearray(b"a"),
}  # fmt: skip


def apply(resource: Any, edits: list[Any]) -> Any:
    """Make random edits in a copy of a resource."""
    copied = deepcopy(resource)
    for turns, act, name, value in edits:
        holder, key = _found(copied, turns)
        if key is not None:
            _edit(holder, key, act, name, deepcopy(value))
    return copied


def _found(value: Any, turns: list[int]) -> tuple[Any, Any]:
    holder, key = None, None
    for turn in turns:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        if not keys:
            break
        holder, key = value, keys[turn % len(keys)]
        value = holder[key]
        if not isinstance(value, dict | list):
            break
    return holder, key


def _edit(holder: Any, key: Any, act: str, name: str, value: Any) -> None:
    if act == "put":
        holder[key] = value
    elif act == "drop":
        del holder[key]
    elif act == "double":
        holder[key] = [holder[key], deepcopy(holder[key])]
    elif act == "wrap":
        holder[key] = [holder[key]]
    elif act == "copy" and isinstance(holder, dict):
        holder[name] = deepcopy(holder[key])
    elif isinstance(holder, dict):
        holder[name] = value
    else:
        holder.append(value)

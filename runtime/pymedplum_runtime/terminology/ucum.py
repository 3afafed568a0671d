"""Codes of units, by the grammar of UCUM: https://ucum.org/ucum, section 2.

A code is composed of symbols that exist. As in the value sets of FHIR and LOINC, an annotation may
follow any component (`/100{WBCs}`) and hold spaces (`{clock time}`).
"""

import re

from pymedplum_runtime.terminology.ucum_symbols import METRIC, NONE, PREFIXES, UNITS, Dimension

_LONGEST = 1000  # characters; FHIR's codes are no longer
_TOKEN = re.compile(
    r"""
      (?P<open>\()
    | (?P<close>\))
    | (?P<operator>[./])
    | (?P<annotation>\{[ -z|~]*\})
    | (?P<power>10[*^])(?:[+-]?[0-9]+)?
    | (?P<factor>[0-9]+)
    | (?P<unit>(?:[^\s0-9()+\-./\[\]{}=\x7f-\U0010ffff]|\[[!-Z\\^-z|~]*\])+)
      (?P<exponent>[+-]?[0-9]+)?
    """,
    re.VERBOSE,
)


def is_unit(code: str) -> bool:
    """Tell whether a code is a unit of UCUM, in the case-sensitive form.

    Example:
        >>> is_unit("mg/dL"), is_unit("10*3/uL"), is_unit("mgs")
        (True, True, False)
    """
    return dimension(code) is not None


def is_commensurable(code: str, other: str) -> bool:
    """Tell whether two codes are units that measure the same.

    Example:
        >>> is_commensurable("min", "a"), is_commensurable("m", "a")
        (True, False)
    """
    measured = dimension(code)
    return measured is not None and measured == dimension(other)


def dimension(code: str) -> Dimension | None:
    """Return what a unit measures; None where the code is no unit."""
    if not code or len(code) > _LONGEST:
        return None
    at = 1 if code[0] == "/" else 0  # a code may begin with a division, its groups may not
    groups: list[tuple[Dimension, int]] = []
    total, sign = NONE, -1 if at else 1
    state = "start"  # what stands before: start (an operator, too), component or annotated
    while at < len(code):
        match = _TOKEN.match(code, at)
        kind = (match and match.lastgroup) or ""
        kind = "unit" if kind == "exponent" else kind
        if match is None or (kind, state) not in _FOLLOWS:
            return None
        state, at = _FOLLOWS[kind, state], match.end()
        if kind == "unit":
            measured = _of_symbol(match["unit"])
            if measured is None:
                return None
            total = _times(total, measured, sign * int(match["exponent"] or 1))
        elif kind == "operator":
            sign = -1 if match["operator"] == "/" else 1
        elif kind == "open":
            groups.append((total, sign))
            total, sign = NONE, 1
        elif kind == "close":
            if not groups:
                return None
            outer, sign = groups.pop()
            total = _times(outer, total, sign)
    return None if groups or state == "start" else total


_COMPONENTS = ("unit", "power", "factor")
_FOLLOWS = {
    ("open", "start"): "start",
    **dict.fromkeys([(kind, "start") for kind in _COMPONENTS], "component"),
    ("annotation", "start"): "annotated",
    ("annotation", "component"): "annotated",
    **{("operator", state): "start" for state in ("component", "annotated")},
    **{("close", state): "component" for state in ("component", "annotated")},
}


def _times(one: Dimension, other: Dimension, power: int) -> Dimension:
    return tuple(a + power * b for a, b in zip(one, other, strict=True))


def _of_symbol(symbol: str) -> Dimension | None:
    measured = UNITS.get(symbol)
    for length in (1, 2):
        if measured is None and symbol[:length] in PREFIXES and symbol[length:] in METRIC:
            measured = UNITS[symbol[length:]]
    return measured

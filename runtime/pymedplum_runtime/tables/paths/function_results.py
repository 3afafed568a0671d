"""What functions give that a plan leaves to the FHIRPath engine: of what type, and how many."""

from collections.abc import Mapping

_CLAIMS = """
    all allTrue anyTrue allFalse anyFalse subsetOf supersetOf isDistinct hasValue startsWith
    endsWith contains matches matchesFull conformsTo memberOf subsumes subsumedBy htmlChecks
    convertsToBoolean convertsToInteger convertsToDecimal convertsToString convertsToDate
    convertsToDateTime convertsToTime convertsToQuantity toBoolean comparable exists empty not
"""
_TEXTS = """
    substring upper lower replace replaceMatches trim join encode decode escape unescape toString
    split toChars
"""
_WHOLE = """
    count length indexOf lastIndexOf toInteger precision ceiling floor truncate
"""
_DECIMALS = """
    toDecimal exp ln log sqrt power round
"""


def _of(type_name: str, functions: str) -> dict[str, str]:
    return dict.fromkeys(functions.split(), type_name)


RESULT_TYPES: Mapping[str, str] = {
    **_of("boolean", _CLAIMS),
    **_of("string", _TEXTS),
    **_of("integer", _WHOLE),
    **_of("decimal", _DECIMALS),
    "toDate": "date",
    "today": "date",
    "toDateTime": "dateTime",
    "now": "dateTime",
    "toTime": "time",
    "timeOfDay": "time",
    "toQuantity": "Quantity",
}
"""The type that a function gives whatever it is called on."""

_SAME = """
    tail skip take distinct exclude intersect trace sort defineVariable getValue abs
    lowBoundary highBoundary
"""
SAME = frozenset(_SAME.split())
"""Functions that give items of the type of what they are called on."""

GATHERED = frozenset(("union", "combine", "coalesce", "iif"))
"""Functions that give some of their arguments."""

_SEVERAL = """
    split toChars repeat repeatAll children descendants union combine aggregate resolve type
"""
SEVERAL = frozenset(_SEVERAL.split())
"""Functions that may give several items of one."""

TERMINOLOGY = frozenset(("memberOf", "subsumes", "subsumedBy"))
"""Functions that would always give nothing in a view."""

_ON_ITEMS = """
    exists all repeat repeatAll aggregate sort iif trace defineVariable
"""
ON_ITEMS = frozenset(_ON_ITEMS.split())
"""Functions whose arguments are evaluated on each item that they are called on."""

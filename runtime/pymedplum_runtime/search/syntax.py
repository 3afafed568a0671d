"""The parts that search values are written with: escaped texts, tokens, quantities, numbers.

https://hl7.org/fhir/R4/search.html#escaping. Knows texts and numbers, and no FHIR element.
"""

import re
from decimal import Decimal

_SPECIAL = re.compile(r"([\\,$|])")


def literal(text: str) -> str:
    r"""Escape a text that is to be searched for as it stands.

    A plain string in a query is search syntax: its commas are alternatives, its pipes separate
    system and code. Escape what users typed, and join it with syntax as you like.

    Args:
        text: the text; `\`, `,`, `$` and `|` in it get a backslash.

    Example:
        >>> literal("Smith, Jr")
        'Smith\\, Jr'
    """
    return _SPECIAL.sub(r"\\\1", text)


def token(system: str | None, code: str | None = None) -> str:
    """Write a token: a code of a system, or an identifier's value of a system.

    Args:
        system: the system's URI; `None` for any system, `""` for codes without one.
        code: the code or identifier; `None` for any of the system.

    Raises:
        ValueError: both are missing, which would match everything.

    Example:
        >>> token("http://loinc.org", "8867-4")
        'http://loinc.org|8867-4'
    """
    if not system and not code:
        raise ValueError("a token needs a system or a code")
    if system is None:
        return literal(code or "")
    return f"{literal(system)}|{literal(code or '')}"


def quantity(
    number: Decimal | float | str, system: str | None = None, code: str | None = None
) -> str:
    """Write a quantity: a number with its unit.

    Args:
        number: the number, or its search text, which may begin with a prefix: `ge(5)`. How
            precisely it is written matters: `5.40` is narrower than `5.4`.
        system: the URI of the unit's code system; `None` for any.
        code: the unit's code, or its readable form where `system` is `None`.

    Raises:
        ValueError: the number is infinite or none.

    Example:
        >>> quantity(Decimal("5.40"), "http://unitsofmeasure.org", "mg")
        '5.40|http://unitsofmeasure.org|mg'
    """
    value = number if isinstance(number, str) else number_text(number)
    if not system and not code:
        return value
    return f"{value}|{literal(system or '')}|{literal(code or '')}"


def number_text(number: Decimal | float) -> str:
    """Write a number with all its digits and without an exponent.

    Raises:
        ValueError: the number is infinite or none.
    """
    exact = Decimal(repr(float(number))) if isinstance(number, float) else Decimal(number)
    if not exact.is_finite():
        raise ValueError("a number to search for must be finite")
    return format(exact, "f")

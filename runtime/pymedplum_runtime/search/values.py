"""Python values as the texts of search parameters.

https://hl7.org/fhir/R4/search.html#ptypes. What has no such text is refused: sending Python's own
text of an object would put patient data into a URL and find nothing.
"""

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import cast

from pymedplum_runtime.helpers.members import is_data
from pymedplum_runtime.search.elements import element_text
from pymedplum_runtime.search.syntax import number_text


def search_value(value: object, *, name: str | None = None) -> str:
    """Return the FHIR search text of a value.

    | value | text |
    |---|---|
    | `str` | as it is: already search syntax (`literal` escapes a plain text) |
    | `bool`, `int`, `float`, `Decimal` | `true`, `5`, `5.4`, `5.40`: never an exponent |
    | `date`, `datetime` with a time zone | `2024-05-01`, `2024-05-01T09:30:00+02:00` |
    | Reference, or a resource with an id | `Patient/123` |
    | Coding, CodeableConcept, Identifier | `system|code`, escaped; codings are alternatives |
    | Quantity | `5.4|http://unitsofmeasure.org|mg` |
    | tuple of these | alternatives, joined by commas |

    Elements and resources may be dicts or models.

    Args:
        value: the value; neither `None` nor a list, which a query leaves out and repeats.
        name: the parameter's name, for error messages.

    Raises:
        TypeError: the value has no search text; the message never quotes it.
        ValueError: a datetime without a time zone, an empty tuple, an element without content.

    Example:
        >>> search_value((date(2024, 5, 1), "ge2025"))
        '2024-05-01,ge2025'
    """
    try:
        if isinstance(value, tuple):
            return _alternatives(cast("tuple[object, ...]", value))
        return _text(value)
    except (TypeError, ValueError) as error:
        if name is None:
            raise
        raise type(error)(f"search parameter {name}: {error}") from None


def _alternatives(values: tuple[object, ...]) -> str:
    given = [value for value in values if value is not None]
    if not given:
        raise ValueError("an empty tuple: no alternatives to search for; None leaves it out")
    return ",".join(map(_text, given))


def _text(value: object) -> str:
    if isinstance(value, str):
        return str.__str__(value)  # an enum's text is its value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return number_text(value)
    if isinstance(value, date):
        return _instant(value) if isinstance(value, datetime) else value.isoformat()
    if is_data(value):
        return element_text(value)
    kind = type(value).__name__
    hint = "; alternatives are a tuple" if kind in ("list", "set", "frozenset") else ""
    raise TypeError(f"{kind} cannot be searched for{hint}")


def _instant(value: datetime) -> str:
    offset = value.utcoffset()
    if offset is None:
        raise ValueError("the datetime has no time zone, such as tzinfo=timezone.utc")
    if offset.total_seconds() % 60:  # FHIR's offsets have no seconds
        value = value.astimezone(timezone.utc)
    return value.isoformat()

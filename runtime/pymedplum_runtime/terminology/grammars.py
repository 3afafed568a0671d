"""The code systems whose codes are composed by a grammar: there is no closed list of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]  # FHIR JSON as parsed
Parts = frozenset[str]  # what a value set's filters ask: see `grammar_parts`

LANGUAGES = "urn:ietf:bcp:47"
MEDIA_TYPES = "urn:ietf:bcp:13"
UNITS = "http://unitsofmeasure.org"

# Value sets that definitions name and do not carry.
NAMED = {
    "http://www.rfc-editor.org/bcp/bcp13.txt": MEDIA_TYPES,
    "http://terminology.hl7.org/ValueSet/v3-UnitsOfMeasureCaseSensitive": UNITS,
}
_SAME = "canonical="  # before the unit that a code has to measure the same as


def fits(system: str, code: str, parts: Parts = frozenset()) -> bool:
    """Tell whether a code is well-formed by the grammar of its system, and as the parts ask."""
    return _GRAMMARS[system](code, parts)


def grammar_parts(system: str, filters: Sequence[Json]) -> Parts | None:
    """Return what the filters of a value set ask of a code.

    Of a language tag the parts that it must not have (`script`), of a unit what it must measure
    the same as (`canonical=m`). None where the system has no grammar, or the grammar cannot say
    what a filter asks for.
    """
    asked = [_asked(system, filter_) for filter_ in filters]
    if system not in _GRAMMARS or None in asked:
        return None
    return frozenset(part for part in asked if part is not None)


def _asked(system: str, filter_: Json) -> str | None:
    from pymedplum_runtime.terminology.language_tags import PARTS  # noqa: PLC0415 - as below

    name, op, value = (str(filter_.get(key)) for key in ("property", "op", "value"))
    if system == LANGUAGES and name in PARTS and (op, value) == ("exists", "false"):
        return name
    return _SAME + value if system == UNITS and (name, op) == ("canonical", "=") else None


# A grammar is loaded when a code of it is met: their expressions and tables take time to make.


def _language(code: str, parts: Parts) -> bool:
    from pymedplum_runtime.terminology.language_tags import is_language_tag  # noqa: PLC0415

    return is_language_tag(code, parts)


def _media_type(code: str, _: Parts) -> bool:
    from pymedplum_runtime.terminology.media_types import is_media_type  # noqa: PLC0415

    return is_media_type(code)


def _unit(code: str, parts: Parts) -> bool:
    from pymedplum_runtime.terminology.ucum import is_commensurable, is_unit  # noqa: PLC0415

    return is_unit(code) and all(is_commensurable(code, p.removeprefix(_SAME)) for p in parts)


_GRAMMARS: dict[str, Callable[[str, Parts], bool]] = {
    LANGUAGES: _language,
    MEDIA_TYPES: _media_type,
    UNITS: _unit,
}

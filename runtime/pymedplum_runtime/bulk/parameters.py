"""The parameters of a kick-off: checked, and written for GET or for POST.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from pymedplum_runtime.client.types import ElementLike
from pymedplum_runtime.flows.parameters import typed_parameter
from pymedplum_runtime.http.urls import id_segment, type_segment
from pymedplum_runtime.search.builder import Search
from pymedplum_runtime.search.elements import element_text
from pymedplum_runtime.search.options import joined, texts
from pymedplum_runtime.search.query import query_string
from pymedplum_runtime.search.values import search_value

ExportMethod: TypeAlias = Literal["auto", "GET", "POST"]
TypeFilter: TypeAlias = str | tuple[str, Search]
"""A search that limits a type: `"Observation?status=final"`, or the type and a `Search`."""
PatientReference: TypeAlias = str | ElementLike
"""`"Patient/123"`, a Reference, or a Patient with an id."""

LONGEST_QUERY = 4000  # characters; servers and proxies take about 8,000 in a URL


@dataclass(frozen=True, slots=True, repr=False)
class KickOff:
    """What an export is asked for with, every value a text."""

    pairs: tuple[tuple[str, str], ...]
    """Names and texts, in order."""
    patients: tuple[str, ...] = ()
    """References; only a POST can say them."""

    def as_parameters(self) -> dict[str, Any]:
        """Return the body of a POST."""
        listed = [
            each for name, text in self.pairs for each in typed_parameter(name, _FHIR[name], text)
        ]
        patients = [
            {"name": "patient", "valueReference": {"reference": each}} for each in self.patients
        ]
        return {"resourceType": "Parameters", "parameter": [*listed, *patients]}

    def method(self, wanted: str, *, is_group: bool) -> str:
        """Return GET or POST.

        Medplum reads the id of a group from the body of a POST, and so finds none there: groups
        are asked for by GET unless only a POST will do.

        Raises:
            ValueError: GET is wanted, and cannot say which patients.
        """
        if wanted not in {"auto", "GET", "POST"}:
            raise ValueError('method must be "auto", "GET" or "POST"')
        if wanted == "GET" and self.patients:
            raise ValueError("patient= can only be sent by POST; leave method= away")
        if wanted != "auto":
            return wanted
        is_long = len(query_string(self.pairs)) > LONGEST_QUERY and not is_group
        return "POST" if self.patients or is_long else "GET"


_FHIR = {
    "_outputFormat": "string",
    "_since": "instant",
    "_until": "instant",
    "_type": "string",
    "_elements": "string",
    "includeAssociatedData": "string",
    "_typeFilter": "string",
}


def level_segments(level: str) -> tuple[str, ...]:
    """Return the path of a level: nothing for the system, `Patient`, or `Group` and an id.

    Raises:
        TypeError: it is no text.
        ValueError: it is none of these.
    """
    if not isinstance(level, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"level must be a str, got {type(level).__name__}")
    if level == "system":
        return ()
    if level == "Patient":
        return ("Patient",)
    kind, slash, group = level.partition("/")
    if kind == "Group" and slash:
        return ("Group", id_segment(group, "the id of the group"))
    raise ValueError('level must be "system", "Patient" or "Group/<id>"')


def kick_off(  # noqa: PLR0913 - the operation's parameters
    *,
    types: str | Sequence[str] | None,
    since: str | datetime | None,
    until: str | datetime | None,
    type_filter: TypeFilter | Sequence[TypeFilter] | None,
    elements: str | Sequence[str] | None,
    patient: PatientReference | Sequence[PatientReference] | None,
    include_associated_data: str | Sequence[str] | None,
    output_format: str | None,
) -> KickOff:
    """Check the parameters of an export.

    Raises:
        TypeError: one is of another type.
        ValueError: one cannot be what it is given as.
    """
    several = [type_segment(each, "types") for each in texts("types", types)]
    single = {
        "_outputFormat": joined("output_format", output_format),
        "_since": _instant("since", since),
        "_until": _instant("until", until),
        "_type": ",".join(several) or None,
        "_elements": joined("elements", elements),
        "includeAssociatedData": joined("include_associated_data", include_associated_data),
    }
    filters = [("_typeFilter", _filter_text(each)) for each in _each_filter(type_filter)]
    pairs = [(name, text) for name, text in single.items() if text is not None]
    return KickOff((*pairs, *filters), tuple(_reference(each) for each in _each(patient)))


def _instant(name: str, value: str | datetime | None) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str | datetime):  # pyright: ignore[reportUnnecessaryIsInstance]
        kind = type(value).__name__
        raise TypeError(f"{name} must be a datetime with a time zone, or its text, got {kind}")
    if isinstance(value, str) and not value.strip():
        raise ValueError(f"{name} must not be empty")
    return search_value(value, name=name)


def _each_filter(given: TypeFilter | Sequence[TypeFilter] | None) -> Iterable[object]:
    if given is None:
        return ()
    is_pair = isinstance(given, tuple) and any(isinstance(each, Search) for each in given)
    return (given,) if isinstance(given, str) or is_pair else given


def _filter_text(given: object) -> str:
    """Return `Type?query`."""
    match given:
        case str():
            kind, mark, query = given.partition("?")
            type_segment(kind, "the type of type_filter")
            if not mark or not query:
                raise ValueError("type_filter must be a search, such as Observation?status=final")
            return given
        case (str() as kind, Search() as search):
            return f"{type_segment(kind, 'the type of type_filter')}?{query_string(search.pairs)}"
        case _:
            raise TypeError(
                "type_filter must be texts such as Observation?status=final, or pairs of a type "
                f"and a Search, got {type(given).__name__}"
            )


def _each(given: PatientReference | Sequence[PatientReference] | None) -> list[PatientReference]:
    if given is None:
        return []
    return list(given) if isinstance(given, list | tuple) else [given]  # type: ignore[list-item]


def _reference(patient: PatientReference) -> str:
    text = patient if isinstance(patient, str) else element_text(patient)
    kind, _, patient_id = text.rpartition("/")
    if kind not in {"", "Patient"}:
        raise ValueError("patient must be references to patients, such as Patient/123")
    return f"Patient/{id_segment(patient_id, 'patient')}"

"""Vital signs: observations whose codes and units a profile fixes.

https://hl7.org/fhir/R4/observation-vitalsigns.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, cast

from pymedplum_runtime.helpers import build_reference
from pymedplum_runtime.helpers.members import FHIRData, entries, is_data, member, require_data

UCUM = "http://unitsofmeasure.org"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
Json = dict[str, Any]
Number = int | float | Decimal
Coding = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity of a profile: the UCUM codes of its units, and whether it may be unknown."""

    units: tuple[str, ...]
    is_required: bool = False

    def quantity(self, value: Number, unit: str | None) -> Json:
        """Return the quantity in FHIR JSON.

        Raises:
            TypeError: the value is no number.
            ValueError: it is no finite number, or the unit is none of the profile's.
        """
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected a number, got {type(value).__name__}")
        if not isinstance(value, int) and not isfinite(value):
            raise ValueError("expected a finite number")
        code = self.units[0] if unit is None else unit
        if code not in self.units:
            raise ValueError(f"expected a unit of {', '.join(self.units)} (UCUM)")
        return {"value": value, "unit": code, "system": UCUM, "code": code}


@dataclass(frozen=True, slots=True)
class Component:
    """A component that a profile fixes the code of."""

    attribute: str
    code: Coding
    measure: Measure

    def read(self, observation: FHIRData) -> Any:  # noqa: ANN401 - a dict or a model, as stored
        """Return the quantity of the component as it is stored; `None` where there is none."""
        found = self._find(observation)
        return member(found, "valueQuantity") or member(found, "value_quantity")

    def write(self, observation: FHIRData, value: Number | None) -> None:
        """Set the quantity of the component in place; a component that is not there is added.

        Raises:
            TypeError: the value is no number, or the observation neither a dict nor a model.
            ValueError: the value is no finite number, or a model refuses the component.
        """
        require_data(observation)
        made = self.build(value)
        found = self._find(observation)
        kept = {} if found is None else {k: v for k, v in _plain(found).items() if not _is_said(k)}
        written = {**made, **kept}
        before = entries(member(observation, "component"))
        after = [written if each is found else each for each in before]
        changed = cast("Any", observation)  # a dict, or a model that validates what is assigned
        components = after if found is not None else [*before, written]
        if isinstance(observation, dict):
            changed["component"] = components
        else:
            changed.component = components

    def _find(self, observation: FHIRData) -> Any:  # noqa: ANN401 - a dict or a model, as stored
        for component in entries(member(observation, "component")):
            for coding in entries(member(member(component, "code"), "coding")):
                if (member(coding, "system"), member(coding, "code")) == self.code:
                    return component
        return None

    def build(self, value: Number | None) -> Json:
        """Return the component in FHIR JSON; what was not measured says so."""
        system, code = self.code
        component: Json = {"code": {"coding": [{"system": system, "code": code}]}}
        return component | _value(self.measure, value, None)


@dataclass(frozen=True, slots=True)
class VitalSign:
    """A profile of a vital sign: what its observations hold beside the value."""

    profile: str
    category: Coding
    code: Coding
    measure: Measure | None = None
    components: tuple[Component, ...] = ()

    def component(self, attribute: str) -> Component:
        """Return one of the components by its attribute."""
        return next(c for c in self.components if c.attribute == attribute)

    def build(
        self,
        values: Mapping[str, Number | None],
        unit: str | None = None,
        *,
        subject: object,
        effective: object,
        status: str,
    ) -> Json:
        """Return an observation in FHIR JSON that the profile accepts.

        Raises:
            TypeError: a value is no number, or the subject no reference.
            ValueError: a unit is none of the profile's, or a time has no zone.
        """
        system, code = self.category
        observation: Json = {
            "resourceType": "Observation",
            "meta": {"profile": [self.profile]},
            "status": status,
            "category": [{"coding": [{"system": system, "code": code}]}],
            "code": {"coding": [{"system": self.code[0], "code": self.code[1]}]},
            "subject": reference_to(subject),
            **_effective(effective),
        }
        if self.measure is not None:
            observation |= _value(self.measure, values["value"], unit)
        if self.components:
            parts = [c.build(values[c.attribute]) for c in self.components]
            observation["component"] = parts
        return observation


def _is_said(name: str) -> bool:
    """Tell whether a member of a component says what was measured: a new value replaces it."""
    return name.lstrip("_").startswith("value") or name == "dataAbsentReason"


def _value(measure: Measure, value: Number | None, unit: str | None) -> Json:
    if value is not None:
        return {"valueQuantity": measure.quantity(value, unit)}
    if measure.is_required:
        raise ValueError("the profile needs a value")
    coding = {"system": ABSENT, "code": "unknown"}
    return {"dataAbsentReason": {"coding": [coding]}}


def reference_to(target: object) -> Json:
    """Return a Reference from a text, a Reference, or a resource with an id.

    Raises:
        TypeError: it is none of them.
        ValueError: a resource has no id yet.
    """
    if isinstance(target, str):
        return {"reference": target}
    if not is_data(target):
        raise TypeError(f"expected a reference or a resource, got {type(target).__name__}")
    data = _plain(target)
    if "resourceType" not in data:
        return data
    if "id" not in data:
        raise ValueError("a resource needs an id to be referred to; create it first")
    return {"reference": build_reference(data["resourceType"], data["id"])}


def _effective(effective: object) -> Json:
    if isinstance(effective, datetime) and effective.utcoffset() is None:
        raise ValueError("a datetime needs a time zone")
    if isinstance(effective, date):
        return {"effectiveDateTime": effective.isoformat()}
    if isinstance(effective, str):
        return {"effectiveDateTime": effective}
    if is_data(effective):
        return {"effectivePeriod": _plain(effective)}
    raise TypeError(f"expected a dateTime or a Period, got {type(effective).__name__}")


def _plain(data: FHIRData) -> Json:
    return dict(data) if isinstance(data, Mapping) else data.model_dump()

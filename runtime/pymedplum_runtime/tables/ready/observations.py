"""Ready views of observations: every value, of components too, with every coding."""

from pymedplum_runtime.tables.ready.parts import (
    ENCOUNTER,
    KEY,
    PATIENT,
    SUBJECT,
    codings,
    codings_of,
    period,
    quantity,
    ready,
)
from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

LOINC = "http://loinc.org"
_SYSTOLIC = "8480-6"
_DIASTOLIC = "8462-4"

CONTEXT = (
    KEY,
    PATIENT,
    SUBJECT,
    ENCOUNTER,
    Column("status", "status"),
    Column("effective", "effective.ofType(dateTime)"),
    Column("effective_instant", "effective.ofType(instant)"),
    *period("effective", "effective.ofType(Period)"),
    Column("effective_events", "effective.ofType(Timing).event", collection=True),
    Column("issued", "issued"),
)
"""Of what, when and how reliable an observation is."""

_QUANTITY = "value.ofType(Quantity)"


def value_columns() -> list[Column]:
    """Return the value of an observation or component, of whichever type, and why there is none."""
    return [
        *quantity("value", _QUANTITY),
        Column("value_integer", "value.ofType(integer)"),
        Column("value_boolean", "value.ofType(boolean)"),
        Column("value_string", "value.ofType(string)"),
        Column("value_concept_text", "value.ofType(CodeableConcept).text"),
        codings_of("value_codings", "value.ofType(CodeableConcept)"),
        Column("value_date_time", "value.ofType(dateTime)"),
        Column("value_time", "value.ofType(time)"),
        *period("value", "value.ofType(Period)"),
        *_bound("value_low", "value.ofType(Range).low"),
        *_bound("value_high", "value.ofType(Range).high"),
        *_bound("value_numerator", "value.ofType(Ratio).numerator"),
        *_bound("value_denominator", "value.ofType(Ratio).denominator"),
        Column("value_samples", "value.ofType(SampledData).data"),
        Column("value_samples_period", "value.ofType(SampledData).period"),
        Column("value_samples_factor", "value.ofType(SampledData).factor"),
        Column("value_samples_dimensions", "value.ofType(SampledData).dimensions"),
        *_bound("value_samples_origin", "value.ofType(SampledData).origin"),
        codings_of("absent_reason_codings", "dataAbsentReason"),
        codings_of("interpretation_codings", "interpretation"),
    ]


def observations() -> View:
    """Build `ReadyViews.observations`."""
    own = Select(
        column=[Column("is_component", "false"), Column("component_index", "0"), *_coded()],
        select=[codings("code")],
    )
    components = Select(
        for_each="component",
        column=[Column("is_component", "true"), Column("component_index", "%rowIndex"), *_coded()],
        select=[codings("code")],
    )
    return ready(
        "observations",
        "Observation",
        "The values of observations and of their components: a row for each value and coding",
        [
            Select([*CONTEXT, codings_of("category_codings", "category")]),
            Select(union_all=[own, components]),
        ],
    )


def observation_components() -> View:
    """Build `ReadyViews.observation_components`."""
    return ready(
        "observation_components",
        "Observation",
        "The components of observations: a row for each component and coding",
        [
            Select(CONTEXT),
            Select(
                for_each="component",
                column=[Column("component_index", "%rowIndex"), *_coded()],
                select=[codings("code")],
            ),
        ],
    )


def blood_pressures() -> View:
    """Build `ReadyViews.blood_pressures`."""
    is_either = f"{_has_code(_SYSTOLIC)} or {_has_code(_DIASTOLIC)}"
    return ready(
        "blood_pressures",
        "Observation",
        "Blood pressures with both numbers: a row for each observation",
        [
            Select(
                [*CONTEXT, *_pressure("systolic", _SYSTOLIC), *_pressure("diastolic", _DIASTOLIC)]
            )
        ],
        where=[f"component.where({is_either}).exists()"],
    )


def _coded() -> list[Column]:
    return [Column("code_text", "code.text"), *value_columns()]


def _bound(name: str, path: str) -> list[Column]:
    """Return a part of a value: its number and unit."""
    return [
        Column(name, f"{path}.value"),
        Column(f"{name}_unit", f"{path}.unit"),
        Column(f"{name}_unit_code", f"{path}.code"),
    ]


def _pressure(name: str, code: str) -> list[Column]:
    return quantity(name, f"component.where({_has_code(code)}).{_QUANTITY}")


def _has_code(code: str) -> str:
    return f"code.coding.where(system = '{LOINC}' and code = '{code}').exists()"

"""Observations as a DataFrame: a row for each value and code, with units, and times in UTC."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from typing_extensions import Unpack

from pymedplum_runtime.tables.arrow import output
from pymedplum_runtime.tables.extra import ArrowArray, pyarrow, require
from pymedplum_runtime.tables.options import TableOptions
from pymedplum_runtime.tables.ready.observations import CONTEXT, LOINC
from pymedplum_runtime.tables.ready.parts import codings_of, quantity
from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

if TYPE_CHECKING:
    import pandas as pd

_UCUM = "http://unitsofmeasure.org"
_ORDER = (
    "observation_id",
    "patient_id",
    "subject",
    "encounter_id",
    "status",
    "is_component",
    "code_system",
    "code",
    "display",
    "value",
    "comparator",
    "unit",
    "unit_code",
    "value_boolean",
    "value_text",
    "value_codings",
    "date",
    "date_end",
    "date_text",
    "date_precision",
)
_KEPT = {
    "observation_id": "id",
    "patient_id": "patient_id",
    "subject": "subject",
    "encounter_id": "encounter_id",
    "status": "status",
    "is_component": "is_component",
    "code_system": "code_system",
    "code": "code",
    "comparator": "value_comparator",
    "value_boolean": "value_boolean",
    "value_codings": "value_codings",
    "date_end": "effective_end_utc",
}
_TIMES = ("effective", "effective_instant", "effective_start")
_VALUES = (
    *quantity("value", "value.ofType(Quantity)"),
    Column("value_integer", "value.ofType(integer)"),
    Column("value_boolean", "value.ofType(boolean)"),
    Column("value_string", "value.ofType(string)"),
    Column("value_concept_text", "value.ofType(CodeableConcept).text"),
    Column("value_date_time", "value.ofType(dateTime)"),
    Column("value_time", "value.ofType(time)"),
    codings_of("value_codings", "value.ofType(CodeableConcept)"),
    Column("value_period", "value.ofType(Period)", type="Period"),
    Column("value_range", "value.ofType(Range)", type="Range"),
    Column("value_ratio", "value.ofType(Ratio)", type="Ratio"),
    Column("value_sampled_data", "value.ofType(SampledData)", type="SampledData"),
    Column("is_absent", "dataAbsentReason.exists()"),
)
_TEXTS = (
    "value_string",
    "value_concept_text",
    "value_date_time",
    "value_time",
    "value_period",
    "value_range",
    "value_ratio",
    "value_sampled_data",
)


def observations_to_dataframe(
    source: object,
    *,
    codes: str | Iterable[str] = (),
    system: str = LOINC,
    **options: Unpack[TableOptions],
) -> "pd.DataFrame":
    """Return observations as a pandas DataFrame: a row for each value and code.

    Components have rows of their own, beside the observation's own value where it has one. `code`
    is that of the coding in `system`, wherever it stands among the codings. A value with several
    codes there has a row for each; so has one with none there for all the codes that it has. The
    same code twice is one row.

    | column | what it holds |
    |---|---|
    | `observation_id`, `patient_id`, `encounter_id` | ids; null where it refers to another type |
    | `subject` | the reference to the patient, group or device as it stands |
    | `status` | such as `final`; look at it, for `entered-in-error` is among them |
    | `is_component` | whether the value is a component's |
    | `code_system`, `code`, `display` | the coding; else the text of the concept as `display` |
    | `value`, `comparator` | number of a Quantity or an integer, exact; `<` and the like |
    | `unit`, `unit_code` | the unit as it is shown; its UCUM code, null in other systems |
    | `value_boolean`, `value_text`, `value_codings` | other values; those with parts as JSON |
    | `date`, `date_end` | when it applies, as instants in UTC; the end of a period |
    | `date_text`, `date_precision` | the text that `date` was read from, and how precise it is |

    Args:
        source: a Bundle, NDJSON files, an export's folder, or resources, as for every view.
        codes: the codes that matter, others are left out: `8480-6` in `system`, or with a system
            of its own, `http://snomed.info/sct|271649006`.
        system: the system of codes, LOINC.
        options: those of all views; without `default_zone` texts that name no zone have no `date`.

    Raises:
        ImportError: pandas or pyarrow is not installed.
        MedplumError: as the options say.

    Example:
        >>> frame = observations_to_dataframe(bundle, codes=["8480-6", "8462-4"])
        >>> frame.groupby("code")["value"].mean()
    """
    require("pandas", "observations_to_dataframe()")
    wanted = _tokens(codes, system)
    view = _view(system)
    tokens = [f"{own}|{code}" for own, code in wanted]
    arrow = pyarrow()
    with output.record_batches(view.plan, source, options) as batches:
        tables = [_readable(arrow.Table.from_batches([batch]), system, tokens) for batch in batches]
        empty = _readable(batches.schema.empty_table(), system, tokens)
    return output.pandas_frame(arrow.concat_tables([*tables, empty]))


def _tokens(codes: str | Iterable[str], system: str) -> list[tuple[str, str]]:
    """Return systems and codes, in FHIR's form of a search for a token."""
    split = [code.rpartition("|") for code in ([codes] if isinstance(codes, str) else codes)]
    if not all(code for _, _, code in split):
        raise ValueError("a code must be as in '8480-6' or 'http://loinc.org|8480-6'")
    return [(own if bar else system, code) for own, bar, code in split]


def _view(system: str) -> View:
    """Return a view with a row for each value and coding, one for a value without codings."""
    coding = Select(
        for_each_or_null="code.coding",
        column=[
            Column("coding_index", "%rowIndex"),
            Column("code_system", "system"),
            Column("code", "code"),
            Column("code_display", "display"),
        ],
    )
    is_in_system = Column("has_code", "code.coding.where(system = %system).exists()")
    shared = [Column("code_text", "code.text"), is_in_system, *_VALUES]
    own = Select([Column("is_component", "false"), *shared], [coding])
    components = Select([Column("is_component", "true"), *shared], [coding], for_each="component")
    return View(
        "Observation",
        name="observation_values",
        select=[
            Select([*CONTEXT, Column("has_components", "component.exists()")]),
            Select(union_all=[own, components]),
        ],
        constants={"system": system},
    )


def _readable(found: ArrowArray, system: str, tokens: Sequence[str]) -> ArrowArray:
    """Return one column for what FHIR has several for.

    Panels that are but their components are left out, and codes that are not asked for.
    """
    arrow = pyarrow()
    found = found.filter(arrow.compute.and_(_is_asked_for(found, system, tokens), _is_new(found)))
    found = found.filter(_is_more_than_a_panel(found))
    columns = {new: found.column(old) for new, old in _KEPT.items()} | _merged(found)
    return arrow.table({name: columns[name] for name in _ORDER})


def _is_asked_for(found: ArrowArray, system: str, tokens: Sequence[str]) -> ArrowArray:
    """Tell rows of codes of the system, or of the tokens; the others where a value has none."""
    arrow = pyarrow()
    own, code = found.column("code_system"), found.column("code")
    if tokens:
        token = arrow.compute.binary_join_element_wise(own, code, "|")
        return arrow.compute.is_in(token, arrow.array(tokens))
    is_in_system = arrow.compute.fill_null(arrow.compute.equal(own, system), False)  # noqa: FBT003 - Arrow's
    return arrow.compute.or_(is_in_system, arrow.compute.invert(found.column("has_code")))


def _is_new(found: ArrowArray) -> ArrowArray:
    """Tell the rows but those of a code that stands among the codings of its value before."""
    arrow = pyarrow()
    compute, code = arrow.compute, found.column("code")
    starts = compute.equal(found.column("coding_index"), 0).cast(arrow.int64())
    position = arrow.array(range(found.num_rows), arrow.int64())
    keys = {"value": compute.cumulative_sum(starts), "system": found.column("code_system")}
    table = arrow.table({**keys, "code": code, "position": position})
    firsts = table.group_by([*keys, "code"]).aggregate([("position", "min")])
    is_first = compute.is_in(position, firsts.column("position_min").combine_chunks())
    return compute.or_(is_first, compute.is_null(code))


def _merged(found: ArrowArray) -> dict[str, ArrowArray]:
    compute = pyarrow().compute

    def first_of(*names: str) -> ArrowArray:
        return compute.coalesce(*map(found.column, names))

    number, integer = found.column("value"), found.column("value_integer")
    is_ucum = compute.equal(found.column("value_unit_system"), _UCUM)
    return {
        "display": first_of("code_display", "code_text"),
        "value": compute.coalesce(number, integer.cast(number.type)),
        "unit": first_of("value_unit", "value_unit_code"),
        "unit_code": compute.if_else(is_ucum, found.column("value_unit_code"), None),
        "value_text": first_of(*_TEXTS),
        "date": first_of(*(f"{name}_utc" for name in _TIMES)),
        "date_text": first_of(*_TIMES),
        "date_precision": first_of(*(f"{name}_precision" for name in _TIMES)),
    }


def _is_more_than_a_panel(found: ArrowArray) -> ArrowArray:
    """Tell rows with a value, a reason for having none, or no components beside them."""
    compute = pyarrow().compute
    codings = compute.fill_null(compute.list_value_length(found.column("value_codings")), 0)
    told = compute.or_(compute.greater(codings, 0), found.column("is_absent"))
    told = compute.or_(told, compute.invert(found.column("has_components")))
    told = compute.or_(told, found.column("is_component"))
    for name in ("value", "value_integer", "value_boolean", *_TEXTS):
        told = compute.or_(told, compute.is_valid(found.column(name)))
    return told

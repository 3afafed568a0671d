"""What the ready views have in common: keys, codings, quantities and periods as columns."""

from collections.abc import Sequence

from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

CODING_INDEX = Column(
    "coding_index",
    "%rowIndex",
    description="The position of the coding, from 0; 0 too where there is none, "
    "so that the rows with 0 are one for each code",
)
PATIENT = Column("patient_id", "subject.getReferenceKey(Patient)")
SUBJECT = Column(
    "subject",
    "subject.reference",
    description="The reference as it stands: to a Group, to a contained resource, or a urn too",
)
ENCOUNTER = Column("encounter_id", "encounter.getReferenceKey(Encounter)")
KEY = Column("id", "getResourceKey()")


def ready(
    name: str,
    resource: str,
    description: str,
    select: Sequence[Select],
    where: Sequence[str] = (),
) -> View:
    """Return a view of R4 with a description."""
    return View(
        resource,
        name=name,
        select=select,
        where=where,
        metadata={"description": description, "fhirVersion": ["4.0.1"]},
    )


def codings(path: str) -> Select:
    """Return a row for every coding of a concept; one of nulls where it has none."""
    return Select(
        for_each_or_null=f"{path}.coding",
        column=[
            CODING_INDEX,
            Column("code_system", "system"),
            Column("code", "code"),
            Column("code_display", "display"),
        ],
    )


def quantity(name: str, path: str) -> list[Column]:
    """Return a quantity's number, and its unit as it is shown and as a code."""
    return [
        Column(name, f"{path}.value"),
        Column(f"{name}_comparator", f"{path}.comparator"),
        Column(f"{name}_unit", f"{path}.unit"),
        Column(f"{name}_unit_system", f"{path}.system"),
        Column(f"{name}_unit_code", f"{path}.code"),
    ]


def money(name: str, path: str) -> list[Column]:
    """Return an amount and its currency."""
    return [Column(name, f"{path}.value"), Column(f"{name}_currency", f"{path}.currency")]


def period(name: str, path: str) -> list[Column]:
    """Return both ends of a period."""
    return [Column(f"{name}_start", f"{path}.start"), Column(f"{name}_end", f"{path}.end")]


def key_of(name: str, path: str, target: str) -> Column:
    """Return the id of what a reference leads to, where that is of the type."""
    return Column(name, f"{path}.getReferenceKey({target})")


def keys_of(name: str, path: str, target: str) -> Column:
    """Return the ids of what references lead to, where that is of the type."""
    return Column(name, f"{path}.getReferenceKey({target})", collection=True)


def codings_of(name: str, path: str) -> Column:
    """Return the codings of concepts, each as JSON."""
    return Column(name, f"{path}.coding", type="Coding", collection=True)

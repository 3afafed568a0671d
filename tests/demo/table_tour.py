"""The part of the demo that makes tables of an export."""

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pymedplum import MedplumClient, ViewError
from pymedplum.tables import Column, Select, View, observations_to_dataframe, ready
from tests.demo.bulk_tour import MANY, TYPES, invented_ward
from tests.demo.story import Story
from tests.medplum_server.process import MedplumServer

WEIGHTS = View(
    "Observation",
    name="weights",
    constants={"unit": "kg"},
    select=[
        Select(
            column=[
                Column("patient_id", "subject.getReferenceKey(Patient)"),
                Column("weight", "value.ofType(Quantity).where(unit = %unit).value"),
            ]
        )
    ],
)
AVERAGE = "SELECT avg(weight) FROM weights JOIN patients ON patients.id = weights.patient_id"


def tour_tables(server: MedplumServer, story: Story) -> None:
    """Export a population and ask questions of it; the names are invented."""
    story.begin("Tables: SQL on FHIR over an export (all names are invented)")
    server.control("seed", {"resources": invented_ward()})
    with (
        MedplumClient(
            server.base_url, client_id=server.client_id, client_secret=server.client_secret
        ) as client,
        TemporaryDirectory() as name,
    ):
        export = Path(name, "export")
        client.bulk_export(types=TYPES).download(export)
        rows = list(ready.patients.rows(client.search_resource_pages("Patient", {"_count": 100})))
        story.tell("rows", "ready.patients.rows(a search)", len(rows), MANY)
        to_files(export, story)
        query(export, story)
        refuse(story)


def to_files(export: Path, story: Story) -> None:
    report = WEIGHTS.to_parquet(export, export.parent / "weights.parquet")
    told = (report.rows, report.engine)
    story.tell("parquet", "view.to_parquet(export, ...), rows and engine", told, (MANY, "duckdb"))
    tables = [WEIGHTS.to_arrow(export, engine=engine) for engine in ("duckdb", "python")]
    is_same = tables[0].equals(tables[1])
    story.tell("engines", "DuckDB and Python give the same table", is_same, expected=True)
    frame = observations_to_dataframe(export)
    story.tell("pandas", "observations_to_dataframe(export), rows", len(frame), MANY)


def query(export: Path, story: Story) -> None:
    with duckdb.connect() as connection:
        WEIGHTS.register(connection, export)
        ready.patients.register(connection, export)
        found = connection.sql(AVERAGE).fetchall()
    story.tell("sql", "view.register(connection, export), a join", found, [(71.5,)])


def refuse(story: Story) -> None:
    try:
        View("Patient", select=[Select(column=[Column("born", "brithDate")])])
    except ViewError as error:
        is_told = "did you mean 'birthDate'?" in str(error)
        story.tell("wrong", "a path that is none, with a suggestion", is_told, expected=True)
    else:
        story.tell("wrong", "a path that is none raises", "nothing", "an error")

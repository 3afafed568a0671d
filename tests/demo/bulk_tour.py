"""The fourth part of the demo: a service that signs in with a key, exports, reads and loads."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pymedplum import MedplumClient, UnknownSearchParameterError
from pymedplum.bulk import DownloadProgress, ExportedFiles
from pymedplum.fhir import Observation, Patient
from pymedplum.ndjson import read_ndjson
from pymedplum.smart import KeyPair, PrivateKeyJwtAuth, new_key_pair
from tests.demo.invented import invented_patient, weight_of
from tests.demo.story import Story
from tests.medplum_server.process import MedplumServer

MANY = 500
TYPES = ["Patient", "Observation"]
MISSPELT = {"famly": "Invented1"}
SCOPE = "system/*.cruds"
HINT = "did you mean 'family'?"


def tour_bulk(server: MedplumServer, story: Story) -> None:
    """Do what a nightly service does; the names are invented."""
    story.begin("Keys, exports and loads, with the embedded server (all names are invented)")
    server.control("seed", {"resources": invented_ward()})
    pair = new_key_pair("ES384")
    server.control("jwks", {**pair.public_jwks(), "client": server.key_client_id})
    auth = PrivateKeyJwtAuth(server.key_client_id, pair, algorithm="ES384", scope=SCOPE)
    with (
        MedplumClient(server.base_url, auth=auth, preflight=True) as client,
        TemporaryDirectory() as name,
    ):
        sign_in(client, auth, pair, story)
        ask_and_check(client, story)
        files = export(client, server, Path(name), story)
        read_back(files, story)
        load_twice(client, files, story)


def invented_ward() -> list[dict[str, Any]]:
    """Give patients with a weight each, under ids of their own."""
    ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(MANY)]
    patients = [invented_patient(f"Invented{number}") for number in range(MANY)]
    weights = [weight_of(f"Patient/{one}") for one in ids]
    models: list[tuple[str, Patient | Observation]] = [
        *zip(ids, patients, strict=True),
        *((one.replace("4000", "4001"), weight) for one, weight in zip(ids, weights, strict=True)),
    ]
    return [{**model.model_dump(mode="json"), "id": one} for one, model in models]


def sign_in(client: MedplumClient, auth: PrivateKeyJwtAuth, pair: KeyPair, story: Story) -> None:
    public = pair.public_jwks()["keys"][0]
    story.tell("key", "new_key_pair('ES384'), private in the JWKS", "d" in public, expected=False)
    found = client.search_with_options("Patient", summary="count", total="accurate")
    story.tell("key", "PrivateKeyJwtAuth, patients in sight", found["total"], MANY)
    story.tell("key", "what was granted", str(auth.granted), SCOPE)


def ask_and_check(client: MedplumClient, story: Story) -> None:
    server = client.capabilities()
    story.tell("ask", "capabilities().fhir_version", server.fhir_version, "4.0.1")
    exports = server.supports_operation("$export", "Group")
    story.tell("ask", "supports_operation('$export', 'Group')", exports, expected=True)
    try:
        client.search_one("Patient", MISSPELT)
    except UnknownSearchParameterError as error:
        hint = str(error).rpartition("; ")[2]
        story.tell("preflight", "search_one('Patient', {'famly': ...})", hint, HINT)
    else:
        story.tell("preflight", "a misspelt parameter raises", "nothing", HINT)


def export(
    client: MedplumClient, server: MedplumServer, folder: Path, story: Story
) -> ExportedFiles:
    told: list[DownloadProgress] = []
    job = client.bulk_export(types=TYPES)
    files = job.download(folder / "export", compress="gzip", progress=told.append)
    names = " ".join(path.name for path in files.output)
    expected = "Patient.000.ndjson.gz Observation.000.ndjson.gz"
    story.tell("export", "bulk_export(types=...).download(...)", names, expected)
    lines = sum(each.lines for each in files.files)
    story.tell("export", "lines, counted while they came", lines, 2 * MANY)
    leaked = server.control("storage")["authorized"]
    story.tell("export", "the token went to the files' server", leaked, expected=False)
    return files


def read_back(files: ExportedFiles, story: Story) -> None:
    weights = [path for path in files.output if path.name.startswith("Observation")]
    values = Counter(
        str(each.value_quantity.value)
        for each in read_ndjson(weights, Observation)
        if each.value_quantity
    )
    story.tell("read", "read_ndjson(..., Observation), digits kept", dict(values), {"71.5": MANY})


def load_twice(client: MedplumClient, files: ExportedFiles, story: Story) -> None:
    journal = files.folder.parent / "load.journal"
    report = client.load(files.folder, journal=journal)
    story.tell("load", "load(folder, journal=...), created", report.created, 2 * MANY)
    story.tell("load", "failed", len(report.failed), 0)
    again = client.load(files.folder, journal=journal)
    story.tell("load", "the same again, reported", again.created, 2 * MANY)
    found = client.search_with_options("Patient", summary="count", total="accurate")
    story.tell("load", "patients now: not one twice", found["total"], 2 * MANY)
    copy = report.references["Patient/00000000-0000-4000-8000-000000000007"]
    weight = client.search_one("Observation", {"subject": copy}, as_fhir=Observation)
    is_kept = weight is not None and weight.subject is not None and weight.subject.reference == copy
    story.tell("load", "a reference leads to the new patient", is_kept, expected=True)

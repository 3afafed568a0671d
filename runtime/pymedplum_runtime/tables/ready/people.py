"""Ready views of patients: who they are, and the names, addresses and identifiers they have."""

from pymedplum_runtime.tables.ready.parts import KEY, codings_of, key_of, period, ready
from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

_PATIENT = Select([Column("patient_id", "getResourceKey()")])


def patients() -> View:
    """Build `ReadyViews.patients`."""
    return ready(
        "patients",
        "Patient",
        "Patients without what names them: a row for each",
        [
            Select(
                [
                    KEY,
                    Column("active", "active"),
                    Column("gender", "gender"),
                    Column("birth_date", "birthDate"),
                    Column("deceased", "deceased.ofType(boolean)"),
                    Column("deceased_at", "deceased.ofType(dateTime)"),
                    codings_of("marital_status_codings", "maritalStatus"),
                    Column("languages", "communication.language.coding.code", collection=True),
                    key_of("organization_id", "managingOrganization", "Organization"),
                ]
            )
        ],
    )


def patient_names() -> View:
    """Build `ReadyViews.patient_names`."""
    return ready(
        "patient_names",
        "Patient",
        "The names of patients: a row for each name",
        [
            _PATIENT,
            Select(
                for_each="name",
                column=[
                    Column("name_index", "%rowIndex"),
                    Column("use", "use"),
                    Column("text", "text"),
                    Column("family", "family"),
                    Column("given", "given", collection=True),
                    Column("prefix", "prefix", collection=True),
                    Column("suffix", "suffix", collection=True),
                    *period("period", "period"),
                ],
            ),
        ],
    )


def patient_addresses() -> View:
    """Build `ReadyViews.patient_addresses`."""
    return ready(
        "patient_addresses",
        "Patient",
        "The addresses of patients: a row for each address",
        [
            _PATIENT,
            Select(
                for_each="address",
                column=[
                    Column("address_index", "%rowIndex"),
                    Column("use", "use"),
                    Column("type", "type"),
                    Column("text", "text"),
                    Column("line", "line", collection=True),
                    Column("city", "city"),
                    Column("district", "district"),
                    Column("state", "state"),
                    Column("postal_code", "postalCode"),
                    Column("country", "country"),
                    *period("period", "period"),
                ],
            ),
        ],
    )


def patient_identifiers() -> View:
    """Build `ReadyViews.patient_identifiers`."""
    return ready(
        "patient_identifiers",
        "Patient",
        "The identifiers of patients: a row for each identifier",
        [
            _PATIENT,
            Select(
                for_each="identifier",
                column=[
                    Column("identifier_index", "%rowIndex"),
                    Column("use", "use"),
                    Column("system", "system"),
                    Column("value", "value"),
                    codings_of("type_codings", "type"),
                    *period("period", "period"),
                ],
            ),
        ],
    )

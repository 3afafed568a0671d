"""Ready views of care: conditions, encounters, procedures, medications and immunizations."""

from pymedplum_runtime.tables.ready.parts import (
    ENCOUNTER,
    KEY,
    PATIENT,
    SUBJECT,
    codings,
    codings_of,
    key_of,
    keys_of,
    period,
    quantity,
    ready,
)
from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

_STATUS = Column("status", "status")
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CODE_TEXT = Column("code_text", "code.text")


def conditions() -> View:
    """Build `ReadyViews.conditions`."""
    return ready(
        "conditions",
        "Condition",
        "Conditions: a row for each condition and coding",
        [
            Select(
                [
                    KEY,
                    PATIENT,
                    SUBJECT,
                    ENCOUNTER,
                    _code_in("clinical_status", "clinicalStatus", _CLINICAL),
                    _code_in("verification_status", "verificationStatus", _VERIFICATION),
                    codings_of("category_codings", "category"),
                    codings_of("severity_codings", "severity"),
                    *_when("onset"),
                    *quantity("onset_age", "onset.ofType(Age)"),
                    *_when("abatement"),
                    *quantity("abatement_age", "abatement.ofType(Age)"),
                    Column("recorded", "recordedDate"),
                    _CODE_TEXT,
                ]
            ),
            codings("code"),
        ],
    )


def encounters() -> View:
    """Build `ReadyViews.encounters`."""
    return ready(
        "encounters",
        "Encounter",
        "Encounters: a row for each",
        [
            Select(
                [
                    KEY,
                    PATIENT,
                    SUBJECT,
                    _STATUS,
                    Column("class_system", "class.system"),
                    Column("class_code", "class.code"),
                    codings_of("type_codings", "type"),
                    codings_of("reason_codings", "reasonCode"),
                    *period("period", "period"),
                    keys_of("condition_ids", "diagnosis.condition", "Condition"),
                    keys_of("practitioner_ids", "participant.individual", "Practitioner"),
                    keys_of("location_ids", "location.location", "Location"),
                    key_of("organization_id", "serviceProvider", "Organization"),
                    key_of("part_of_id", "partOf", "Encounter"),
                ]
            )
        ],
    )


def procedures() -> View:
    """Build `ReadyViews.procedures`."""
    return ready(
        "procedures",
        "Procedure",
        "Procedures: a row for each procedure and coding",
        [
            Select(
                [
                    KEY,
                    PATIENT,
                    SUBJECT,
                    ENCOUNTER,
                    _STATUS,
                    codings_of("category_codings", "category"),
                    *_when("performed"),
                    *quantity("performed_age", "performed.ofType(Age)"),
                    codings_of("outcome_codings", "outcome"),
                    keys_of("practitioner_ids", "performer.actor", "Practitioner"),
                    _CODE_TEXT,
                ]
            ),
            codings("code"),
        ],
    )


def medications() -> View:
    """Build `ReadyViews.medications`."""
    concept = "medication.ofType(CodeableConcept)"
    return ready(
        "medications",
        "MedicationRequest",
        "Prescriptions: a row for each MedicationRequest and coding of its medication",
        [
            Select(
                [
                    KEY,
                    PATIENT,
                    SUBJECT,
                    ENCOUNTER,
                    _STATUS,
                    Column("intent", "intent"),
                    Column("authored", "authoredOn"),
                    key_of("practitioner_id", "requester", "Practitioner"),
                    Column(
                        "medication_id",
                        "medication.ofType(Reference).getReferenceKey(Medication)",
                        description="The Medication where it is a resource of its own",
                    ),
                    Column("medication_reference", "medication.ofType(Reference).reference"),
                    Column("dosage_texts", "dosageInstruction.text", collection=True),
                    Column("code_text", f"{concept}.text"),
                ]
            ),
            codings(concept),
        ],
    )


def medication_dosages() -> View:
    """Build `ReadyViews.medication_dosages`."""
    instructions = Select(
        for_each="dosageInstruction",
        column=[
            Column("dosage_index", "%rowIndex"),
            Column("sequence", "sequence"),
            Column("text", "text"),
            Column("as_needed", "asNeeded.ofType(boolean)"),
            Column("timing_text", "timing.code.text"),
            codings_of("timing_codings", "timing.code"),
            Column("times_of_day", "timing.repeat.timeOfDay", collection=True),
            Column("frequency", "timing.repeat.frequency"),
            Column("period", "timing.repeat.period"),
            Column("period_unit", "timing.repeat.periodUnit"),
            codings_of("route_codings", "route"),
        ],
        select=[Select(_doses(), for_each_or_null="doseAndRate")],
    )
    return ready(
        "medication_dosages",
        "MedicationRequest",
        "The dosages of prescriptions: a row for each instruction and dose or rate",
        [Select([Column("medication_request_id", "getResourceKey()"), PATIENT]), instructions],
    )


def medication_products() -> View:
    """Build `ReadyViews.medication_products`."""
    return ready(
        "medication_products",
        "Medication",
        "Medications that are resources of their own: a row for each coding",
        [
            Select([Column("medication_id", "getResourceKey()"), _STATUS, _CODE_TEXT]),
            codings("code"),
        ],
    )


def immunizations() -> View:
    """Build `ReadyViews.immunizations`."""
    return ready(
        "immunizations",
        "Immunization",
        "Immunizations: a row for each immunization and coding of its vaccine",
        [
            Select(
                [
                    KEY,
                    key_of("patient_id", "patient", "Patient"),
                    ENCOUNTER,
                    _STATUS,
                    Column("occurrence", "occurrence.ofType(dateTime)"),
                    Column("occurrence_text", "occurrence.ofType(string)"),
                    Column("recorded", "recorded"),
                    Column("primary_source", "primarySource"),
                    Column("lot_number", "lotNumber"),
                    *quantity("dose", "doseQuantity"),
                    Column(
                        "dose_numbers",
                        "protocolApplied.doseNumber.ofType(positiveInt)",
                        collection=True,
                    ),
                    Column("code_text", "vaccineCode.text"),
                ]
            ),
            codings("vaccineCode"),
        ],
    )


def _when(name: str) -> list[Column]:
    """Return when something was, as a time, a period or in words."""
    return [
        Column(name, f"{name}.ofType(dateTime)"),
        *period(name, f"{name}.ofType(Period)"),
        Column(f"{name}_text", f"{name}.ofType(string)"),
    ]


def _doses() -> list[Column]:
    return [
        *quantity("dose", "dose.ofType(Quantity)"),
        *quantity("dose_low", "dose.ofType(Range).low"),
        *quantity("dose_high", "dose.ofType(Range).high"),
        *quantity("rate", "rate.ofType(Quantity)"),
        *quantity("rate_numerator", "rate.ofType(Ratio).numerator"),
        *quantity("rate_denominator", "rate.ofType(Ratio).denominator"),
    ]


def _code_in(name: str, path: str, system: str) -> Column:
    """Return the code of a concept in the system that FHIR requires."""
    return Column(name, f"{path}.coding.where(system = '{system}').code")

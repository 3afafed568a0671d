"""Views for common questions, each made when it is first asked for."""

from functools import cached_property

from pymedplum_runtime.tables.ready import care as ready_care
from pymedplum_runtime.tables.ready import claims as ready_claims
from pymedplum_runtime.tables.ready import observations as ready_observations
from pymedplum_runtime.tables.ready import people as ready_people
from pymedplum_runtime.tables.views.view import View


class ReadyViews:
    """Views of R4 for common questions: `ready.observations` is a `View` like any other.

    Keys end in `_id` and hold the id of a resource of the type that they name; `patient_id` is
    null where the subject is no Patient. A concept may have several codings, and none of them is
    the right one for everybody: views have a row for each, with its `coding_index`. Of the rows
    of one concept exactly one has the index 0. Columns that end in `_codings` hold theirs as JSON.
    Units come as they are shown (`_unit`) and as a system and a code (`_unit_system`,
    `_unit_code`).

    Example:
        >>> ready.conditions.to_arrow("Condition.ndjson")
    """

    @cached_property
    def patients(self) -> View:
        """Patients, without what names them: a row for each."""
        return ready_people.patients()

    @cached_property
    def patient_names(self) -> View:
        """A row for each name of a patient."""
        return ready_people.patient_names()

    @cached_property
    def patient_addresses(self) -> View:
        """A row for each address of a patient."""
        return ready_people.patient_addresses()

    @cached_property
    def patient_identifiers(self) -> View:
        """A row for each identifier of a patient."""
        return ready_people.patient_identifiers()

    @cached_property
    def observations(self) -> View:
        """A row for each value, of an observation or a component, and coding of its code.

        `is_component` tells them apart, `component_index` counts the components from 0.
        """
        return ready_observations.observations()

    @cached_property
    def observation_components(self) -> View:
        """A row for each component of an observation, and coding of its code."""
        return ready_observations.observation_components()

    @cached_property
    def blood_pressures(self) -> View:
        """A row for each Observation that has LOINC's systolic or diastolic pressure as components.

        Two components with the same code are an error: a blood pressure has one of each.
        """
        return ready_observations.blood_pressures()

    @cached_property
    def conditions(self) -> View:
        """A row for each condition and coding."""
        return ready_care.conditions()

    @cached_property
    def encounters(self) -> View:
        """A row for each encounter."""
        return ready_care.encounters()

    @cached_property
    def procedures(self) -> View:
        """A row for each procedure and coding."""
        return ready_care.procedures()

    @cached_property
    def medications(self) -> View:
        """A row for each MedicationRequest and coding of its medication.

        Where the medication is a resource of its own, `medication_id` leads to it and
        `medication_products` has its codings.
        """
        return ready_care.medications()

    @cached_property
    def medication_dosages(self) -> View:
        """A row for each dosage instruction of a MedicationRequest, and dose or rate."""
        return ready_care.medication_dosages()

    @cached_property
    def medication_products(self) -> View:
        """A row for each coding of a Medication."""
        return ready_care.medication_products()

    @cached_property
    def immunizations(self) -> View:
        """A row for each immunization and coding of its vaccine."""
        return ready_care.immunizations()

    @cached_property
    def claims(self) -> View:
        """A row for each Claim, with its total."""
        return ready_claims.claims()

    @cached_property
    def claim_items(self) -> View:
        """A row for each item of a Claim, and coding of its product or service."""
        return ready_claims.claim_items()

    @cached_property
    def claim_diagnoses(self) -> View:
        """A row for each diagnosis of a Claim, and coding."""
        return ready_claims.claim_diagnoses()


ready = ReadyViews()
"""The ready views."""

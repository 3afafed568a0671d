"""What people and things are called: display names and identifiers."""

from pymedplum_runtime.helpers.members import (
    FHIRData,
    entries,
    first_object,
    members_of,
    objects,
    text,
)

_UNKNOWN = "Unknown"


def get_patient_display_name(patient: FHIRData) -> str:
    """Return a name to show for a patient, from the first entry of `name`.

    Args:
        patient: a Patient, or any resource whose `name` is a list of HumanName.

    Returns:
        The name's `text`, else its given names and family name, else `"Unknown"`.

    Example:
        >>> get_patient_display_name({"name": [{"given": ["John"], "family": "Doe"}]})
        'John Doe'
    """
    name = first_object(members_of(patient).get("name"))
    parts = [*entries(name.get("given")), name.get("family")]
    joined = " ".join(part for part in map(text, parts) if part)
    return text(name.get("text")) or joined or _UNKNOWN


def extract_identifier(resource: FHIRData, system: str) -> str | None:
    """Return the value of the first identifier of a system, or `None`.

    Args:
        resource: any resource whose `identifier` is a list.
        system: the identifier system's URI, such as `http://hospital.org/mrn`.
    """
    for identifier in objects(members_of(resource).get("identifier")):
        if identifier.get("system") == system:
            return text(identifier.get("value"))
    return None

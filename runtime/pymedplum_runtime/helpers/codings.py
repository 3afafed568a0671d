"""Reading CodeableConcepts: a label for people, a code for programs, or all the parts."""

from pymedplum_runtime.helpers.members import FHIRData, first_object, members_of, objects, text


def get_code_display(codeable_concept: FHIRData | None) -> str | None:
    """Return a label for people: the concept's `text`, else the first coding's `display`.

    Never the code itself: `get_code_by_system` and `coding_parts` read that.

    Example:
        >>> get_code_display({"coding": [{"display": "Hypertension"}]})
        'Hypertension'
    """
    _, _, display, label = coding_parts(codeable_concept)
    return label or display


def get_code_by_system(codeable_concept: FHIRData | None, system: str) -> str | None:
    """Return the code of the first coding of a system, or `None`.

    Args:
        codeable_concept: a CodeableConcept, or `None`.
        system: the code system's URI, such as `http://loinc.org`.
    """
    for coding in objects(members_of(codeable_concept).get("coding")):
        if coding.get("system") == system:
            return text(coding.get("code"))
    return None


def coding_parts(
    codeable_concept: FHIRData | None,
) -> tuple[str | None, str | None, str | None, str | None]:
    """Return code, system and display of the first coding, and the concept's own text.

    Which coding is the first is arbitrary where a concept has several: use `get_code_by_system`
    to read that of one system. Empty texts are `None`.

    Example:
        >>> coding_parts({"text": "free text only"})
        (None, None, None, 'free text only')
    """
    concept = members_of(codeable_concept)
    first = first_object(concept.get("coding"))
    return (
        text(first.get("code")),
        text(first.get("system")),
        text(first.get("display")),
        text(concept.get("text")),
    )

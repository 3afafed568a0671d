"""The names that `value[x]` of an extension can have in R4.

https://hl7.org/fhir/R4/datatypes.html#open. Written here so that the helpers check names without
loading the models; a test compares them with the generated `Extension`.
"""

_OPEN_TYPES = """
    Base64Binary Boolean Canonical Code Date DateTime Decimal Id Instant Integer Markdown Oid
    PositiveInt String Time UnsignedInt Uri Url Uuid
    Address Age Annotation Attachment CodeableConcept Coding ContactPoint Count Distance Duration
    HumanName Identifier Money Period Quantity Range Ratio Reference SampledData Signature Timing
    ContactDetail Contributor DataRequirement Expression ParameterDefinition RelatedArtifact
    TriggerDefinition UsageContext Dosage Meta
"""

VALUE_NAMES = frozenset(f"value{name}" for name in _OPEN_TYPES.split())


def value_name(keyword: str) -> str:
    """Return FHIR's spelling of `value_string` or `valueString`.

    Raises:
        ValueError: no extension has such a value.
    """
    head, *tail = keyword.split("_")
    name = head + "".join(part[:1].upper() + part[1:] for part in tail)
    if name not in VALUE_NAMES:
        raise ValueError(
            f"'{keyword}' is no value of an extension; expected one such as value_string, "
            "value_boolean or value_reference"
        )
    return name

"""The intermediate representation: FHIR's definitions with every naming and typing decision made.

Knows FHIR; does not know templates, files or Pydantic.
"""

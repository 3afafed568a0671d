"""Turns the intermediate representation into files: knows Python and Jinja, not FHIR."""

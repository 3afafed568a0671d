"""Paths of views resolved against FHIR's types."""

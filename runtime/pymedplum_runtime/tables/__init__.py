"""FHIR resources as tables: SQL on FHIR views over NDJSON, searches and exports."""

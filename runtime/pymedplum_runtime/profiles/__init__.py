"""Profiles: StructureDefinitions compiled to tables, and the set of tables that is known."""

"""Compiled definitions, a line each: read by `pymedplum.validation`."""

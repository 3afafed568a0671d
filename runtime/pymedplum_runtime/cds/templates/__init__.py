"""Prefetch templates: what they say, and what they become in a call."""

"""Views run over resources in Python."""

"""Views run as SQL inside DuckDB."""

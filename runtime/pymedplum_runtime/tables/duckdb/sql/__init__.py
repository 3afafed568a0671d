"""Views as SQL for DuckDB: text alone, made from plans; nothing here runs it."""

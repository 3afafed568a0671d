"""The ids at the end of references."""

from pymedplum_runtime.tables.duckdb.sql.leaves import text
from pymedplum_runtime.tables.duckdb.sql.spelling import Names, text_literal


def reference_key(sql: str, target: str | None, names: Names) -> str:
    """Return the expression for the id that a reference ends with, if it is one to that type.

    It does what `reference_key` of `fhirpath.functions_fhir` does, and `Patient/1` quickly.
    """
    if target is None:
        return _any_key(sql, target, names)
    begin = f"{target}/"
    rest = f"substring({sql}, {len(begin) + 1})"
    return (
        f"CASE WHEN starts_with({sql}, {text_literal(begin)}) AND NOT contains({rest}, '/')"
        f" THEN nullif({rest}, '')"
        f" ELSE {_any_key(sql, target, names)} END"
    )


def _any_key(sql: str, target: str | None, names: Names) -> str:
    t, p = names.new(), names.new()
    is_reference, of_urn = f"len({p}) > 1", f"nullif(split_part({t}, ':', -1), '')"
    if target is not None:
        is_reference += f" AND list_extract({p}, -2) = {text_literal(target)}"
        of_urn = "NULL"
    parts = f"string_split(split_part({t}, '/_history/', 1), '/')"
    of_parts = f"CASE WHEN {is_reference} THEN nullif(list_extract({p}, -1), '') END"
    key = (
        f"CASE WHEN starts_with({t}, '#') THEN NULL WHEN starts_with({t}, 'urn:') THEN {of_urn}"
        f" ELSE list_extract(list_transform([{parts}], lambda {p}: {of_parts}), 1) END"
    )
    return f"list_extract(list_transform([{text(names, sql)}], lambda {t}: {key}), 1)"

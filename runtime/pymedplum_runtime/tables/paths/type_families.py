"""The types of FHIR by what kind of value they are."""

TEXT = frozenset(
    (
        "string",
        "code",
        "uri",
        "url",
        "canonical",
        "oid",
        "uuid",
        "id",
        "longId",  # the id of a SearchParameter
        "markdown",
        "base64Binary",
        "xhtml",
    )
)
WHOLE = frozenset(("integer", "positiveInt", "unsignedInt", "integer64"))
NUMBERS = WHOLE | {"decimal"}
MOMENTS = frozenset(("date", "dateTime", "instant"))
PRIMITIVES = TEXT | NUMBERS | MOMENTS | {"time", "boolean"}
SIMPLE_BY_NAME = {name.lower(): name for name in sorted(PRIMITIVES)}

_FAMILIES: tuple[tuple[str, frozenset[str]], ...] = (
    ("text", TEXT),
    ("number", NUMBERS),
    ("moment", MOMENTS),
    ("time", frozenset(("time",))),
    ("boolean", frozenset(("boolean",))),
)


def family_of(type_name: str) -> str:
    """Return `text`, `number`, `moment`, `time` or `boolean`; empty for other types."""
    return next((family for family, names in _FAMILIES if type_name in names), "")


def fits(type_name: str, declared: str) -> bool:
    """Tell whether values of a type can stand in a column of a declared one.

    A text can be of any sort of text; dates and times are texts too, and a whole number is a
    decimal. What a text says is not known, so it is no date and no number.
    """
    if type_name == declared or not type_name:
        return True
    family, its_family = family_of(type_name), family_of(declared)
    if family == its_family == "number":
        return declared == "decimal" or type_name != "decimal"
    if its_family == "text":
        return family in ("text", "moment", "time")
    return bool(family) and family == its_family


CONSTANT_MEMBERS = {
    f"value{name[0].upper()}{name[1:]}": name for name in sorted(PRIMITIVES - {"longId", "xhtml"})
}
"""The members of a constant that may hold its value, and the type of each."""

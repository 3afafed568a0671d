"""The rows of the generated tables: one JSON property of a FHIR type each."""

from typing import NamedTuple


class Property(NamedTuple):
    """A JSON property: its Python and FHIR names, its type by name, and the rules it is under."""

    name: str
    fhir_name: str
    type: str
    min: int = 0
    many: bool = False
    codes: str | None = None
    choice: str | None = None
    lazy: bool = False
    bare: bool = False
    prohibited: bool = False

    @property
    def is_primitive(self) -> bool:
        """FHIR spells primitive types with a lower-case first letter, and only those."""
        return self.type[0].islower()

    @property
    def is_required(self) -> bool:
        """Whether this property itself, not just one of its choice, has to be there."""
        return self.min > 0 and self.choice is None

    @property
    def sibling(self) -> "Property | None":
        """The `_name` property that carries a primitive's id and extensions.

        https://hl7.org/fhir/R4/json.html#primitive
        """
        if not self.is_primitive or self.bare:
            return None
        return Property(f"_{self.name}", f"_{self.fhir_name}", "Element", many=self.many)

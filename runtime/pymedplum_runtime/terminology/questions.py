"""What the tables cannot answer, and who may: the protocols of terminology services."""

from typing import NamedTuple, Protocol

Coding = tuple[str | None, str]  # a system and a code; no system is a code's own
Query = tuple[str, str | None, str]
"""A value set's canonical URL, a system and a code."""


class CodeQuestion(NamedTuple):
    """Whether one of a value's codes is in the value set that its element is bound to.

    Attributes:
        value_set: the canonical URL of the value set.
        codings: system and code of each coding; of an element of type `code` the system is None.
        strength: `required` or `extensible`.
    """

    value_set: str
    codings: tuple[Coding, ...]
    strength: str = "required"

    def __repr__(self) -> str:
        # The codes are a person's; the value set is the definition's.
        return f"CodeQuestion({self.value_set!r}, {len(self.codings)} codings, {self.strength!r})"


class Terminology(Protocol):
    """A service that knows codes: what `validate(..., terminology=...)` takes."""

    def validate_code(
        self,
        value_set: str,
        system: str | None,
        code: str,
        display: str | None = None,
    ) -> bool | None:
        """Tell whether a code is in a value set.

        Args:
            value_set: the canonical URL of the value set, perhaps with a version after `|`.
            system: the system of the code; None for an element of type `code`.
            code: the code.
            display: what is shown for the code, where that has to be right too.

        Returns:
            None where the service does not know: the binding is then reported as unchecked.

        Raises:
            TerminologyError: the service failed, and validation should not go on without it.
        """
        ...


class AsyncTerminology(Protocol):
    """A service that knows codes, to be awaited: what `validate_async` takes."""

    async def validate_code(
        self,
        value_set: str,
        system: str | None,
        code: str,
        display: str | None = None,
    ) -> bool | None:
        """Do what `Terminology.validate_code` does."""
        ...

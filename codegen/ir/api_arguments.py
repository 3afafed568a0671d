"""The parameters of a method: written down in `x-python`, or those that its operation carries."""

import keyword
from collections.abc import Iterator, Sequence
from dataclasses import replace

from codegen.ir.api import Argument
from codegen.ir.api_document import Document
from codegen.ir.api_types import check_default, check_type
from codegen.load import Json

STAR = "*"
KEYS = frozenset({"name", "type", "default", "description", "kind"})

# What a method without a flow takes besides what its operation carries.
AS_FHIR = "as_fhir"
PREFER_ASYNC = "prefer_async"
EVERY_CALL = ("on_behalf_of", "timeout")
OPTIONS = (AS_FHIR, PREFER_ASYNC, *EVERY_CALL)


class Arguments:
    """Makes the parameters of one method, and says what is wrong with them."""

    def __init__(self, document: Document, place: str) -> None:
        self._document = document
        self._place = place

    def written(self, items: Sequence[str | Json], carried: Sequence[Argument]) -> list[Argument]:
        """Give the parameters of a list in `x-python`."""
        known = {argument.name: argument for argument in carried}
        found: list[Argument] = []
        is_keyword = False
        for item in items:
            if item == STAR:
                is_keyword = True
                continue
            argument = self._one({"name": item} if isinstance(item, str) else item, known)
            if argument and argument.kind != "keywords":
                argument = replace(argument, kind="keyword" if is_keyword else "positional")
            found += [argument] if argument else []
        return found

    def shared(self, *names: str) -> list[Argument]:
        """Give parameters of `components/x-python-parameters`, by keyword."""
        found = (self._one({"name": name}, {}) for name in names)
        return [replace(a, kind="keyword") for a in found if a]

    def check(self, arguments: Sequence[Argument]) -> None:
        """Report what would be no signature."""
        for message in self._faults(arguments):
            self._document.report(self._place, message)

    def _one(self, item: Json, known: dict[str, Argument]) -> Argument | None:
        """Give a parameter: what the item says, else what is shared, else what is carried."""
        name = str(item.get("name"))
        unknown = sorted(item.keys() - KEYS)
        if unknown:
            self._report(f"has the unknown keys {', '.join(unknown)} at the parameter '{name}'")
        carried = known.get(name)
        facts: Json = (self._document.shared_parameters.get(name) or {}) if not carried else {}
        facts = facts | item
        if "type" in item and "default" not in item:  # another type has another default, or none
            facts = {key: fact for key, fact in facts.items() if key != "default"}
            carried = replace(carried, default=None) if carried else None
        annotation = facts.get("type") or (carried.annotation if carried else None)
        if annotation is None:
            self._report(f"has the parameter '{name}', which is neither shared nor typed")
            return None
        default = carried.default if carried else None
        return Argument(
            name=name,
            annotation=str(annotation),
            default=str(facts["default"]) if "default" in facts else default,
            description=facts.get("description") or (carried.description if carried else ""),
            kind="keywords" if facts.get("kind") == "keywords" else "positional",
        )

    def _faults(self, arguments: Sequence[Argument]) -> Iterator[str]:
        names = [a.name for a in arguments]
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield f"has two parameters '{name}'"
        has_default = False
        for argument in arguments:
            yield from self._faults_of(argument)
            if argument.kind == "positional":
                if has_default and argument.default is None:
                    yield f"requires the parameter '{argument.name}' behind one with a default"
                has_default = has_default or argument.default is not None
        for argument in arguments[:-1]:
            if argument.kind == "keywords":
                yield f"has the parameter '**{argument.name}' before others"

    def _faults_of(self, argument: Argument) -> Iterator[str]:
        name = argument.name
        if not name.isidentifier() or keyword.iskeyword(name) or name in {"self", "answer"}:
            yield f"has the parameter '{name}', which is no name for one"
        if not argument.description:
            yield f"does not describe the parameter '{name}'"
        wrong = [*check_type(argument.annotation, self._document.schemas)]
        wrong += check_default(argument.default) if argument.default is not None else []
        yield from (f"'{name}' {message}" for message in wrong)

    def _report(self, message: str) -> None:
        self._document.report(self._place, message)

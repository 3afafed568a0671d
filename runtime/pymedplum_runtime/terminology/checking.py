"""Codes checked against the tables of value sets, without asking anybody."""

import threading
from collections.abc import Iterable
from typing import Literal
from weakref import WeakKeyDictionary

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.tables import ANY_SYSTEM, ValueSetTable
from pymedplum_runtime.terminology.grammars import fits
from pymedplum_runtime.terminology.versions import split_canonical, versions_agree

Answer = Literal["in", "out", "unknown"]


def check(definitions: Definitions, value_set: str, system: str | None, code: str) -> Answer:
    """Tell whether a code is in a value set, as far as its table says.

    Args:
        definitions: the definitions that hold the tables.
        value_set: the canonical URL of the value set, with or without a version.
        system: the system of the code; None for an element of type `code`, whose system is the
            value set's own.
        code: the code.

    Returns:
        `in`, `out`, or `unknown` where there is no table, or the table does not list the codes of
        the system: a terminology service may know.

    Example:
        >>> gender = "http://hl7.org/fhir/ValueSet/administrative-gender"
        >>> check(packaged(), gender, None, "female"), check(packaged(), gender, None, "F")
        ('in', 'out')
    """
    members = _members(definitions, value_set)
    return "unknown" if members is None else members.answer(system, code)


def why_unknown(definitions: Definitions, value_set: str, system: str | None) -> str:
    """Say why the codes of a value set, or those of a system in it, cannot be told offline."""
    url, version = split_canonical(value_set)
    table = definitions.value_set(url)
    if table is None:
        return "the value set is not among the definitions"
    if not versions_agree(version, table.get("version", "")):
        return f"the value set is not among the definitions in version {version}"
    open_systems = table.get("open", ())
    if system in open_systems:
        return f"the codes of {system} are not all among the definitions"
    named = [name for name in open_systems if name != ANY_SYSTEM]
    if system is None and named:
        return f"the codes of {', '.join(named)} are not all among the definitions"
    return "a part of the value set is not among the definitions"


class _Members:
    """A table made ready for looking codes up; what that takes is made when it is first needed."""

    __slots__ = ("_any", "_folded", "_grammars", "_open", "_systems", "table")

    def __init__(self, table: ValueSetTable) -> None:
        self.table = table
        self._folded = frozenset(table.get("folded", ()))
        self._systems: dict[str, frozenset[str]] = {}
        self._grammars = {s: frozenset(parts) for s, parts in table.get("grammars", {}).items()}
        self._open = frozenset(table.get("open", ()))
        self._any: frozenset[str] | None = None

    def answer(self, system: str | None, code: str) -> Answer:
        if system is None:
            return self._of_any_system(code)
        if system in self.table["systems"] and self._fold(system, code) in self._codes(system):
            return "in"
        if system in self._grammars and fits(system, code, self._grammars[system]):
            return "in"
        return "unknown" if system in self._open or ANY_SYSTEM in self._open else "out"

    def _of_any_system(self, code: str) -> Answer:
        if self._any is None:
            self._any = frozenset().union(*map(self._codes, self.table["systems"]))
        if code in self._any or any(fits(s, code, parts) for s, parts in self._grammars.items()):
            return "in"
        if any(self._fold(system, code) in self._codes(system) for system in self._folded):
            return "in"
        return "unknown" if self._open else "out"

    def _codes(self, system: str) -> frozenset[str]:
        codes = self._systems.get(system)
        if codes is None:
            listed = self.table["systems"].get(system, ())
            codes = self._systems[system] = frozenset(self._fold_all(system, listed))
        return codes

    def _fold_all(self, system: str, codes: Iterable[str]) -> Iterable[str]:
        return codes if system not in self._folded else map(str.casefold, codes)

    def _fold(self, system: str, code: str) -> str:
        return code if system not in self._folded else code.casefold()


Known = dict[str, _Members]
_known: "WeakKeyDictionary[Definitions, Known]" = WeakKeyDictionary()
_lock = threading.Lock()


def _members(definitions: Definitions, value_set: str) -> _Members | None:
    url, version = split_canonical(value_set)
    table = definitions.value_set(url)
    if table is None or not versions_agree(version, table.get("version", "")):
        return None
    known = _known.get(definitions)
    if known is None:
        with _lock:
            known = _known.setdefault(definitions, {})
    members = known.get(url)
    # A set that was added since takes the place of the one before.
    if members is None or members.table is not table:
        members = known[url] = _Members(table)
    return members

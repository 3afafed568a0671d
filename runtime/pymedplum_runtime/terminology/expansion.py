"""What is known of the codes of a set, and how sets add up, meet and are taken away.

A set tells of a code that it is in, that it is out, or that nobody here can tell: where the codes
of a system cannot all be listed, the system is open.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from pymedplum_runtime.profiles.tables import ANY_SYSTEM, ValueSetTable
from pymedplum_runtime.terminology.grammars import fits

Coded = tuple[str, str]  # a system and a code of it
Parts = frozenset[str]  # of a grammar: what a code must not have


@dataclass(slots=True)
class Expansion:
    """The codes of a set: those that are in it for sure, and where there may be more.

    Attributes:
        codes: what is in the set, in the order of its definition.
        grammars: systems whose codes a grammar tells, with the parts that a code must not have.
        open: why the codes of a system cannot all be told, by system.
        folded: systems whose codes are the same in upper and lower case.
    """

    codes: dict[Coded, None] = field(default_factory=dict[Coded, None])
    grammars: dict[str, Parts] = field(default_factory=dict[str, Parts])
    open: dict[str, str] = field(default_factory=dict[str, str])
    folded: set[str] = field(default_factory=set[str])

    @property
    def systems(self) -> set[str]:
        """The systems that the set may have codes of, as far as they are known."""
        return (
            {system for system, _ in self.codes}
            | set(self.grammars)
            | set(self.open) - {ANY_SYSTEM}
        )

    def add(self, other: "Expansion") -> None:
        """Take in what another set holds."""
        self.codes |= other.codes
        self.folded |= other.folded
        self.open |= {s: reason for s, reason in other.open.items() if s not in self.open}
        for system, parts in other.grammars.items():
            known = self.grammars.get(system)
            # Of two grammars the looser holds both, if one is.
            if known is None or parts <= known:
                self.grammars[system] = parts
            elif not known <= parts:
                self.open.setdefault(system, f"two grammars of {system} add up")

    def within(self, other: "Expansion") -> "Expansion":
        """Return what both sets hold."""
        both = Expansion(folded=self.folded | other.folded)
        has = _holder(other, both.folded)
        both.codes = {c: None for c in self.codes if has(c)}
        both.codes |= {c: None for c in other.codes if _grammar_has(self, c)}
        for system in self.grammars.keys() & other.grammars.keys():
            both.grammars[system] = self.grammars[system] | other.grammars[system]
        _open_where_met(both, self, other)
        _open_where_met(both, other, self)
        return both

    def without(self, other: "Expansion") -> None:
        """Take away what another set holds."""
        has = _holder(other, self.folded | other.folded)
        self._drop({c for c in self.codes if has(c)}, None)
        excluded = {system for system, _ in other.codes} | set(other.grammars)
        for system in self.grammars.keys() & excluded:
            self.open.setdefault(system, f"codes of the grammar of {system} are excluded")
            del self.grammars[system]
        for system, reason in other.open.items():
            is_any = system == ANY_SYSTEM
            self._drop({c for c in self.codes if is_any or c[0] == system}, reason)
            for grammar in [g for g in self.grammars if system in (ANY_SYSTEM, g)]:
                self.open.setdefault(grammar, reason)
                del self.grammars[grammar]

    def _drop(self, dropped: set[Coded], reason: str | None) -> None:
        for coded in dropped:
            del self.codes[coded]
            if reason is not None:
                self.open.setdefault(coded[0], reason)

    def table(self, url: str, version: str = "") -> ValueSetTable:
        """Return the compact form of the set, the members that say something only."""
        systems: dict[str, list[str]] = {}
        for system, code in self.codes:
            systems.setdefault(system, []).append(code)
        table: ValueSetTable = {"url": url, "systems": systems}
        if version:
            table["version"] = version
        if self.grammars:
            table["grammars"] = {s: sorted(parts) for s, parts in self.grammars.items()}
        if self.open:
            table["open"] = sorted(self.open)
        if self.folded:
            table["folded"] = sorted(self.folded)
        return table


def _holder(set_: Expansion, folded: set[str]) -> Callable[[Coded], bool]:
    """Return what tells whether a set has a code, in whatever case where that does not count."""

    def key(coded: Coded) -> Coded:
        system, code = coded
        return (system, code.casefold()) if system in folded else coded

    listed = {key(coded) for coded in set_.codes}
    return lambda coded: key(coded) in listed or _grammar_has(set_, coded)


def _grammar_has(set_: Expansion, coded: Coded) -> bool:
    system, code = coded
    return system in set_.grammars and fits(system, code, set_.grammars[system])


def _open_where_met(both: Expansion, one: Expansion, other: Expansion) -> None:
    systems = other.systems
    for system, reason in one.open.items():
        met = systems if system == ANY_SYSTEM else {system} & systems
        for name in met | ({system} if ANY_SYSTEM in other.open else set[str]()):
            both.open.setdefault(name, reason)


def nothing(reason: str) -> Expansion:
    """Return a set of which nothing is known, and why."""
    return Expansion(open={ANY_SYSTEM: reason})


def open_system(system: str, reason: str) -> Expansion:
    """Return a set of codes of one system, unknown which, and why."""
    return Expansion(open={system: reason})

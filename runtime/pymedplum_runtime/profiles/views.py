"""An element as its slices see it, and the ways from it that a discriminator's path may take."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.layers import (
    CHOICE,
    Layers,
    base_elements,
    choice_of,
    root_layers,
    stated,
    types_of,
)
from pymedplum_runtime.profiles.tables import DefinitionTable, ElementTable

TableOf = Callable[[str], DefinitionTable | None]


@dataclass(frozen=True, slots=True)
class View:
    """The layers of an element, and where the definitions are that its types refer to."""

    layers: Layers
    definitions: Definitions
    table_of: TableOf

    @property
    def over(self) -> Layers:
        """The layers of profiles: all but the base type's."""
        return self.layers[:-1]

    @property
    def profiles(self) -> list[str]:
        """The profiles of its types."""
        return [p for t in types_of(self.layers) for p in t.get("profiles", ())]

    @property
    def targets(self) -> list[str]:
        """What it may refer to."""
        return [target for t in types_of(self.layers) for target in t.get("targets", ())]

    def with_layers(self, *layers: ElementTable) -> "View":
        """Return another element."""
        return View(layers, self.definitions, self.table_of)

    def widened(self) -> "View":
        """Return it with the rules of its type's profile between the profile and the base type."""
        if len(self.profiles) != 1:  # of several profiles any one may be meant
            return self
        table = self.table_of(self.profiles[0])
        if table is None or not table.get("profile"):
            return self
        return self.with_layers(*self.over, table.get("root", {}), self.layers[-1])

    def sliced(self) -> "Iterator[View]":
        """Give the slices of the element, those that must be there first."""
        found = {n: s for layer in reversed(self.over) for n, s in layer.get("slices", {}).items()}
        for table in sorted(found.values(), key=lambda s: -s.get("min", 0)):
            yield self.with_layers(table, *self.layers)


def child_of(view: View, name: str) -> View | None:
    """Return the element below with a name; a choice also goes by its name without `[x]`."""
    wide = view.widened()
    known = base_elements(wide.definitions, wide.layers)
    short = None if name in known else choice_of(known, name)
    if name not in known:
        name = name + CHOICE if short is None else short[0]
    if name not in known:
        return None
    over = [e for layer in wide.over if (e := layer.get("elements", {}).get(name))]
    if short is not None:
        over.insert(0, {"types": [{"code": short[1]}]})
    return wide.with_layers(*over, known[name])


def extensions_of(view: View, url: str) -> Iterator[View]:
    """Give the extension with a URL, by its slice where it has one."""
    extension = child_of(view, "extension")
    if extension is None:
        return
    found = next((each for each in extension.sliced() if url_of(each) == url), None)
    typed: ElementTable = {"types": [{"code": "Extension", "profiles": [url]}]}
    # One that is no slice may be there or not, whatever is said of extensions as such.
    yield found or extension.with_layers(typed, extension.layers[-1])


def url_of(view: View) -> str | None:
    """Return the URL of an extension: what it is fixed to, or that of its definition."""
    url = child_of(view, "url")
    fixed = None if url is None else stated(url.layers, "fixed")
    if isinstance(fixed, str):
        return fixed
    return view.profiles[0].partition("|")[0] if len(view.profiles) == 1 else None


def resolved(view: View) -> Iterator[View]:
    """Give what a reference may lead to, as far as that is known."""
    for target in view.targets:
        table = view.table_of(target)
        if table is not None:
            over = (table.get("root", {}),) if table.get("profile") else ()
            layers = root_layers(view.definitions, table["type"], *over)
            yield view.with_layers(*layers)

"""The public names that hand-written runtime modules give: read from specs/pymedplum/."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.problems import Problem
from codegen.toml import read_toml


@dataclass(frozen=True, slots=True)
class Exports:
    """A generated module of re-exports."""

    module: str
    runtime: str
    about: str
    names: tuple[str, ...]
    also: tuple[str, ...] = ()
    """What the package itself does not re-export: details, and names of another module."""
    lazy: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Several runtime modules with their names, imported when they are first asked for."""

    @property
    def all_names(self) -> tuple[str, ...]:
        """Everything that can be imported from the module."""
        return tuple(sorted((*self.names, *self.also)))


def load_exports(file: Path) -> tuple[tuple[Exports, ...], list[Problem]]:
    """Read the table of re-exports; a name may be given by one module only."""
    table = read_toml(file)
    exports = tuple(_exports(module, entry) for module, entry in sorted(table.items()))
    homes: dict[str, str] = {}
    problems: list[Problem] = []
    for export in exports:
        for name in export.names:
            if name in homes:
                message = f"is given by '{homes[name]}' too"
                problems.append(Problem(file.name, f"{export.module}.{name}", message))
            homes[name] = export.module
    return exports, problems


def _exports(module: str, entry: dict[str, Any]) -> Exports:
    lazy = {home: tuple(sorted(names)) for home, names in entry.get("lazy", {}).items()}
    names = entry.get("names") or [name for names in lazy.values() for name in names]
    also = set(entry.get("also", ()))
    return Exports(
        module,
        entry.get("from", ""),
        entry["about"],
        tuple(sorted(set(names) - also)),
        tuple(sorted(also)),
        tuple(sorted(lazy.items())),
    )

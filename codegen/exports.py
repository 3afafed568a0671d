"""The public names that hand-written runtime modules give: read from specs/pymedplum/."""

from dataclasses import dataclass
from pathlib import Path

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

    @property
    def all_names(self) -> tuple[str, ...]:
        """Everything that can be imported from the module."""
        return tuple(sorted((*self.names, *self.also)))


def load_exports(file: Path) -> tuple[tuple[Exports, ...], list[Problem]]:
    """Read the table of re-exports; a name may be given by one module only."""
    table = read_toml(file)
    exports = tuple(
        Exports(
            module,
            entry["from"],
            entry["about"],
            tuple(sorted(entry["names"])),
            tuple(sorted(entry.get("also", ()))),
        )
        for module, entry in sorted(table.items())
    )
    homes: dict[str, str] = {}
    problems: list[Problem] = []
    for export in exports:
        for name in export.names:
            if name in homes:
                message = f"is given by '{homes[name]}' too"
                problems.append(Problem(file.name, f"{export.module}.{name}", message))
            homes[name] = export.module
    return exports, problems

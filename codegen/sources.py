"""The lock file specs/sources.toml as typed values. Knows TOML, not the network."""

from dataclasses import dataclass
from pathlib import Path

from codegen.toml import read_toml

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "specs" / "sources.toml"
OPEN_VALUE_SETS = ROOT / "specs" / "open-value-sets.toml"
CACHE = ROOT / ".cache"


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """One package of the registry, pinned by version and hash."""

    name: str
    version: str
    integrity: str
    license: str
    registry: str

    @property
    def url(self) -> str:
        """Where the registry serves the package's tarball."""
        stem = self.name.rpartition("/")[2]
        return f"{self.registry}/{self.name}/-/{stem}-{self.version}.tgz"


@dataclass(frozen=True, slots=True)
class FhirRelease:
    """One FHIR version and what the generator has to know beyond its definitions."""

    label: str
    version: str
    package: NpmPackage
    files: tuple[str, ...]
    examples: NpmPackage
    profiles: frozenset[str]
    long_ids: frozenset[str]
    resources: dict[str, str]
    borrowed: dict[str, str]
    operations: tuple[str, ...] = ()
    search_parameters: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The extract of the definitions: committed for the packaged version, cached otherwise."""
        base = ROOT / "specs" if self.label == "r4" else CACHE / "specs"
        return base / "fhir" / self.label

    @property
    def search_folder(self) -> Path:
        """The extract of the search parameters, beside that of the definitions."""
        return self.folder.with_name(f"{self.label}-search")

    @property
    def profiles_folder(self) -> Path:
        """The extract of the profiles, and what their validation needs of terminology."""
        return self.folder.with_name(f"{self.label}-profiles")


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything the lock file pins."""

    packages: dict[str, NpmPackage]
    releases: dict[str, FhirRelease]


def read_sources(lock: Path = LOCK) -> Sources:
    """Read the lock file."""
    table = read_toml(lock)
    registry = str(table["registry"]["url"])
    packages = {
        name: NpmPackage(name=name, registry=registry, **pin)
        for name, pin in table["packages"].items()
    }
    releases = {
        label: FhirRelease(
            label=label,
            version=entry["version"],
            package=packages[entry["package"]],
            files=tuple(entry["files"]),
            examples=packages[entry["examples"]],
            profiles=frozenset(entry.get("profiles", ())),
            long_ids=frozenset(entry.get("long_ids", ())),
            resources=dict(entry.get("resources", {})),
            borrowed=dict(entry.get("borrowed", {})),
            operations=tuple(entry.get("operations", ())),
            search_parameters=tuple(entry.get("search_parameters", ())),
            constraints=tuple(entry.get("constraints", ())),
        )
        for label, entry in table["fhir"].items()
    }
    return Sources(packages=packages, releases=releases)


def read_open_value_sets(path: Path = OPEN_VALUE_SETS) -> dict[str, str]:
    """Read the required value sets that cannot be listed, with their reasons."""
    table = read_toml(path)
    return {url: str(reason) for url, reason in table.items()}

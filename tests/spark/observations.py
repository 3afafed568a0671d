"""Observations with components as lines, and the view that the checks run over them."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from pymedplum_runtime.tables.views.view import View

COMPONENTS = {
    "resource": "Observation",
    "name": "components",
    "select": [
        {
            "column": [
                {"name": "id", "path": "getResourceKey()", "type": "string"},
                {"name": "patient", "path": "subject.getReferenceKey(Patient)", "type": "string"},
                {"name": "taken", "path": "effective.ofType(dateTime)", "type": "dateTime"},
                {"name": "is_final", "path": "status = 'final'", "type": "boolean"},
            ]
        },
        {
            "forEach": "component",
            "column": [
                {"name": "position", "path": "%rowIndex", "type": "integer"},
                {"name": "codes", "path": "code.coding.code", "type": "code", "collection": True},
                {"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"},
            ],
        },
    ],
}
VIEW = View.from_definition(COMPONENTS)
OBSERVATIONS = 3000
FILES = 5


def observation(number: int, **changes: Any) -> dict[str, Any]:
    zone = timezone(timedelta(hours=number % 5))
    taken = datetime(2024, 1, 1, tzinfo=zone) + timedelta(minutes=number)
    components = [
        {
            "code": {"coding": [{"code": "8480-6"}, {"code": f"own-{number % 3}"}]},
            "valueQuantity": {"value": 100 + part + (number % 100) / 100},
        }
        for part in range(2)
    ]
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final" if number % 2 else "preliminary",
        "code": {"text": "a panel"},
        "subject": {"reference": f"Patient/p{number % 7}"},
        "effectiveDateTime": taken.isoformat(),
        "component": components,
    } | changes


def lines(*resources: Any) -> bytes:
    return b"".join(json.dumps(resource).encode() + b"\n" for resource in resources)

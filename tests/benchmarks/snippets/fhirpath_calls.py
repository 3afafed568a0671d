"""Microseconds of FHIRPath conditions on one resource, by one engine, each compiled beforehand.

Usage: fhirpath_calls.py ENGINE RESOURCE_JSON REPEATS, or fhirpath_calls.py ENGINE start, which only
imports the engine and evaluates once. Prints a JSON object of medians.
"""

import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.benchmarks.snippets.timing import median_times

Json = dict[str, Any]
# Of FHIR R4's own constraints: https://hl7.org/fhir/R4/observation.html#invs
CONDITIONS = {
    "obs-6": "dataAbsentReason.empty() or value.empty()",
    "obs-7": "value.empty() or component.code.where("
    "coding.intersect(%resource.code.coding).exists()).empty()",
    "dom-3": "contained.where((('#'+id in (%resource.descendants().reference "
    "| %resource.descendants().as(canonical) | %resource.descendants().as(uri) "
    "| %resource.descendants().as(url))) or descendants().where(reference = '#').exists() "
    "or descendants().where(as(canonical) = '#').exists() "
    "or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()",
}


def ours(expression: str, resource: Json) -> Callable[[], object]:
    """Evaluate as validation does: on a node, in one environment for all."""
    engine = import_module("pymedplum_runtime.fhirpath")
    model = import_module("pymedplum_runtime.profiles.definitions").packaged()
    node = engine.Node(resource, resource["resourceType"])
    condition = engine.compile_expression(expression)
    return lambda: condition.holds(node, engine.Environment(resource=node, model=model))


def fhirpathpy(expression: str, resource: Json) -> Callable[[], object]:
    """Evaluate with the R4 model, compiled once."""
    model = import_module("fhirpathpy.models").models["r4"]
    condition = import_module("fhirpathpy").compile(expression, model)
    return lambda: condition(resource, {"resource": resource})


def fhirpathrs(expression: str, resource: Json) -> Callable[[], object]:
    """Evaluate from text, as its only function does."""
    evaluate = import_module("fhirpathrs").evaluate
    return lambda: evaluate(expression, resource)


def fhircraft(expression: str, resource: Json) -> Callable[[], object]:
    """Evaluate the parsed expression on the dict."""
    condition = import_module("fhircraft.fhir.path").parse_fhirpath(expression)
    return lambda: condition.values(resource, {"%resource": resource})


ENGINES = {f.__name__: f for f in (ours, fhirpathpy, fhirpathrs, fhircraft)}


def main(engine: str, file: str, repeats: str = "") -> None:
    prepare = ENGINES[engine]
    if file == "start":
        prepare(CONDITIONS["obs-6"], {"resourceType": "Observation"})()
        return
    resource = json.loads(Path(file).read_text(encoding="utf-8"))
    calls = {key: prepare(text, resource) for key, text in CONDITIONS.items()}
    with redirect_stdout(io.StringIO()):  # fhirpathpy prints what trace() sees
        times = median_times(calls, int(repeats))
    print(json.dumps(times))


main(*sys.argv[1:])

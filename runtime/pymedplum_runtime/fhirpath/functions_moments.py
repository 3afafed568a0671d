"""The time of evaluation: the same wherever it is asked for with one environment.

Source: https://hl7.org/fhirpath/N1/#current-date-and-time-functions
"""

from datetime import datetime

from pymedplum_runtime.fhirpath.code import RESOURCE, Scope
from pymedplum_runtime.fhirpath.functions import Function
from pymedplum_runtime.fhirpath.nodes import Node


def _moment(scope: Scope) -> datetime:
    if scope.env.now is None:
        scope.env.now = datetime.now().astimezone()
    return scope.env.now


def _now(_: list[Node], scope: Scope) -> list[Node]:
    text = _moment(scope).isoformat(timespec="milliseconds")
    return [Node(text[:29], "System.DateTime")]


def _today(_: list[Node], scope: Scope) -> list[Node]:
    return [Node(_moment(scope).date().isoformat(), "System.Date")]


def _time(_: list[Node], scope: Scope) -> list[Node]:
    text = _moment(scope).replace(tzinfo=None).time().isoformat(timespec="milliseconds")
    return [Node(text, "System.Time")]


FUNCTIONS = {
    "now": Function("items", _now, 0, 0, RESOURCE),
    "today": Function("items", _today, 0, 0, RESOURCE),
    "timeOfDay": Function("items", _time, 0, 0, RESOURCE),
}

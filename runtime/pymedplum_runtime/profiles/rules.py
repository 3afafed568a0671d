"""The rules of one ElementDefinition, as far as they are tighter than what holds already.

Each function reads one kind of rule, checks it against the layers below, and writes it into the
table of the element where it says something new.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.layers import Layers, stated
from pymedplum_runtime.profiles.outline import Definition
from pymedplum_runtime.profiles.problems import Problems
from pymedplum_runtime.profiles.tables import BindingTable, DefinitionTable, ElementTable

_STRENGTHS = ("example", "preferred", "extensible", "required")
_MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"


@dataclass(frozen=True, slots=True)
class Setting:
    """An element that is being read, and what it is read against."""

    definition: Definition
    id: str
    table: ElementTable
    """What the profile says of it; written."""
    layers: Layers
    """The table first, then what holds already, the base type last."""
    definitions: Definitions
    problems: Problems
    table_of: Callable[[str], DefinitionTable | None]
    """Finds definitions that types refer to."""
    type_at: Callable[[str], str | None]
    """Tells what they are definitions of; they need not be compiled for that."""
    is_slice: bool = False
    is_root: bool = False
    is_closed: bool = False
    """Whether the base profile lets it have no other slices than its own."""

    @property
    def below(self) -> Layers:
        """What holds without this table."""
        return self.layers[1:]

    @property
    def bounds(self) -> Layers:
        """What may not be loosened: the base's.

        A slice may repeat the base where its element is tighter: that holds all the same.
        """
        return (self.layers[0], self.layers[-1])

    def problem(self, message: str, expression: str | None = None) -> None:
        """Note what is wrong with the element."""
        self.problems.add(self.id, message, expression)


def read_cardinality(setting: Setting) -> None:
    """Read `min` and `max`."""
    if setting.is_root:  # says nothing: how many there may be is the matter of what holds it
        return
    least, most = _read_min(setting), _read_max(setting)
    if least > most:
        setting.problem(f"min {least} is above max {_written(most)}")
        setting.table.pop("min", None)


def _read_min(setting: Setting) -> int:
    # A slice may be missing though its element must be there: the min of others does not count.
    own = (setting.table,)
    floor = cast("int", stated(own if setting.is_slice else setting.bounds, "min", 0))
    given = setting.definition.get("min")
    if not isinstance(given, int) or isinstance(given, bool):
        return floor
    if given < floor:
        setting.problem(f"min {given} is below {floor} of the base")
        return floor
    _write(setting, "min", given, is_new=given > (0 if setting.is_slice else _least(setting)))
    return given


def _least(setting: Setting) -> int:
    return cast("int", stated(setting.below, "min", 0))


def _read_max(setting: Setting) -> float:
    ceiling = number_of(stated(setting.bounds, "max", 1))
    known = number_of(stated(setting.below, "max", 1))
    given = setting.definition.get("max")
    if given != "*" and not (isinstance(given, str) and given.isdecimal() and given.isascii()):
        if given is not None:
            setting.problem("max is neither a number nor '*'")
        return min(ceiling, known)
    most = number_of(given)
    if most > ceiling:
        setting.problem(f"max {given} is above {_written(ceiling)} of the base")
        return min(ceiling, known)
    _write(setting, "max", given if given == "*" else int(most), is_new=most < known)
    return min(most, known)


def _write(setting: Setting, member: str, value: Any, *, is_new: bool) -> None:  # noqa: ANN401 - any member of a table
    """Write a rule, or take it out where what holds already says it."""
    table = cast("dict[str, Any]", setting.table)
    if is_new:
        table[member] = value
    else:
        table.pop(member, None)


def number_of(count: int | str) -> float:
    """Return a max as a number: `*` is infinite."""
    return float("inf") if count == "*" else float(count[:9] if isinstance(count, str) else count)


def _written(count: float) -> str:
    return "*" if count == float("inf") else f"{count:g}"


def read_length(setting: Setting) -> None:
    """Read `maxLength`."""
    given = setting.definition.get("maxLength")
    if not isinstance(given, int) or isinstance(given, bool):
        return
    known = stated(setting.bounds, "max_length")
    if given < 1:
        setting.problem(f"maxLength {given} is below 1")
    elif known is not None and given > known:
        setting.problem(f"maxLength {given} is above {known} of the base")
    else:
        _write(setting, "max_length", given, is_new=given != stated(setting.below, "max_length"))


def read_must_support(setting: Setting) -> None:
    """Read `mustSupport`; a slice has it from its element too, so that its absence is told."""
    known = stated(setting.below, "must_support", default=False)
    if (setting.is_slice and known) or (
        setting.definition.get("mustSupport") is True and not known
    ):
        setting.table["must_support"] = True


def read_binding(setting: Setting) -> None:
    """Read `binding`; one that nothing can fail is left out, unless it has a maximum value set."""
    given = setting.definition.get("binding")
    if not isinstance(given, dict):
        return
    binding = cast("dict[str, Any]", given)
    strength, value_set = binding.get("strength"), binding.get("valueSet")
    if strength not in _STRENGTHS:
        setting.problem("the strength of the binding is none of FHIR's")
        return
    known = cast("BindingTable | None", stated(setting.bounds, "binding"))
    if known and known.get("strength") == "required" != strength:
        setting.problem(f"the binding is {strength}, that of the base is required")
        return
    _write_binding(setting, strength, value_set, _max_value_set(binding))


def _write_binding(
    setting: Setting, strength: str, value_set: object, max_value_set: str | None
) -> None:
    made: BindingTable = {"strength": strength}
    if isinstance(value_set, str):
        made["value_set"] = value_set
    if max_value_set is not None:
        made["max_value_set"] = max_value_set
    below = cast("BindingTable", stated(setting.below, "binding", {}))
    is_checked = strength in _STRENGTHS[2:] and "value_set" in made
    _write(
        setting,
        "binding",
        made,
        is_new=bool(is_checked or max_value_set) and not _is_same(made, below),
    )


def _is_same(one: BindingTable, other: BindingTable) -> bool:
    """Tell whether two bindings are the same, where one may leave out versions."""
    if one.get("strength") != other.get("strength"):
        return False
    pairs = [(one.get("value_set", ""), other.get("value_set", ""))]
    pairs.append((one.get("max_value_set", ""), other.get("max_value_set", "")))
    return all(a == b or (_url(a) == _url(b) and not ("|" in a and "|" in b)) for a, b in pairs)


def _url(canonical: str) -> str:
    return canonical.partition("|")[0]


def _max_value_set(binding: dict[str, Any]) -> str | None:
    for extension in cast("list[dict[str, Any]]", binding.get("extension") or ()):
        if extension.get("url") == _MAX_VALUE_SET:
            found = extension.get("valueCanonical") or extension.get("valueUri")
            return found if isinstance(found, str) else None
    return None

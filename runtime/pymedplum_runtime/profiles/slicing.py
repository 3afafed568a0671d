"""How a profile divides an element into slices: the slicing, and the table of each slice."""

from collections.abc import Mapping
from typing import Any, cast

from pymedplum_runtime.profiles.layers import CHOICE, Layers, codes_of, stated
from pymedplum_runtime.profiles.rules import Setting
from pymedplum_runtime.profiles.tables import SlicingTable

_RULES = ("open", "closed", "openAtEnd")
_KINDS = ("value", "exists", "pattern", "type", "profile", "position")
_EXTENSIONS = ("extension", "modifierExtension")
BY_URL: SlicingTable = {"discriminators": [["value", "url"]], "rules": "open"}
BY_TYPE: SlicingTable = {"discriminators": [["type", "$this"]], "rules": "open"}


def read_slicing(setting: Setting) -> None:
    """Read `slicing`."""
    given = setting.definition.get("slicing")
    if not isinstance(given, Mapping):
        return
    slicing = cast("Mapping[str, Any]", given)
    rules = slicing.get("rules", "open")
    if rules not in _RULES:
        setting.problem("the rules of the slicing are none of FHIR's")
        rules = "open"
    known = cast("SlicingTable", stated(setting.layers, "slicing", {}))
    made: SlicingTable = {
        "discriminators": _discriminators(setting, slicing) or known.get("discriminators", []),
        "rules": rules,
    }
    if slicing.get("ordered") is True or known.get("ordered"):
        made["ordered"] = True
    if known.get("rules") == "closed" != rules:
        setting.problem(f"the slicing is {rules}, that of the base closed")
        return
    setting.table["slicing"] = made


def _discriminators(setting: Setting, slicing: Mapping[str, Any]) -> list[list[str]]:
    given = slicing.get("discriminator")
    found = cast("list[Mapping[str, Any]]", given) if isinstance(given, list) else []
    pairs = [[str(each.get("type")), str(each.get("path"))] for each in found]
    for kind, _ in pairs:
        if kind not in _KINDS:
            setting.problem("the kind of a discriminator is none of FHIR's")
    return pairs


def slice_of(element: Setting, element_name: str, name: str) -> Layers | None:
    """Return the layers of a slice, the first of them its own table; make it where it is new.

    The slice `a/b` divides the slice `a` further. None where nothing says how to tell the slice.
    """
    layers = element.layers
    parent, _, rest = name.rpartition("/")
    if rest and any(parent in layer.get("slices", {}) for layer in layers):
        layers = slice_of(element, element_name, parent) or layers
        known = None
    else:
        known = stated(layers, "slicing") or _implied(element_name, layers)
    if "slicing" not in layers[0]:
        if known is None:
            element.problem(f"the slice {name} is of an element without slicing")
            return None
        layers[0]["slicing"] = cast("SlicingTable", {**known})
    if element.is_closed and name not in layers[0].get("slices", {}):
        element.problem(f"the slice {name} is new, and the slicing of the base is closed")
        return None
    layers[0].setdefault("slices", {}).setdefault(name, {})
    slices = (layer.get("slices", {}) for layer in layers[:-1])
    return (*(each[name] for each in slices if name in each), *layers)


def _implied(name: str, layers: Layers) -> SlicingTable | None:
    """Return the slicing that need not be written: of extensions by url, of choices by type."""
    if name in _EXTENSIONS:
        return BY_URL
    return BY_TYPE if name.endswith(CHOICE) or len(codes_of(layers[-1:])) > 1 else None

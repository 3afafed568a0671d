"""Primitive types carry the rules of their definitions, and of FHIR's text where it is sharper."""

import re
from pathlib import Path

import pytest
from tiny_specs import RELEASE, definition, element, elements_of, plan_tiny, primitive, problems_of

from codegen.ir.build import Release
from codegen.ir.types import Package, Primitive


def _primitive(package: Package, name: str) -> Primitive:
    return next(p for p in package.primitives if p.name == name)


def test_the_published_regex_is_the_pattern_of_a_type_without_sharper_words(
    tmp_path: Path,
) -> None:
    package = plan_tiny(tmp_path, primitive("oid", r"urn:oid:[0-2](\.[1-9])+"))

    assert _primitive(package, "oid").pattern == r"^(?:urn:oid:[0-2](\.[1-9])+)$"


def test_a_changed_regex_in_the_definition_changes_the_pattern(tmp_path: Path) -> None:
    package = plan_tiny(tmp_path, primitive("id", "[a-z]{1,10}"))

    assert _primitive(package, "id").pattern == "^(?:[a-z]{1,10})$"


def test_words_of_the_specification_sharpen_a_published_regex(tmp_path: Path) -> None:
    package = plan_tiny(tmp_path, primitive("date", "([0-9]{4})(-[0-9]{2}(-[0-9]{2})?)?"))

    pattern = re.compile(_primitive(package, "date").pattern or "")

    assert pattern.match("2024-02-29")
    assert not pattern.match("2023-02-29")


@pytest.mark.parametrize(
    ("name", "minimum"), [("integer", -(2**31)), ("unsignedInt", 0), ("positiveInt", 1)]
)
def test_whole_numbers_have_32_bits(tmp_path: Path, name: str, minimum: int) -> None:
    found = _primitive(plan_tiny(tmp_path, primitive(name)), name)

    assert (found.python, found.minimum, found.maximum) == ("int", minimum, 2**31 - 1)


@pytest.mark.parametrize(
    ("name", "python"), [("boolean", "bool"), ("decimal", "Decimal"), ("code", "str")]
)
def test_a_primitive_has_the_type_of_its_json(tmp_path: Path, name: str, python: str) -> None:
    assert _primitive(plan_tiny(tmp_path, primitive(name)), name).python == python


def test_a_string_holds_at_most_a_megabyte(tmp_path: Path) -> None:
    assert _primitive(plan_tiny(tmp_path), "string").max_length == 1024 * 1024


def test_a_primitive_that_forbids_extensions_gives_no_sibling(tmp_path: Path) -> None:
    xhtml = primitive("xhtml")
    xhtml["element"].append(element("xhtml.extension", "Extension", max="0"))
    thing = definition("Thing", element("Thing.a", "xhtml"), element("Thing.b", "string"))

    found = elements_of(plan_tiny(tmp_path, xhtml, thing), "Thing")

    assert [found[name].has_sibling for name in "ab"] == [False, True]


def test_the_ids_of_elements_and_resources_have_no_sibling(tmp_path: Path) -> None:
    package = plan_tiny(tmp_path)

    element_id = elements_of(package, "Element")["id"]
    resource_id = elements_of(package, "Resource")["id"]

    assert (element_id.type, element_id.is_bare) == ("string", True)
    assert (resource_id.type, resource_id.is_bare) == ("id", True)


def test_a_primitive_is_borrowed_from_a_later_release(tmp_path: Path) -> None:
    release = Release(label="r4", version="4.0.1", borrowed={"integer64": "string"})
    thing = definition("Thing", element("Thing.size", "integer64"))

    package = plan_tiny(tmp_path, thing, release=release)

    assert _primitive(package, "integer64").python == "str"
    assert elements_of(package, "Thing")["size"].is_primitive


def test_a_definition_at_hand_goes_before_a_borrowed_one(tmp_path: Path) -> None:
    release = Release(label="r5", version="5.0.0", borrowed={"code": "string"})

    package = plan_tiny(tmp_path, release=release)

    assert [p.name for p in package.primitives].count("code") == 1


def test_an_unknown_primitive_is_a_problem(tmp_path: Path) -> None:
    assert problems_of(tmp_path, primitive("complexNumber"), release=RELEASE) == [
        (
            "StructureDefinition/complexNumber.json: complexNumber: is a primitive type without "
            "rules; add it to _RULES"
        )
    ]

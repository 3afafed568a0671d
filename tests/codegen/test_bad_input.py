"""Everything wrong with the definitions is reported at once, with its file and element path."""

from pathlib import Path

import pytest
from tiny_specs import (
    BASE,
    RELEASE,
    bound,
    code_system,
    definition,
    element,
    problems_of,
    resource,
    value_set,
    write_specs,
)

from codegen.pipeline import plan
from codegen.problems import InputError

FILE = "StructureDefinition/Thing.json"


def test_an_unknown_type_code_is_a_problem(tmp_path: Path) -> None:
    thing = definition("Thing", element("Thing.part", "Missing"))

    assert problems_of(tmp_path, thing) == [
        f"{FILE}: Thing.part: has the unknown type code 'Missing'"
    ]


def test_an_unknown_type_in_a_choice_is_a_problem(tmp_path: Path) -> None:
    thing = definition("Thing", element("Thing.value[x]", "string", "Missing"))

    assert problems_of(tmp_path, thing) == [
        f"{FILE}: Thing.value[x]: has the unknown type code 'Missing'"
    ]


def test_an_unknown_base_is_a_problem(tmp_path: Path) -> None:
    thing = definition("Thing", element("Thing.name", "string"), base="Missing")

    assert problems_of(tmp_path, thing) == [f"{FILE}: Thing: has the unknown base 'Missing'"]


def test_an_unknown_base_of_a_nested_class_is_a_problem(tmp_path: Path) -> None:
    thing = definition(
        "Thing", element("Thing.part", "Missing"), element("Thing.part.name", "string")
    )

    assert problems_of(tmp_path, thing) == [f"{FILE}: Thing.part: has the unknown base 'Missing'"]


def test_a_type_that_is_its_own_base_is_a_problem(tmp_path: Path) -> None:
    one = definition("Thing", element("Thing.name", "string"), base="Other")
    other = definition("Other", base="Thing")

    assert problems_of(tmp_path, one, other) == [
        "StructureDefinition/Other.json: Other: is its own base",
        f"{FILE}: Thing: is its own base",
    ]


def test_a_content_reference_that_leads_nowhere_is_a_problem(tmp_path: Path) -> None:
    thing = definition("Thing", element("Thing.part", contentReference="#Thing.nothing"))

    assert problems_of(tmp_path, thing) == [
        f"{FILE}: Thing.part: has the contentReference '#Thing.nothing', which leads nowhere"
    ]


def test_a_value_set_that_is_neither_expanded_nor_listed_as_open_is_a_problem(
    tmp_path: Path,
) -> None:
    url = f"{BASE}ValueSet/Missing"

    assert problems_of(tmp_path, definition("Thing", bound("Thing.kind", "Missing"))) == [
        (
            f"{FILE}: Thing.kind: is bound to {url}|1.0, but {url} is not among the definitions; "
            "if that is so, list it in specs/open-value-sets.toml"
        )
    ]


def test_a_required_binding_without_a_value_set_is_a_problem(tmp_path: Path) -> None:
    kind = element("Thing.kind", "code", binding={"strength": "required"})

    assert problems_of(tmp_path, definition("Thing", kind)) == [
        f"{FILE}: Thing.kind: has a required binding without a value set"
    ]


def test_an_element_without_a_type_is_a_problem(tmp_path: Path) -> None:
    assert problems_of(tmp_path, definition("Thing", element("Thing.part"))) == [
        f"{FILE}: Thing.part: has neither a type nor a contentReference"
    ]


def test_two_types_without_a_choice_name_are_a_problem(tmp_path: Path) -> None:
    thing = definition("Thing", element("Thing.part", "string", "code"))

    assert problems_of(tmp_path, thing) == [
        f"{FILE}: Thing.part: allows string, code, but its name does not end in [x]"
    ]


def test_a_definition_without_its_root_is_a_problem(tmp_path: Path) -> None:
    thing = definition("Thing", element("Thing.part", "string"))
    thing["element"] = thing["element"][1:]

    assert problems_of(tmp_path, thing) == [f"{FILE}: does not begin with its root element"]


def test_a_type_whose_base_could_not_be_built_is_not_lost(tmp_path: Path) -> None:
    thing = definition("Thing", element("Thing.part", "string"))
    thing["element"] = thing["element"][1:]
    other = definition("Other", element("Other.part", "Missing"), base="Thing")

    assert problems_of(tmp_path, thing, other) == [
        "StructureDefinition/Other.json: Other.part: has the unknown type code 'Missing'",
        f"{FILE}: does not begin with its root element",
    ]


def test_two_classes_of_one_name_are_a_problem(tmp_path: Path) -> None:
    other = definition("ThingPart")
    thing = definition(
        "Thing", element("Thing.part", "Element"), element("Thing.part.name", "string")
    )

    assert problems_of(tmp_path, thing, other) == [
        (
            "StructureDefinition/ThingPart.json: ThingPart: gives the class 'ThingPart', which "
            f"{FILE} gives too"
        )
    ]


def test_two_modules_of_one_name_are_a_problem(tmp_path: Path) -> None:
    assert problems_of(tmp_path, definition("Thing"), definition("THING")) == [
        f"{FILE}: gives the module 'thing', which StructureDefinition/THING.json gives"
    ]


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("birthDate", "birth-date", "birth_date"),
        ("class", "class_", "class_"),
        ("value[x]", "valueString", "value_string"),
    ],
)
def test_two_attributes_of_one_name_are_a_problem(
    tmp_path: Path, one: str, other: str, name: str
) -> None:
    thing = definition("Thing", element(f"Thing.{one}", "string"), element(f"Thing.{other}", "id"))

    assert problems_of(tmp_path, thing) == [
        f"{FILE}: Thing.{other}: gives the attribute '{name}', which Thing.{one} gives too"
    ]


def test_two_value_sets_of_one_name_are_a_problem(tmp_path: Path) -> None:
    include = {"system": "s", "concept": [{"code": "a"}]}
    one = value_set("one", include, name="some-codes")
    other = value_set("other", include, name="Some codes", url="urn:x/one")
    same = [value_set(f"{n}s", include, url=f"urn:{n}/list", name="List") for n in "xy"]
    elements = [
        element(f"Thing.e{n}", "code", binding={"strength": "required", "valueSet": v["url"]})
        for n, v in enumerate((one, other, *same))
    ]

    found = problems_of(tmp_path, one, other, *same, definition("Thing", *elements))

    assert found == [
        f"ValueSet/other.json: is named 'One', and so is {one['url']}",
        "ValueSet/ys.json: is named 'List', and so is urn:x/list",
    ]


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    includes = {"system": "s", "concept": [{"code": "a"}]}
    one, other = (value_set(n, includes, url=f"urn:{n}/codes", name="Codes") for n in "xy")
    bindings = [{"strength": "required", "valueSet": v["url"]} for v in (one, other)]
    thing = resource(
        "Thing",
        element("Thing.a", "Missing"),
        element("Thing.b", contentReference="#Nowhere"),
        element("Thing.partOf", "string"),
        element("Thing.part-of", "string"),
        element("Thing.c", "code", binding=bindings[0]),
        element("Thing.d", "code", binding=bindings[1]),
        bound("Thing.e", "Missing"),
        element("Thing.part", "BackboneElement"),
        element("Thing.part.name", "string"),
    )
    folder = write_specs(tmp_path, thing, definition("THING"), definition("ThingPart"), one, other)

    with pytest.raises(InputError) as caught:
        plan(folder, RELEASE)

    assert [(p.file, p.path) for p in caught.value.problems] == [
        (FILE, ""),
        (FILE, "Thing.a"),
        (FILE, "Thing.b"),
        (FILE, "Thing.e"),
        (FILE, "Thing.part-of"),
        ("StructureDefinition/ThingPart.json", "ThingPart"),
        ("ValueSet/y.json", ""),
    ]
    assert str(caught.value).count("\n") == 6


def test_a_code_system_on_its_own_is_no_package(tmp_path: Path) -> None:
    assert problems_of(tmp_path, code_system("colours", {"code": "red"})) == []


def test_a_definition_needs_no_description(tmp_path: Path) -> None:
    thing = definition("Thing", element("Thing.name", "string"), description="")
    del thing["element"][0]["definition"]

    assert problems_of(tmp_path, thing) == []

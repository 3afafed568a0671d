"""FHIR's names become Python's by one set of rules."""

from pathlib import Path

import pytest
from tiny_specs import definition, element, elements_of, plan_tiny, value_set

from codegen.ir.names import attribute_name, class_name, module_name, pascal_case


@pytest.mark.parametrize(
    ("fhir_name", "name"),
    [
        ("birthDate", "birth_date"),
        ("valueBase64Binary", "value_base64_binary"),
        ("valueInteger64", "value_integer64"),
        ("udiCarrierAIDC", "udi_carrier_aidc"),
        ("carrierHRFText", "carrier_hrf_text"),
        ("patient-count", "patient_count"),
        ("id", "id"),
    ],
)
def test_attributes_are_in_snake_case(fhir_name: str, name: str) -> None:
    assert attribute_name(fhir_name) == name


@pytest.mark.parametrize("keyword", ["class", "for", "import", "assert", "global"])
def test_keyword_names_get_an_underscore(keyword: str) -> None:
    assert attribute_name(keyword) == f"{keyword}_"


def test_an_element_called_resource_type_leaves_the_runtime_its_own_name() -> None:
    assert attribute_name("resourceType") == "resource_type_"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Patient.contact", "PatientContact"),
        ("Bundle.entry.request", "BundleEntryRequest"),
        ("Device.udiCarrier", "DeviceUdiCarrier"),
    ],
)
def test_a_nested_class_is_named_by_its_path(path: str, name: str) -> None:
    assert class_name(path) == name


@pytest.mark.parametrize(
    ("name", "module"),
    [("HumanName", "humanname"), ("List", "list_"), ("Import", "import_"), ("Range", "range_")],
)
def test_a_module_hides_neither_keyword_nor_builtin(name: str, module: str) -> None:
    assert module_name(name) == module


@pytest.mark.parametrize(
    ("name", "pascal"),
    [
        ("v3.ActCode", "V3ActCode"),
        ("administrative-gender", "AdministrativeGender"),
        ("FHIR version", "FHIRVersion"),
        ("0360", "V0360"),
    ],
)
def test_a_value_set_name_becomes_a_class_name(name: str, pascal: str) -> None:
    assert pascal_case(name) == pascal


def test_an_element_keeps_the_spelling_of_fhir_beside_its_python_name(tmp_path: Path) -> None:
    package = plan_tiny(tmp_path, definition("Thing", element("Thing.class", "string")))

    thing = elements_of(package, "Thing")["class_"]

    assert (thing.fhir_name, thing.path) == ("class", "Thing.class")


def test_value_sets_of_one_name_go_by_the_end_of_their_urls(tmp_path: Path) -> None:
    binding = {"strength": "required"}
    includes = {"system": "s", "concept": [{"code": "a"}]}
    one = value_set("one", includes, name="Status")
    other = value_set("other-one", includes, name="Status")
    elements = [
        element(f"Thing.{n}", "code", binding=binding | {"valueSet": v["url"]})
        for n, v in (("a", one), ("b", other))
    ]

    package = plan_tiny(tmp_path, one, other, definition("Thing", *elements))

    assert [c.name for c in package.code_lists] == ["One", "OtherOne"]

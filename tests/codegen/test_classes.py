"""Each definition becomes one module of classes, children before parents."""

from pathlib import Path

from tiny_specs import (
    RELEASE,
    class_of,
    definition,
    element,
    elements_of,
    plan_tiny,
    resource,
)

from codegen.ir.build import Release
from codegen.ir.types import Module, Package

BACKBONE = "BackboneElement"


def _module(package: Package, name: str) -> Module:
    return next(m for m in package.modules if m.name == name)


def test_nested_backbone_elements_come_before_their_parents(tmp_path: Path) -> None:
    thing = resource(
        "Thing",
        element("Thing.part", BACKBONE),
        element("Thing.part.piece", BACKBONE, max="*"),
        element("Thing.part.piece.size", "integer"),
        element("Thing.owner", BACKBONE),
        element("Thing.owner.name", "string"),
    )

    package = plan_tiny(tmp_path, thing)

    names = [c.name for c in _module(package, "thing").classes]
    assert names == ["ThingPartPiece", "ThingOwner", "ThingPart", "Thing"]
    assert elements_of(package, "ThingPart")["piece"].type == "ThingPartPiece"
    assert elements_of(package, "ThingPart")["piece"].is_list
    assert class_of(package, "ThingPart").base == BACKBONE


def test_a_nested_element_of_a_datatype_is_an_element(tmp_path: Path) -> None:
    thing = definition(
        "Thing", element("Thing.part", "Element"), element("Thing.part.size", "integer")
    )

    assert class_of(plan_tiny(tmp_path, thing), "ThingPart").base == "Element"


def test_elements_stay_in_the_order_of_the_definition(tmp_path: Path) -> None:
    names = ("zebra", "ant", "cow")
    thing = definition("Thing", *(element(f"Thing.{n}", "string") for n in names))

    assert tuple(elements_of(plan_tiny(tmp_path, thing), "Thing")) == names


def test_what_a_base_gives_is_not_repeated(tmp_path: Path) -> None:
    base = definition("Base", element("Base.a", "string"))
    thing = definition(
        "Thing", element("Thing.a", "string"), element("Thing.b", "string"), base="Base"
    )

    package = plan_tiny(tmp_path, base, thing)

    assert set(elements_of(package, "Thing")) == {"b"}
    assert _module(package, "thing").bases == (("base", "Base"),)


def test_a_content_reference_leads_to_the_class_of_the_path(tmp_path: Path) -> None:
    thing = resource(
        "Thing",
        element("Thing.part", BACKBONE),
        element("Thing.part.size", "integer"),
        element("Thing.spare", contentReference="#Thing.part", max="*"),
    )

    spare = elements_of(plan_tiny(tmp_path, thing), "Thing")["spare"]

    assert (spare.type, spare.is_list, spare.is_primitive) == ("ThingPart", True, False)


def test_a_content_reference_may_name_its_definition_in_full(tmp_path: Path) -> None:
    url = "http://hl7.org/fhir/StructureDefinition/Thing#Thing.part"
    thing = resource(
        "Thing",
        element("Thing.part", BACKBONE),
        element("Thing.part.size", "integer"),
        element("Thing.spare", contentReference=url),
    )

    assert elements_of(plan_tiny(tmp_path, thing), "Thing")["spare"].type == "ThingPart"


def test_a_required_choice_requires_no_single_property(tmp_path: Path) -> None:
    thing = definition(
        "Thing", element("Thing.name", "string", min=1), element("Thing.value[x]", "code", min=1)
    )

    found = elements_of(plan_tiny(tmp_path, thing), "Thing")

    assert [(name, e.min, e.is_required) for name, e in found.items()] == [
        ("name", 1, True),
        ("value_code", 1, False),
    ]


def test_a_choice_gives_one_property_per_type(tmp_path: Path) -> None:
    thing = definition("Thing", element("Thing.value[x]", "string", "dateTime", "Element"))

    found = elements_of(plan_tiny(tmp_path, thing), "Thing").values()

    assert [(e.name, e.fhir_name, e.type, e.choice) for e in found] == [
        ("value_string", "valueString", "string", "value"),
        ("value_date_time", "valueDateTime", "dateTime", "value"),
        ("value_element", "valueElement", "Element", "value"),
    ]


def test_a_profile_of_a_datatype_prohibits_an_element_of_its_base(tmp_path: Path) -> None:
    base = definition("Base", element("Base.size", "integer"), element("Base.unit", "string"))
    profile = definition("Simple", base="Base", derivation="constraint", type="Base")
    profile["element"] = [
        element("Base"),
        element("Base.size", "integer"),
        element("Base.unit", "string", max="0"),
    ]

    package = plan_tiny(tmp_path, base, profile)

    assert class_of(package, "Simple").base == "Base"
    assert {name: e.is_prohibited for name, e in elements_of(package, "Simple").items()} == {
        "unit": True
    }


def test_the_elements_that_medplum_adds_to_meta_arrive(tmp_path: Path) -> None:
    meta = definition(
        "Meta",
        element("Meta.versionId", "id"),
        element("Meta.project", "uri"),
        element("Meta.onBehalfOf", "Element"),
        element("Meta.account", "Element"),
        element("Meta.accounts", "Element", max="*"),
    )

    found = elements_of(plan_tiny(tmp_path, meta), "Meta")

    assert list(found) == ["version_id", "project", "on_behalf_of", "account", "accounts"]


def test_only_concrete_resources_have_a_resource_type(tmp_path: Path) -> None:
    package = plan_tiny(tmp_path, resource("Thing"), definition("Part"))

    assert package.resource_types == ("Thing",)
    assert class_of(package, "Resource").is_polymorphic
    assert not class_of(package, "Thing").is_polymorphic


def test_a_root_type_stands_on_the_runtime(tmp_path: Path) -> None:
    package = plan_tiny(tmp_path)

    assert class_of(package, "Resource").bases == ("ResourceModel",)
    assert class_of(package, "Element").bases == ("FHIRModel",)
    assert class_of(package, "BackboneElement").bases == ("Element",)


def test_the_lock_file_makes_a_logical_model_a_resource(tmp_path: Path) -> None:
    release = Release(label="r4", version="4.0.1", resources={"View": "Resource"})
    view = definition("View", element("View.name", "string"), kind="logical", base="Base")

    package = plan_tiny(tmp_path, view, release=release)

    assert package.resource_types == ("View",)
    assert class_of(package, "View").base == "Resource"
    assert class_of(package, "View").is_resource


def test_the_lock_file_names_types_with_long_ids(tmp_path: Path) -> None:
    release = Release(label="r4", version="4.0.1", long_ids=frozenset({"Wordy"}))
    base = {"base": "Resource.id"}
    wordy = resource("Wordy", element("Wordy.id", "id", **base))
    terse = resource("Terse", element("Terse.id", "id", **base))

    package = plan_tiny(tmp_path, wordy, terse, release=release)

    assert elements_of(package, "Wordy")["id"].type == "longId"
    assert elements_of(package, "Terse") == {}
    assert "longId" in {p.name for p in package.primitives}


def test_a_release_without_long_ids_has_no_type_for_them(tmp_path: Path) -> None:
    assert "longId" not in {p.name for p in plan_tiny(tmp_path, release=RELEASE).primitives}


def test_a_reference_knows_its_targets(tmp_path: Path) -> None:
    profiles = [f"http://hl7.org/fhir/StructureDefinition/{name}" for name in ("Thing", "Other")]
    owner = element("Thing.owner") | {"type": [{"code": "Element", "targetProfile": profiles}]}

    found = elements_of(plan_tiny(tmp_path, resource("Thing", owner)), "Thing")["owner"]

    assert found.targets == ("Thing", "Other")

"""What leads back to itself, or to everything, is only built when it is met."""

from pathlib import Path

from tiny_specs import definition, element, elements_of, plan_tiny, resource

from codegen.ir.elements import OPEN_CHOICE


def test_a_type_that_holds_itself_is_lazy(tmp_path: Path) -> None:
    tree = definition("Tree", element("Tree.branch", "Tree", max="*"), element("Tree.a", "Element"))

    found = elements_of(plan_tiny(tmp_path, tree), "Tree")

    assert {name: e.is_lazy for name, e in found.items()} == {"branch": True, "a": False}


def test_every_element_of_a_longer_cycle_is_lazy(tmp_path: Path) -> None:
    one = definition("One", element("One.two", "Two"))
    two = definition("Two", element("Two.three", "Three"))
    three = definition("Three", element("Three.one", "One"), element("Three.leaf", "Leaf"))
    leaf = definition("Leaf", element("Leaf.name", "string"))

    package = plan_tiny(tmp_path, one, two, three, leaf)

    assert elements_of(package, "One")["two"].is_lazy
    assert elements_of(package, "Two")["three"].is_lazy
    assert elements_of(package, "Three")["one"].is_lazy
    assert not elements_of(package, "Three")["leaf"].is_lazy


def test_a_cycle_through_a_base_is_lazy(tmp_path: Path) -> None:
    base = definition("Base", element("Base.child", "Child"))
    child = definition("Child", element("Child.name", "string"), base="Base")

    assert elements_of(plan_tiny(tmp_path, base, child), "Base")["child"].is_lazy


def test_a_content_reference_to_its_own_parent_is_lazy(tmp_path: Path) -> None:
    thing = resource(
        "Thing",
        element("Thing.part", "BackboneElement"),
        element("Thing.part.part", contentReference="#Thing.part"),
    )

    package = plan_tiny(tmp_path, thing)

    assert elements_of(package, "ThingPart")["part"].is_lazy
    assert not elements_of(package, "Thing")["part"].is_lazy


def test_a_line_of_types_is_not_lazy(tmp_path: Path) -> None:
    one = definition("One", element("One.two", "Two"), element("One.three", "Three"))
    two = definition("Two", element("Two.three", "Three"))
    three = definition("Three", element("Three.name", "string"))

    package = plan_tiny(tmp_path, one, two, three)

    assert not any(e.is_lazy for m in package.modules for c in m.classes for e in c.elements)


def test_extensions_and_any_resource_are_lazy(tmp_path: Path) -> None:
    extension = definition("Extension", element("Extension.value[x]", "string"))
    thing = resource(
        "Thing",
        element("Thing.extension", "Extension", max="*"),
        element("Thing.contained", "Resource", max="*"),
        element("Thing.other", "Other"),
    )

    package = plan_tiny(tmp_path, extension, thing, resource("Other"))

    assert {name: e.is_lazy for name, e in elements_of(package, "Thing").items()} == {
        "extension": True,
        "contained": True,
        "other": False,
    }


def test_the_types_of_an_open_choice_are_lazy(tmp_path: Path) -> None:
    names = [f"Type{number}" for number in range(OPEN_CHOICE)]
    types = [definition(name) for name in names]
    thing = definition(
        "Thing",
        element("Thing.value[x]", "string", *names),
        element("Thing.other[x]", *names),
    )

    found = elements_of(plan_tiny(tmp_path, *types, thing), "Thing")

    assert found["value_type0"].is_lazy
    assert not found["value_string"].is_lazy
    assert not found["other_type0"].is_lazy

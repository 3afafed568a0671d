"""Slices: of choices, in slices, without discriminators, and what they need."""

from tiny_profiles import COMPONENT, HOME, element, profile, refused, root, sliced, slicing, under

A = {"coding": [{"code": "a"}]}


def test_a_choice_is_sliced_by_type_where_the_slicing_is_not_written() -> None:
    found = root(profile(element("Observation.value[x]:valueQuantity", min_=1)))

    assert found["elements"]["value[x]"] == {
        "slicing": {"discriminators": [["type", "$this"]], "rules": "open"},
        "slices": {
            "valueQuantity": {
                "min": 1,
                "types": [{"code": "Quantity"}],
                "match": [{"path": "$this", "types": ["Quantity"]}],
            }
        },
    }


def test_the_short_form_of_a_choice_leaves_no_other_type() -> None:
    found = root(
        profile(
            element("Observation.valueQuantity"), element("Observation.valueQuantity.code", min_=1)
        )
    )

    assert found["elements"]["value[x]"] == {
        "slicing": {"discriminators": [["type", "$this"]], "rules": "closed"},
        "types": [{"code": "Quantity"}],
        "slices": {
            "valueQuantity": {
                "elements": {"code": {"min": 1}},
                "match": [{"path": "$this", "types": ["Quantity"]}],
            }
        },
    }


def test_several_short_forms_leave_several_types() -> None:
    found = root(
        profile(
            element("Observation.valueQuantity.code", min_=1),
            element("Observation.valueString", maxLength=9),
        )
    )["elements"]["value[x]"]

    assert found["types"] == [{"code": "Quantity"}, {"code": "string"}]
    assert found["slices"]["valueString"] == {
        "types": [{"code": "string"}],
        "max_length": 9,
        "match": [{"path": "$this", "types": ["string"]}],
    }


def test_a_short_form_needs_a_type_that_is_left() -> None:
    parent = profile(element("Observation.valueQuantity"), name="parent")
    child = profile(element("Observation.valueString"), base=HOME + "parent")

    assert "the base leaves no string there" in str(refused(parent, child))


def test_a_slice_that_its_type_names_has_no_value_of_another() -> None:
    error = refused(profile(element("Observation.value[x]:valueQuantity", fixedString="a")))

    assert "fixedString is given to an element of the type Quantity" in str(error)


def test_a_path_may_be_short_where_the_id_is_not() -> None:
    made = element("Observation.value[x]:valueQuantity", min_=1) | {
        "path": "Observation.valueQuantity"
    }

    found = root(profile(made))["elements"]["value[x]"]

    assert found["slices"]["valueQuantity"]["min"] == 1


def test_a_slice_without_discriminators_is_what_satisfies_its_rules() -> None:
    found = root(
        profile(
            element(COMPONENT, slicing=slicing(rules="openAtEnd", ordered=True)),
            element(f"{COMPONENT}:a", min_=1),
        )
    )["elements"]["component"]

    assert found["slicing"] == {"discriminators": [], "rules": "openAtEnd", "ordered": True}
    assert found["slices"]["a"]["match"] == [{"path": "$this", "conforms": True}]


def test_a_slice_may_be_sliced_again() -> None:
    found = root(
        profile(
            element(COMPONENT, slicing=slicing("value:code.text")),
            element(f"{COMPONENT}:a", slicing=slicing("value:interpretation.text")),
            under("code.text", fixedString="a"),
            element(f"{COMPONENT}:a/b", min_=1),
            element(f"{COMPONENT}:a/b.interpretation.text", fixedString="b"),
        )
    )["elements"]["component"]

    a = found["slices"]["a"]
    assert [*found["slices"]] == ["a"]
    assert a["slicing"]["discriminators"] == [["value", "interpretation.text"]]
    assert a["slices"]["a/b"]["min"] == 1
    assert a["slices"]["a/b"]["match"] == [{"path": "interpretation.text", "fixed": "b"}]


def test_a_slice_says_nothing_that_its_element_says_already() -> None:
    found = root(
        profile(
            element(COMPONENT, slicing=slicing("value:code.text"), max_="3", mustSupport=True),
            element(f"{COMPONENT}.code.text", min_=1),
            element(f"{COMPONENT}:a", min_=0, max_="3"),
            under("code.text", min_=1, fixedString="a"),
        )
    )

    assert found["elements"]["component"]["slices"]["a"] == {
        "must_support": True,
        "elements": {"code": {"elements": {"text": {"fixed": "a"}}}},
        "match": [{"path": "code.text", "fixed": "a"}],
    }


def test_a_slice_may_be_missing_though_the_element_must_be_there() -> None:
    found = root(
        profile(
            element("Observation.category", slicing=slicing("pattern:$this"), min_=1),
            element("Observation.category:a", min_=0, patternCodeableConcept=A),
        )
    )

    assert "min" not in found["elements"]["category"]["slices"]["a"]


def test_a_slice_needs_slicing() -> None:
    error = refused(profile(element(f"{COMPONENT}:a", min_=1)))

    assert str(error).endswith("the slice a is of an element without slicing")
    assert error.element == f"{COMPONENT}:a"


def test_a_slice_of_a_slice_needs_slicing() -> None:
    text = under("code.text", fixedString="a")

    error = refused(profile(*sliced("value:code.text", text), element(f"{COMPONENT}:a/b")))

    assert "the slice a/b is of an element without slicing" in str(error)


def test_a_slice_that_is_there_twice_is_told() -> None:
    text = under("code.text", fixedString="a")

    error = refused(profile(*sliced("value:code.text", text), element(f"{COMPONENT}:a", min_=1)))

    assert f"{COMPONENT}:a: it is there twice" in str(error)


def test_nothing_tells_the_items_that_are_in_no_other_slice() -> None:
    rest = element(f"{COMPONENT}:@default")
    none = element(f"{COMPONENT}:@default.value[x]", max_="0")

    found = root(
        profile(*sliced("pattern:code", under("code", patternCodeableConcept=A)), rest, none)
    )

    assert found["elements"]["component"]["slices"]["@default"] == {
        "elements": {"value[x]": {"max": 0}}
    }


def test_an_extension_may_be_sliced_as_its_own_definition_is() -> None:
    inner = element("Extension.extension:part", max_="1")
    url = element("Extension.extension:part.url", fixedUri="part")
    whole = profile(inner, url, name="whole")
    named = [{"code": "Extension", "profile": [HOME + "whole"]}]

    found = root(
        profile(
            element("Patient.extension:whole", type_=named),
            element("Patient.extension:whole.extension:part", min_=1),
        ),
        whole,
    )

    extension = found["elements"]["extension"]["slices"]["whole"]["elements"]["extension"]
    assert extension["slices"] == {
        "part": {"min": 1, "match": [{"path": "url", "fixed": "part"}]},
    }

from typing import Any

import pytest
from made_resources import ADA, SD, ada, extension, found, known, only

from pymedplum_runtime.profiles.tables import DefinitionTable
from pymedplum_runtime.validation import Level, validate

URL = "http://example.org/StructureDefinition/shade"
OUTER = "http://example.org/StructureDefinition/outer"
HOLD: dict[str, Any] = {"extension": [{"url": URL, "valueCode": "dark"}]}
ONLY_CODES = {"elements": {"value[x]": {"min": 1, "types": [{"code": "code"}]}}}


def shade(*contexts: tuple[str, str]) -> DefinitionTable:
    return extension(URL, {}, *(list(each) for each in contexts))


def outer(**root: Any) -> DefinitionTable:
    return extension(OUTER, root, ["element", "Element"])  # type: ignore[arg-type]  # any members


def misplaced(resource: dict[str, Any], *contexts: tuple[str, str]) -> list[str]:
    """Paths of extensions that may not stand where they are."""
    definitions = known(shade(*contexts), outer())
    report = validate(resource, definitions=definitions, level="base")
    return [i.expression for i in report.errors if i.definition == URL]


OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "x"},
    "valueQuantity": {"value": 1, **HOLD},
}
AT_PATIENT = ada(**HOLD)
AT_CONTACT = ada(contact=[{"name": {"family": "x"}, **HOLD}])
AT_NAME = ada(name=[{"family": "x", **HOLD}])
AT_CONTACT_NAME = ada(contact=[{"name": {"family": "x", **HOLD}}])
AT_FAMILY = ada(name=[{"family": "x", "_family": HOLD}])
AT_BIRTH_DATE = ada(_birthDate=HOLD)
AT_CONTAINED = {**OBSERVATION, "valueQuantity": {"value": 1}, "contained": [ada(id="p", **HOLD)]}
IN_EXTENSION = ada(extension=[{"url": OUTER, **HOLD}])


@pytest.mark.parametrize(
    ("resource", "context"),
    [
        (AT_PATIENT, "Patient"),
        (AT_PATIENT, "DomainResource"),
        (AT_PATIENT, "Resource"),
        (AT_PATIENT, "Element"),
        (AT_CONTACT, "Patient.contact"),
        (AT_CONTACT, "BackboneElement"),
        (AT_CONTACT, "Element"),
        (AT_NAME, "HumanName"),
        (AT_NAME, "Patient.name"),
        (AT_NAME, "Element"),
        (AT_CONTACT_NAME, "Patient.contact.name"),
        (AT_CONTACT_NAME, "HumanName"),
        (AT_FAMILY, "HumanName.family"),
        (AT_FAMILY, "Patient.name.family"),
        (AT_FAMILY, "string"),
        (AT_BIRTH_DATE, "Patient.birthDate"),
        (AT_BIRTH_DATE, "date"),
        (OBSERVATION, "Observation.value[x]"),
        (OBSERVATION, "Observation.value"),
        (OBSERVATION, "Quantity"),
        (AT_CONTAINED, "Patient"),
        (IN_EXTENSION, "Extension"),
        (AT_PATIENT, "http://example.org/StructureDefinition/some-profile#Patient"),
    ],
)
def test_an_extension_stands_at_its_element(resource: dict[str, Any], context: str) -> None:
    assert misplaced(resource, ("element", context)) == []


@pytest.mark.parametrize(
    ("resource", "context", "path"),
    [
        (AT_PATIENT, "Observation", "Patient.extension[0]"),
        (AT_PATIENT, "Patient.name", "Patient.extension[0]"),
        (AT_PATIENT, "BackboneElement", "Patient.extension[0]"),
        (AT_CONTACT, "Patient", "Patient.contact[0].extension[0]"),
        (AT_CONTACT_NAME, "Patient.name", "Patient.contact[0].name.extension[0]"),
        (AT_FAMILY, "HumanName", "Patient.name[0].family.extension[0]"),
        (AT_BIRTH_DATE, "dateTime", "Patient.birthDate.extension[0]"),
        (OBSERVATION, "Observation", "Observation.value.extension[0]"),
        (AT_CONTAINED, "Observation", "Observation.contained[0].extension[0]"),
        (IN_EXTENSION, "Patient", "Patient.extension[0].extension[0]"),
    ],
)
def test_an_extension_at_another_element_is_an_error(
    resource: dict[str, Any], context: str, path: str
) -> None:
    assert misplaced(resource, ("element", context)) == [path]


def test_an_extension_stands_inside_the_extension_that_it_names() -> None:
    assert misplaced(IN_EXTENSION, ("extension", OUTER)) == []
    assert len(misplaced(IN_EXTENSION, ("extension", URL))) == 1
    assert len(misplaced(AT_PATIENT, ("extension", OUTER))) == 1


def test_a_context_in_fhirpath_selects_elements() -> None:
    path = "Patient.name.where(family = 'x')"

    assert misplaced(AT_NAME, ("fhirpath", path)) == []
    assert len(misplaced(AT_PATIENT, ("fhirpath", path))) == 1


def test_one_context_of_several_is_enough() -> None:
    contexts = [("element", "Observation"), ("fhirpath", "Patient.name"), ("element", "Patient")]

    assert misplaced(AT_PATIENT, *contexts) == []


def test_the_message_says_where_it_may_stand() -> None:
    definitions = known(shade(("element", "Observation"), ("element", "Encounter")))
    report = validate(AT_PATIENT, definitions=definitions)

    message = f"the extension {URL} may not stand here, only at Encounter or Observation"
    assert only(report).message == message


@pytest.mark.parametrize("level", ["base", "profile"])
def test_a_known_extension_keeps_its_own_rules(level: Level) -> None:
    table = extension(URL, ONLY_CODES, ["element", "Patient"])  # type: ignore[arg-type]
    text = ada(extension=[{"url": URL, "valueString": "dark"}])

    (issue,) = validate(text, definitions=known(table), level=level).errors
    assert (issue.expression, issue.profile) == ("Patient.extension[0].value", URL)
    assert validate(AT_PATIENT, definitions=known(table), level=level).ok


def test_an_unknown_extension_is_no_issue_and_an_unknown_modifier_a_warning() -> None:
    unknown = [{"url": "http://example.org/who-knows", "valueCode": "x"}]

    assert validate(ada(extension=unknown)).issues == ()
    issue = only(validate(ada(modifierExtension=unknown)))
    assert (issue.severity, issue.expression) == ("warning", "Patient.modifierExtension[0]")


@pytest.mark.parametrize("url", [SD + "Patient", SD + "Extension", SD + "HumanName"])
def test_the_url_of_another_definition_is_no_extension(url: str) -> None:
    assert validate(ada(extension=[{"url": url, "valueCode": "x"}])).issues == ()


def test_an_extension_has_a_value_or_extensions() -> None:
    both = {"url": "x", "valueCode": "y", "extension": [{"url": "x", "valueCode": "y"}]}
    neither = {"url": "x"}

    assert found(validate(ada(extension=[both, neither]))) == [
        ("Patient.extension[0]", "ext-1"),
        ("Patient.extension[1]", "ext-1"),
    ]


def test_extensions_of_us_core_are_known() -> None:
    birth_sex = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
    report = validate(ada(extension=[{"url": birth_sex, "valueCode": "X"}]))

    assert [(i.expression, i.profile) for i in report.errors] == [
        ("Patient.extension[0].value", birth_sex)
    ]


def test_a_corrected_context_is_one_more() -> None:
    pattern = {"url": SD + "regex", "valueString": "[a-z]"}
    definition = {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/x",
        "name": "X",
        "status": "draft",
        "kind": "primitive-type",
        "abstract": False,
        "type": "x",
        "baseDefinition": SD + "Element",
        "derivation": "specialization",
        "text": ADA["text"],
        "differential": {
            "element": [
                {"id": "x", "path": "x"},
                {
                    "id": "x.value",
                    "path": "x.value",
                    "type": [{"code": "string", "extension": [pattern]}],
                },
            ]
        },
    }
    assert validate(definition).errors == ()

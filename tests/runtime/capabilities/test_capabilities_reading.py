"""A CapabilityStatement as the server sends it, and what is asked of it."""

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_statement import OAUTH_URIS, clinic, param, resource, statement

import pymedplum.fhir
from pymedplum import MedplumError
from pymedplum_runtime.capabilities import Capabilities, SearchParam, read_capabilities
from pymedplum_runtime.capabilities.resource_types import R4_TYPES


def test_a_statement_may_lack_everything() -> None:
    found = read_capabilities({"resourceType": "CapabilityStatement"})
    assert (found.fhir_version, found.url, found.software.name) == (None, None, None)
    assert found.resource_types == ()
    assert not found.supports(None, "transaction")
    assert not found.supports("Patient", "read")
    assert not found.supports_operation("$export")
    assert found.search_params("Patient") == {}


def test_it_says_what_the_server_is() -> None:
    found = read_capabilities(
        {
            **clinic(),
            "url": "https://clinic.example/metadata",
            "software": {"name": "small", "version": "1.2", "releaseDate": "2026-01-01"},
            "implementation": {"description": "ours", "url": "https://clinic.example/fhir"},
            "format": ["json"],
            "patchFormat": ["application/json-patch+json"],
            "instantiates": ["http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"],
            "implementationGuide": ["http://guide.example"],
        }
    )
    assert (found.fhir_version, found.url) == ("4.0.1", "https://clinic.example/metadata")
    assert (found.software.name, found.software.version) == ("small", "1.2")
    assert found.software.release_date == "2026-01-01"
    assert found.implementation.url == "https://clinic.example/fhir"
    assert found.implementation.description == "ours"
    assert (found.formats, found.patch_formats) == (("json",), ("application/json-patch+json",))
    assert found.instantiates[0].endswith("bulk-data")
    assert found.implementation_guides == ("http://guide.example",)
    assert found.resource_types == ("Patient", "Observation", "Organization", "Binary")
    assert found.statement["url"] == "https://clinic.example/metadata"


def test_interactions_are_of_a_type_or_of_the_system() -> None:
    codes = [{"code": "read"}, {"code": "search-type", "documentation": "yes"}, {}]
    found = read_capabilities(
        statement(resource("Patient", interaction=codes), interaction=[{"code": "batch"}])
    )
    assert found.supports("Patient", "read")
    assert found.supports("Patient", "search-type")
    assert not found.supports("Patient", "patch")
    assert found.supports(None, "batch")
    assert not found.supports(None, "transaction")
    assert not found.supports("Observation", "read")


@pytest.mark.parametrize(
    ("resource_type", "interaction", "message"),
    [
        ("Patient", "serch-type", "FHIR's; did you mean 'search-type'"),
        (None, "transactions", "FHIR's; did you mean 'transaction'"),
        ("Patient", "batch", "a type: give None"),
        (None, "read", "the system: give a type"),
        ("Pateint", "read", "did you mean 'Patient'"),
    ],
)
def test_a_misspelt_question_is_refused(
    resource_type: str | None, interaction: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read_capabilities(clinic()).supports(resource_type, interaction)


def test_a_type_that_only_the_server_knows_may_be_asked_about() -> None:
    found = read_capabilities(statement(resource("Bot", interaction=[{"code": "read"}])))
    assert found.supports("Bot", "read")
    with pytest.raises(ValueError, match="does not list it"):
        read_capabilities(clinic()).supports("Bot", "read")


def test_the_known_types_are_those_of_the_generated_models_without_medplums() -> None:
    everything = pymedplum.fhir.PACKAGE.resources
    listed = {name for name in everything if name in R4_TYPES}
    assert listed == R4_TYPES
    assert len(R4_TYPES) == 146
    assert {"Bot", "Project", "SubscriptionStatus"} <= everything - R4_TYPES


def test_operations_have_a_level() -> None:
    everything = {"name": "everything", "definition": "http://op.example/everything"}
    found = read_capabilities(
        statement(
            resource("Patient", operation=[everything, {"definition": "without a name"}]),
            operation=[{"name": "$export"}],
        )
    )
    assert found.supports_operation("$export")
    assert found.supports_operation("export")
    assert not found.supports_operation("$export", "Patient")
    assert found.supports_operation("$everything")
    assert found.supports_operation("everything", "Patient")
    assert not found.supports_operation("$everything", "Observation")
    assert found.system_operations == {"export": None}
    assert found.resource("Patient").operations["everything"] == "http://op.example/everything"
    with pytest.raises(ValueError, match="did you mean 'Patient'"):
        found.supports_operation("$everything", "Pateint")


def test_search_parameters_of_a_type_include_those_of_all_types() -> None:
    found = read_capabilities(
        statement(
            resource("Resource", param("_id"), operation=[{"name": "validate"}]),
            resource("DomainResource", param("_text")),
            resource("Patient", param("name", "string", documentation="d", definition="u"), {}),
            searchParam=[param("_sort", "string")],
        )
    )
    params = found.search_params("Patient")
    assert sorted(params) == ["_id", "_sort", "_text", "name"]
    assert params["name"] == SearchParam("name", "string", "d", "u")
    assert found.resource_types == ("Patient",)
    assert found.supports_operation("$validate")
    assert sorted(found.search_params("Observation")) == ["_id", "_sort", "_text"]


def test_it_says_what_may_be_done_with_a_type() -> None:
    listed = {
        "profile": "http://hl7.org/fhir/StructureDefinition/Patient",
        "supportedProfile": ["http://profile.example"],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": False,
        "conditionalDelete": "single",
        "referencePolicy": ["literal"],
        "searchInclude": ["Patient:organization"],
        "searchRevInclude": ["Observation:subject"],
    }
    found = read_capabilities(statement(resource("Patient", **listed))).resource("Patient")
    assert found.profile == "http://hl7.org/fhir/StructureDefinition/Patient"
    assert found.supported_profiles == ("http://profile.example",)
    assert (found.versioning, found.read_history) == ("versioned-update", True)
    assert (found.update_create, found.conditional_create) == (False, True)
    assert (found.conditional_read, found.conditional_update) == ("full-support", False)
    assert (found.conditional_delete, found.reference_policies) == ("single", ("literal",))
    assert found.search_includes == ("Patient:organization",)
    assert found.search_revincludes == ("Observation:subject",)


def test_security_names_the_addresses_of_oauth() -> None:
    uris = [
        {"url": "token", "valueUri": "https://clinic.example/token"},
        {"url": "authorize", "valueUri": "https://clinic.example/authorize"},
        {"url": "broken"},
    ]
    security = {
        "cors": True,
        "service": [{"coding": [{"code": "SMART-on-FHIR"}, {}]}, {"text": "other"}],
        "description": "sign in first",
        "extension": [{"url": "http://other.example"}, {"url": OAUTH_URIS, "extension": uris}],
    }
    found = read_capabilities(statement(security=security)).security
    assert found.services == ("SMART-on-FHIR",)
    assert found.oauth_uris["token"] == "https://clinic.example/token"
    assert sorted(found.oauth_uris) == ["authorize", "token"]
    assert (found.cors, found.description) == (True, "sign in first")


def test_what_the_server_says_of_itself_as_a_client_is_left_out() -> None:
    said = clinic()
    said["rest"].insert(0, {"mode": "client", "resource": [{"type": "Task"}]})
    assert read_capabilities(said).resource_types == read_capabilities(clinic()).resource_types


PLACES: list[tuple[list[str | int], object, str]] = [
    (["rest"], {}, "CapabilityStatement.rest must be an array, not an object"),
    (["rest", 0], "x", r"CapabilityStatement.rest\[0\] must be an object, not text"),
    (["rest", 0, "resource", 1, "type"], 7, r"rest\[0\].resource\[1\].type must be text, not a n"),
    (
        ["rest", 0, "resource", 0, "searchParam", 2, "name"],
        [],
        r"rest\[0\].resource\[0\].searchParam\[2\].name must be text, not an array",
    ),
    (["rest", 0, "resource", 0, "conditionalCreate"], "yes", "conditionalCreate must be true or"),
    (["rest", 0, "resource", 0, "referencePolicy"], [None], r"referencePolicy\[0\] .* not null"),
    (["fhirVersion"], 4.0, "CapabilityStatement.fhirVersion must be text, not a number"),
    (["software"], [], "CapabilityStatement.software must be an object, not an array"),
    (["format"], [True], r"CapabilityStatement.format\[0\] must be text, not true or false"),
]


@pytest.mark.parametrize(("path", "value", "message"), PLACES)
def test_a_wrong_shape_is_named_with_its_place(
    path: list[str | int], value: object, message: str
) -> None:
    said: Any = clinic()
    inner = said
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(MedplumError, match=message):
        read_capabilities(said)


@pytest.mark.parametrize("said", [{}, {"resourceType": "Patient"}, {"resourceType": "Conformance"}])
def test_another_resource_is_no_statement(said: dict[str, Any]) -> None:
    with pytest.raises(MedplumError, match="no CapabilityStatement"):
        read_capabilities(said)


_NAMES = """
    fhirVersion url software rest mode resource type interaction code searchParam name operation
    security service coding extension valueUri format versioning searchInclude
"""
MEMBERS = st.sampled_from(_NAMES.split())
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(MEMBERS | st.text(max_size=2), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(MEMBERS, VALUES))
def test_any_json_is_read_or_refused_with_a_place(members: dict[str, Any]) -> None:
    said = {"resourceType": "CapabilityStatement", **members}
    try:
        found = read_capabilities(said)
    except MedplumError as error:
        assert str(error).startswith("CapabilityStatement.")  # noqa: PT017 - it may be read too
    else:
        assert found.statement is said


def test_capabilities_are_pickled_and_copied() -> None:
    found = read_capabilities(clinic())
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own bytes
    assert copy.deepcopy(found) == found


def test_the_repr_is_short() -> None:
    said = clinic()
    said["rest"][0]["resource"] *= 50
    found: Capabilities = read_capabilities(said)
    assert len(repr(found)) < 1500 < len(json.dumps(said))

"""Which searches are refused before they are sent, and what the refusal says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_statement import clinic, param, resource, statement

from pymedplum import UnknownSearchParameterError
from pymedplum_runtime.capabilities import read_capabilities
from pymedplum_runtime.capabilities.preflight import check_search

CLINIC = read_capabilities(clinic())
UNLISTED = """
    _count _cursor _offset _fields _format _pretty _summary:bogus _total _filter _tag _content
    _text _list _type _compartment _project _profile:below _
"""


@pytest.mark.parametrize(
    ("resource_type", "name", "text"),
    [
        ("Patient", "name", "Ro"),
        ("Patient", "name:exact", "Ro"),
        ("Patient", "name:bogus", "a modifier is the server's matter"),
        ("Patient", "organization:Organization.address-city", "Bern"),
        ("Patient", "organization.address-city", "Bern"),
        ("Patient", "organization.partof.address-city:exact", "Bern"),
        ("Patient", "organization:Device.whatever", "a type that is not listed"),
        ("Patient", "_has:Observation:subject:code", "8867-4"),
        ("Patient", "_has:Observation:subject:_has:Device:x:y", "a type that is not listed"),
        ("Patient", "_has:Observation", "malformed: the server says so"),
        ("Observation", "subject._has:Observation:subject:code", "x"),
        ("Patient", "_special", "one for all types"),
        ("Patient", "_sort", "-birthdate,name,_lastUpdated,_score"),
        ("Patient", "_sort:desc", "birthdate"),
        ("Patient", "_include", "Patient:organization"),
        ("Patient", "_include", "Patient:organization:Organization"),
        ("Patient", "_include", "*"),
        ("Patient", "_include", "Patient:*"),
        ("Patient", "_include", "Device:whatever"),
        ("Patient", "_revinclude:iterate", "Observation:subject"),
        ("Patient", "_elements", "anything"),
        ("Binary", "whatever", "a type that lists no parameters"),
        ("Bot", "whatever", "a type that is not listed"),
        *(("Patient", name, "x") for name in UNLISTED.split()),
    ],
)
def test_what_the_server_may_know_is_let_through(resource_type: str, name: str, text: str) -> None:
    check_search(CLINIC, resource_type, [(name, text)])


@pytest.mark.parametrize(
    ("resource_type", "name", "text", "message"),
    [
        ("Patient", "nmae", "x", "'nmae' is not known to the server for Patient; .* 'name'"),
        ("Patient", "nmae:exact", "x", "'nmae:exact' is not known .* 'name'"),
        ("Patient", "Name", "x", "did you mean 'name'"),
        ("Patient", "code", "x", "'code' is not known to the server for Patient"),
        ("Patient", "_cuont", "x", "did you mean '_count'"),
        ("Patient", "_specail", "x", "did you mean '_special'"),
        ("Patient", "organisation.address-city", "x", "did you mean 'organization'"),
        ("Patient", "organization.address-cty", "x", "any resource type; .*'address-city'"),
        ("Patient", "organization:Organization.name", "x", "for Organization"),
        ("Patient", "_has:Observation:subjct:code", "x", "for Observation; .*'subject'"),
        ("Patient", "_has:Observation:subject:cod", "x", "for Observation; .*'code'"),
        ("Observation", "subject._has:Observation:subject:cod", "x", "for Observation; .*'code'"),
    ],
)
def test_a_name_that_the_server_does_not_know_is_refused(
    resource_type: str, name: str, text: str, message: str
) -> None:
    with pytest.raises(UnknownSearchParameterError, match=message) as caught:
        check_search(CLINIC, resource_type, [("_id", "1"), (name, text)])
    assert name in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("name", "text", "misspelt", "hint"),
    [
        ("_sort", "name,birthdaet", "birthdaet", "birthdate"),
        ("_sort", "-Birthdate", "Birthdate", "birthdate"),
        ("_include", "Patient:organisation", "organisation", "organization"),
        ("_include:iterate", "Patient:organisation:Device", "organisation", "organization"),
        ("_revinclude", "Observation:subejct", "subejct", "subject"),
    ],
)
def test_a_value_that_names_a_parameter_is_checked_and_not_quoted(
    name: str, text: str, misspelt: str, hint: str
) -> None:
    with pytest.raises(UnknownSearchParameterError) as caught:
        check_search(CLINIC, "Patient", [(name, text)])
    message = str(caught.value)
    assert f"what search parameter '{name}' names is not known" in message
    assert f"did you mean '{hint}'?" in message
    assert misspelt not in message


def test_a_value_is_in_no_message() -> None:
    with pytest.raises(UnknownSearchParameterError) as caught:
        check_search(CLINIC, "Patient", [("nmae", "Zimmermann")])
    assert "Zimmermann" not in f"{caught.value!r} {caught.value.sanitize_for_logging()}"


def test_a_name_without_a_value_may_be_the_rest_of_one_and_is_counted() -> None:
    with pytest.raises(UnknownSearchParameterError, match="search parameter 2 of the query") as e:
        check_search(CLINIC, "Patient", [("name", "Meyer "), ("Zimmermann", "")])
    assert "Zimmermann" not in str(e.value)


def test_a_server_that_lists_no_parameters_is_asked_everything() -> None:
    silent = read_capabilities(statement(resource("Patient"), searchParam=[param("_sort")]))
    check_search(silent, "Patient", [("whatever", "x"), ("whatever.more", "x"), ("_sort", "x")])


NAMES = st.text(alphabet="abc_:.XHhas ", max_size=20)


@given(st.lists(st.tuples(NAMES | st.just("_include") | st.just("_sort"), NAMES), max_size=4))
def test_any_query_passes_or_is_refused_as_unknown(pairs: list[tuple[str, str]]) -> None:
    try:
        check_search(CLINIC, "Patient", pairs)
    except UnknownSearchParameterError as error:
        assert str(error).startswith("nothing was sent: ")  # noqa: PT017 - it may also pass

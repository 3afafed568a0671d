"""By what resources that are stored already are recognised."""

from decimal import Decimal
from pathlib import Path

import pytest
from load_calls import Loader, about, lines, patient
from load_server import LoadServer, Resource

from pymedplum.exceptions import NdjsonError
from pymedplum_runtime.loading import TAG_SYSTEM


def only(fake: LoadServer) -> Resource:
    [[entry]] = fake.batches
    return entry


def identified(old_id: str, value: str, **members: object) -> Resource:
    return patient(old_id, identifier=[{"system": "urn:mrn", "value": value}], **members)


def test_identifiers_find_what_others_stored(loader: Loader, fake: LoadServer) -> None:
    loader([identified("theirs", "a", active=True)])
    source = [identified("p", "a"), about("Encounter", "e", "Patient/p"), patient("tagged")]
    report = loader(source, match="identifier")
    assert (report.created, report.existed) == (2, 1)
    found = fake.stored[report.references["Patient/p"]]
    assert found["active"]
    queries = [entry["request"]["ifNoneExist"] for entry in fake.batches[1]]
    assert queries[0] == "identifier=urn:mrn|a"
    assert queries[1].startswith(f"_tag={TAG_SYSTEM}|")


def test_an_identifier_that_two_resources_share_is_a_failure(
    loader: Loader, fake: LoadServer, tmp_path: Path
) -> None:
    path = lines(tmp_path / "a.ndjson", [identified("1", "a"), identified("2", "a")])
    fake.faults = iter(["drop-after"])
    report = loader(path, match="identifier")
    assert report.created == 1
    assert [each.resource_id for each in report.failed] == ["2"]
    assert "line 1 became" in report.failed[0].reason


def test_identifiers_are_written_into_queries_safely(loader: Loader, fake: LoadServer) -> None:
    loader([identified("1", "a b&c"), identified("2", "a,b")], match="identifier")
    queries = [entry["request"]["ifNoneExist"] for entry in fake.batches[0]]
    assert queries[0] == "identifier=urn:mrn|a%20b%26c"
    assert queries[1].startswith("_tag=")


def test_a_function_may_say_what_finds_a_resource(loader: Loader, fake: LoadServer) -> None:
    def by_identifier(resource: Resource) -> str:
        assert resource["id"] == "1"
        assert resource["valueDecimal"] == Decimal("1.50")
        return f"identifier=urn:mrn|{resource['identifier'][0]['value']}"

    loader([identified("1", "a", valueDecimal=Decimal("1.50"))], match=by_identifier)
    assert only(fake)["request"]["ifNoneExist"] == "identifier=urn:mrn|a"


def test_a_function_that_returns_no_query_ends_the_load(loader: Loader, fake: LoadServer) -> None:
    with pytest.raises(ValueError, match="query"):
        loader([patient()], match=lambda _: "")
    assert fake.requests == []


def test_updates_keep_ids_and_references(loader: Loader, fake: LoadServer, tmp_path: Path) -> None:
    fake.stored["Patient/1"] = patient("1")
    source = [about("Patient", "1", "Patient/1"), about("Patient", "2", "Patient/1")]
    report = loader(source, write="update", journal=tmp_path / "j")
    assert (report.updated, report.ok) == (2, True)
    assert [each["request"] for each in fake.batches[0]] == [
        {"method": "PUT", "url": "Patient/1"},
        {"method": "PUT", "url": "Patient/2"},
    ]
    assert [each["resource"] for each in fake.batches[0]] == source
    assert loader(source, write="update", journal=tmp_path / "j") == report
    with pytest.raises(NdjsonError, match="no id"):
        loader([{"resourceType": "Patient"}], write="update")

"""The manifest of a bulk export on the embedded server, and what a test may change of it."""

import httpx
import pytest
from embedded_exports import ids_of, kick_off, lines_of, manifest_of
from embedded_requests import create

from tests.medplum_server.process import MedplumServer


@pytest.fixture
def guide(server: MedplumServer) -> MedplumServer:
    """A server of the guide's dialect whose exports are finished at the first poll."""
    server.control("config", {"exportDialect": "ig", "exportPolls": 0})
    return server


def test_a_long_type_has_several_files(guide: MedplumServer, http: httpx.Client) -> None:
    guide.control("config", {"exportLinesPerFile": 2})
    patients = [create(http) for _ in range(5)]
    output = manifest_of(http, kick_off(http, "Patient/$export", _type="Patient"))["output"]
    assert [item["count"] for item in output] == [2, 2, 1]
    assert len({item["url"].split("?")[0] for item in output}) == 3
    assert ids_of([line for item in output for line in lines_of(item)]) == ids_of(patients)


@pytest.mark.parametrize(("counts", "expected"), [(True, 1), (False, None), ("wrong", 2)])
def test_counts_may_be_missing_or_wrong(
    guide: MedplumServer, http: httpx.Client, counts: object, expected: int | None
) -> None:
    guide.control("config", {"exportCounts": counts})
    create(http)
    (item,) = manifest_of(http, kick_off(http, "Patient/$export", _type="Patient"))["output"]
    assert item.get("count") == expected


def test_error_files_and_a_patched_manifest(guide: MedplumServer, http: httpx.Client) -> None:
    patch = {"output": [{"type": "../Patient", "url": "http://127.0.0.1:1/x"}], "new": 1}
    guide.control("config", {"exportErrors": 3, "manifestPatch": patch})
    manifest = manifest_of(http, kick_off(http))
    assert [len(lines_of(item)) for item in manifest["error"]] == [3]
    assert {name: manifest[name] for name in patch} == patch


def test_the_pages_of_a_manifest_are_linked(guide: MedplumServer, http: httpx.Client) -> None:
    guide.control("config", {"exportPages": 2, "exportLinesPerFile": 1})
    for _ in range(3):
        create(http)
    first = manifest_of(http, kick_off(http, "Patient/$export", _type="Patient"))
    assert first["link"][0]["relation"] == "next"
    second = http.get(first["link"][0]["url"]).json()
    assert [len(page["output"]) for page in (first, second)] == [2, 1]
    assert "link" not in second


def test_the_capability_statement_lists_every_level(
    guide: MedplumServer, http: httpx.Client
) -> None:
    def operations() -> set[str]:
        (rest,) = http.get("fhir/R4/metadata").json()["rest"]
        listed = [rest, *rest["resource"]]
        return {o["definition"].split("/")[-1] for r in listed for o in r.get("operation", [])}

    assert operations() == {"export", "patient-export", "group-export"}
    guide.control("config", {"exportDialect": "medplum"})
    assert operations() == {"group-export"}

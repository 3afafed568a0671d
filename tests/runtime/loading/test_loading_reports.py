"""What is sent of a resource, and what is told of it afterwards."""

import pickle
from pathlib import Path

import pytest
from load_calls import Loader, about, assert_right, lines, patient
from load_server import LoadServer, Resource

from pymedplum.exceptions import LoadError, MedplumError, RateLimitError
from pymedplum_runtime.loading import TAG_SYSTEM, LoadProgress


def only(fake: LoadServer) -> Resource:
    [[entry]] = fake.batches
    return entry


def test_what_is_the_servers_is_left_out_and_the_rest_stays(
    loader: Loader, fake: LoadServer
) -> None:
    tags = [{"system": "urn:mine", "code": "x"}, {"system": TAG_SYSTEM, "code": "another load's"}]
    owned = dict.fromkeys(("versionId", "lastUpdated", "author", "project", "compartment"), "x")
    meta = {**owned, "tag": tags, "profile": ["urn:p"], "security": [{"code": "R"}], "source": "s"}
    loader([patient(meta=meta, active=True)])
    sent = only(fake)["resource"]
    tag = sent["meta"]["tag"].pop()
    assert sent == {
        "resourceType": "Patient",
        "active": True,
        "meta": {"tag": tags[:1], "profile": ["urn:p"], "security": [{"code": "R"}], "source": "s"},
    }
    assert only(fake)["request"] == {
        "method": "POST",
        "url": "Patient",
        "ifNoneExist": f"_tag={tag['system']}|{tag['code']}",
    }
    assert tag["system"] == TAG_SYSTEM


def test_digits_stay_as_they_were_written(loader: Loader, fake: LoadServer, tmp_path: Path) -> None:
    text = '{"resourceType":"Observation","valueQuantity":{"value":1.500,"x":1e-7,"y":0.0}}'
    (tmp_path / "o.ndjson").write_text(text)
    loader(tmp_path)
    assert b'{"value":1.500,"x":1e-7,"y":0.0}' in fake.requests[-1].content


def test_a_failure_tells_all_but_contents(loader: Loader, fake: LoadServer, tmp_path: Path) -> None:
    fake.refuses = lambda resource: 422 if "name" in resource else None
    bad = patient("bad", name=[{"family": "Secret"}])
    report = loader(lines(tmp_path / "a.ndjson", [patient(), bad]), journal=tmp_path / "j")
    [failure] = report.failed
    assert str(failure) == f"{tmp_path}/a.ndjson, line 2 (Patient/bad): HTTP 422"
    assert (failure.codes, failure.expressions) == (("invalid",), ("Patient.name[0]",))
    assert failure.detail == "secret words"
    assert "secret" not in f"{report} {report!r} {failure!r}".lower()
    with pytest.raises(LoadError, match=r"1 of 2 resources failed \(HTTP 422: 1\)") as caught:
        report.raise_for_failures()
    assert caught.value.failed == report.failed
    assert "secret" not in str(caught.value).lower()
    assert pickle.loads(pickle.dumps(report)) == report  # noqa: S301 - our own
    [again] = loader(tmp_path / "a.ndjson", journal=tmp_path / "j").failed
    assert (again.codes, again.detail) == (("invalid",), None)


def test_a_resource_too_large_for_the_server_fails_by_itself(
    loader: Loader, fake: LoadServer
) -> None:
    small = [patient(str(n), name=[{"family": "x" * 30_000}]) for n in range(60)]
    report = loader([*small, patient("large", name=[{"family": "x" * 1_100_000}])])
    assert report.created == 60
    assert [(each.resource_id, each.status_code) for each in report.failed] == [("large", 400)]
    assert len(fake.requests) == 4


def test_a_lower_limit_of_the_server_is_found(loader: Loader, fake: LoadServer) -> None:
    fake.max_body = 20_000
    assert loader([patient(str(n), name=[{"family": "x" * 3000}]) for n in range(30)]).created == 30


def test_a_resource_on_which_the_server_breaks_does_not_hold_up_others(
    loader: Loader, fake: LoadServer
) -> None:
    fake.breaks_on = b"poison"
    report = loader([*(patient(str(n)) for n in range(7)), patient("poison", language="poison")])
    assert report.created == 7
    assert [each.status_code for each in report.failed] == [500]


def test_a_server_that_stays_away_ends_the_load_after_the_patience(
    loader: Loader, fake: LoadServer, tmp_path: Path
) -> None:
    source = [patient(str(n)) for n in range(4)]
    fake.faults = iter(["", *["drop-before"] * 10_000])
    with pytest.raises(MedplumError) as caught:
        loader(source, journal=tmp_path / "j", chunk_size=2, patience=100)
    assert caught.value.possibly_committed
    assert 60 < loader.clock.time - loader.clock.started < 200
    fake.faults = iter(())
    assert loader(source, journal=tmp_path / "j").created == 4


def test_throttled_entries_are_waited_for(loader: Loader, fake: LoadServer) -> None:
    fake.faults = iter(["429"] * 8 + ["throttle"] * 12)
    assert loader([patient(str(n)) for n in range(20)]).created == 20


def test_a_server_that_throttles_for_ever_ends_the_load_after_the_patience(
    loader: Loader, fake: LoadServer, tmp_path: Path
) -> None:
    fake.refuses = lambda _: 429
    source = [patient(str(n)) for n in range(6)]
    with pytest.raises(RateLimitError, match="throttles every entry"):
        loader(source, journal=tmp_path / "j", chunk_size=2, patience=100)
    assert len({batch[0]["request"]["ifNoneExist"] for batch in fake.batches}) == 1
    fake.refuses = lambda _: None
    assert_right(loader(source, journal=tmp_path / "j"), fake, source)


def test_a_client_that_is_not_allowed_stops_at_once(loader: Loader, fake: LoadServer) -> None:
    fake.faults = iter(["403"] * 9)
    with pytest.raises(MedplumError) as caught:
        loader([patient()])
    assert caught.value.status_code == 403
    assert len(fake.requests) == 1


def test_accounts_are_set(loader: Loader, fake: LoadServer) -> None:
    loader([patient(meta={"source": "s"})], accounts=["Organization/1"])
    meta = only(fake)["resource"]["meta"]
    assert meta["accounts"] == [{"reference": "Organization/1"}]
    assert meta["source"] == "s"


def test_progress_is_told_after_every_batch(loader: Loader, fake: LoadServer) -> None:
    fake.refuses = lambda each: 400 if each.get("active") else None
    told: list[LoadProgress] = []
    loader([patient(str(n), active=n == 0) for n in range(5)], chunk_size=2, progress=told.append)
    assert [(each.done, each.total, each.failed) for each in told] == [
        (2, 5, 1),
        (4, 5, 1),
        (5, 5, 1),
    ]


def test_headers_and_membership_reach_every_request(loader: Loader, fake: LoadServer) -> None:
    circle = [about("Patient", str(n), f"Patient/{1 - n}") for n in range(2)]
    loader(circle, chunk_size=1, headers={"X-Load": "1"}, on_behalf_of="ProjectMembership/m")
    methods = [request.method for request in fake.requests]
    assert set(methods) == {"POST", "GET", "PUT"}
    for request in fake.requests:
        assert request.headers["X-Load"] == "1"
        assert request.headers["X-Medplum-On-Behalf-Of"] == "ProjectMembership/m"

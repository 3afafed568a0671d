"""References between resources of one source lead to the same resources on the server."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from load_calls import Loader, about, assert_right, patient, references_of
from load_server import Killed, LoadServer, Resource

TYPES = ("Patient", "Encounter", "Observation", "Organization")
FAULTS = (
    "",
    "throttle",
    "race",
    "conflict",
    "drop-before",
    "drop-after",
    "503",
    "429",
    "500",
    "empty",
    "page",
    "kill-before",
    "kill-after",
)


@st.composite
def graphs(draw: st.DrawFn) -> list[Resource]:
    """Give resources of several types that refer to each other at will, in any order."""
    count = draw(st.integers(1, 14))
    names = [f"{draw(st.sampled_from(TYPES))}/{n}" for n in range(count)]
    elsewhere = ["Device/elsewhere", "#contained", "https://a.test/Patient/0", "Patient?name=x"]
    reference = st.sampled_from([*names, *names, *elsewhere])
    links = [draw(st.lists(reference, max_size=4)) for _ in names]
    return [about(*name.split("/"), *targets) for name, targets in zip(names, links, strict=True)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs(), st.integers(1, 5))
def test_whatever_refers_to_whatever(resources: list[Resource], chunk_size: int) -> None:
    server = LoadServer()
    report = Loader(server)(resources, chunk_size=chunk_size)
    assert_right(report, server, resources)


def faulty(seed: int) -> Iterator[str]:
    """Give faults more often than not, and then none."""
    random = Random(seed)  # noqa: S311 - not for secrets
    yield from random.choices(FAULTS, k=random.randrange(1, 12))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs(), st.integers(1, 5), st.integers(0, 2**32))
@example([about("Patient", "0", "Patient/1"), about("Patient", "1", "Patient/0")], 2, 5)
@example([about("Patient", "0")], 1, 320)
def test_whatever_goes_wrong_on_the_way(
    resources: list[Resource], chunk_size: int, seed: int
) -> None:
    server = LoadServer(seed)
    server.faults = faulty(seed)
    with TemporaryDirectory() as folder:
        report = None
        while report is None or not report.ok:  # what failed in passing is tried again
            assert report is None or {f.status_code for f in report.failed} <= {409, 500, None}
            with suppress(Killed):
                journal = Path(folder) / "j"
                report = Loader(server)(resources, journal=journal, chunk_size=chunk_size)
    assert_right(report, server, resources)


def test_targets_are_stored_before_what_refers_to_them(loader: Loader, fake: LoadServer) -> None:
    chain = [about("Observation", str(n), f"Observation/{n + 1}") for n in range(5)]
    loader([*chain, about("Observation", "5")], chunk_size=50)
    assert [len(batch) for batch in fake.batches] == [1] * 6
    assert all("fullUrl" not in entry for batch in fake.batches for entry in batch)


def test_a_circle_goes_together_whatever_the_size_of_batches(
    loader: Loader, fake: LoadServer
) -> None:
    circle = [about("Patient", str(n), f"Patient/{(n + 1) % 3}") for n in range(3)]
    assert_right(
        loader([*circle, patient("alone")], chunk_size=3), fake, [*circle, patient("alone")]
    )
    assert [len(batch) for batch in fake.batches] == [1, 3]
    assert len(fake.requests) == 2


def test_a_circle_larger_than_a_batch_is_corrected_afterwards(
    loader: Loader, fake: LoadServer
) -> None:
    circle = [about("Patient", str(n), f"Patient/{(n + 1) % 7}") for n in range(7)]
    assert_right(loader(circle, chunk_size=3), fake, circle)
    assert [len(batch) for batch in fake.batches] == [3, 3, 1]


def test_a_resource_may_refer_to_itself(loader: Loader, fake: LoadServer) -> None:
    itself = [about("Patient", "1", "Patient/1")]
    assert_right(loader(itself), fake, itself)


def test_uuids_and_versions_name_resources_of_the_source_too(
    loader: Loader, fake: LoadServer
) -> None:
    uuid = "0b1c6d5e-6f3c-4c1b-8a1d-2d5a3b1f9e70"
    source = [
        patient(uuid),
        patient(f"urn:uuid:{uuid[:-1]}1"),
        about("Encounter", "1", f"urn:uuid:{uuid}", f"Patient/{uuid}/_history/3"),
        about("Encounter", "2", f"urn:uuid:{uuid[:-1]}1", "urn:uuid:unknown"),
    ]
    found = loader(source).references
    first, second = found[f"Patient/{uuid}"], found[f"Patient/{uuid[:-1]}1"]
    assert references_of(fake.stored[found["Encounter/1"]]) == [first, first]
    assert references_of(fake.stored[found["Encounter/2"]]) == [second, "urn:uuid:unknown"]


def test_what_only_looks_like_a_reference_stays(loader: Loader, fake: LoadServer) -> None:
    texts = {"value": "Patient/p1", "system": "urn:uuid:p1", "note": {"reference": 5}}
    contained = [{"id": "Patient/p1"}]
    second = {**patient("p2"), "identifier": [texts], "contained": contained}
    report = loader([patient(), second])
    stored = fake.stored[report.references["Patient/p2"]]
    assert stored["identifier"] == [texts]
    assert stored["contained"] == contained


def test_references_within_contained_resources_and_metadata_follow(
    loader: Loader, fake: LoadServer
) -> None:
    contained = [{"resourceType": "Device", "patient": {"reference": "Patient/p1"}}]
    meta = {"accounts": [{"reference": "Patient/p1"}]}
    report = loader([patient(), {**patient("p2"), "contained": contained, "meta": meta}])
    first, second = (report.references[f"Patient/{each}"] for each in ("p1", "p2"))
    stored = fake.stored[second]
    assert stored["contained"][0]["patient"] == {"reference": first}
    assert stored["meta"]["accounts"] == [{"reference": first}]


def test_what_refers_to_a_refused_resource_is_not_sent(loader: Loader, fake: LoadServer) -> None:
    fake.refuses = lambda resource: 400 if resource.get("active") else None
    source = [
        patient("bad", active=True),
        about("Encounter", "e", "Patient/bad"),
        about("Observation", "o", "Encounter/e"),
        about("Observation", "good", "Patient/elsewhere"),
    ]
    report = loader(source)
    assert report.created == 1
    assert [each.reason for each in report.failed] == [
        "HTTP 400",
        "what it refers to failed: Patient/bad",
        "what it refers to failed: Encounter/e",
    ]
    assert len(fake.stored) == 1


def test_a_circle_with_a_refused_resource_says_what_is_stored(
    loader: Loader, fake: LoadServer, tmp_path: Path
) -> None:
    fake.refuses = lambda resource: 400 if resource.get("active") else None
    source = [
        about("Encounter", "e", "Patient/bad"),
        {**about("Patient", "bad", "Encounter/e"), "active": True},
    ]
    failed = loader(source, journal=tmp_path / "j").failed
    assert [each.stored_as for each in failed] == [next(iter(fake.stored)), None]
    fake.refuses = lambda _: None
    report = loader(source, journal=tmp_path / "j", retry_failed=True)
    assert_right(report, fake, source)


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_a_circle_of_which_others_were_faster_is_corrected(
    seed: int,
    is_async: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    server = LoadServer(seed)
    server.faults = iter(["race"])
    circle = [about("Patient", str(n), f"Patient/{(n + 1) % 4}") for n in range(4)]
    assert_right(Loader(server, is_async=is_async)(circle), server, circle)

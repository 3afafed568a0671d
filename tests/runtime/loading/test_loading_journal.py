"""What a load remembers from one run to the next, and what it refuses to go on with."""

import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from load_calls import Loader, about, assert_right, lines, patient
from load_server import Killed, LoadServer, Resource

from pymedplum.exceptions import LoadError

PATIENTS = [patient(str(n), name=[{"family": "Secret"}]) for n in range(6)]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "load.journal"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return lines(tmp_path / "Patient.ndjson", PATIENTS)


def test_a_finished_load_sends_nothing_again(
    loader: Loader, fake: LoadServer, source: Path, journal: Path
) -> None:
    first = loader(source, journal=journal)
    sent = len(fake.requests)
    assert loader(source, journal=journal) == first
    assert len(fake.requests) == sent
    assert_right(first, fake, PATIENTS)


@pytest.mark.parametrize("fault", ["kill-before", "kill-after"])
def test_a_killed_load_goes_on(
    loader: Loader, fake: LoadServer, source: Path, journal: Path, fault: str
) -> None:
    fake.faults = iter(["", fault])
    with pytest.raises(Killed):
        loader(source, journal=journal, chunk_size=2)
    sent = len(fake.batches)
    report = loader(source, journal=journal, chunk_size=2)
    assert_right(report, fake, PATIENTS)
    assert report.created == 6  # although another run created some of them
    assert len(fake.batches) - sent == 2


def test_resources_are_recognised_like_lines(
    loader: Loader, fake: LoadServer, journal: Path
) -> None:
    fake.faults = iter(["kill-after"])
    with pytest.raises(Killed):
        loader(iter(PATIENTS), journal=journal, chunk_size=2)
    assert_right(loader(iter(PATIENTS), journal=journal), fake, PATIENTS)


def test_files_may_move_and_be_compressed_between_runs(
    loader: Loader, fake: LoadServer, source: Path, journal: Path, tmp_path: Path
) -> None:
    first = loader([source], journal=journal)
    moved = source.rename(tmp_path / "moved.ndjson")
    assert loader(moved, journal=journal) == first
    assert len(fake.batches) == 1


def test_it_is_private_and_holds_nothing_of_the_contents(
    loader: Loader, fake: LoadServer, source: Path, journal: Path
) -> None:
    fake.refuses = lambda resource: 400 if resource else None
    assert len(loader(source, journal=journal).failed) == 6
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert b"secret" not in journal.read_bytes().lower()
    assert sorted(each.name for each in journal.parent.iterdir()) == [source.name, journal.name]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ([*PATIENTS[:3], patient("3"), *PATIENTS[4:]], r"Patient.ndjson, line 4: changed"),
        ([*PATIENTS, patient("7")], r"Patient.ndjson, line 7: not there"),
        (PATIENTS[:5], r"ends after 5 resources"),
    ],
)
def test_a_changed_source_is_refused(
    loader: Loader, fake: LoadServer, source: Path, changed: list[Resource], message: str
) -> None:
    journal = source.with_suffix(".journal")
    loader(source, journal=journal)
    with pytest.raises(LoadError, match=message):
        loader(lines(source, changed), journal=journal)
    assert_right(loader(lines(source, PATIENTS), journal=journal), fake, PATIENTS)


@pytest.mark.parametrize(
    ("options", "another"),
    [
        ({"match": "identifier"}, "match"),
        ({"write": "update"}, "write"),
        ({"accounts": "Organization/1"}, "accounts"),
    ],
)
def test_another_load_is_refused(
    loader: Loader, source: Path, journal: Path, options: dict[str, Any], another: str
) -> None:
    loader(source, journal=journal)
    with pytest.raises(LoadError, match=f"another {another}"):
        loader(source, journal=journal, **options)


def test_another_server_is_refused(fake: LoadServer, source: Path, journal: Path) -> None:
    Loader(fake)(source, journal=journal)
    with pytest.raises(LoadError, match="another server"):
        Loader(fake, base_url="https://other.test/")(source, journal=journal)


def test_two_loads_at_once_are_refused(
    loader: Loader, fake: LoadServer, source: Path, journal: Path
) -> None:
    def load_too(_: object) -> None:
        with pytest.raises(LoadError, match="in use by another process"):
            Loader(fake)(source, journal=journal)

    assert_right(loader(source, journal=journal, progress=load_too), fake, PATIENTS)


def foreign_database(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE accounts (n INTEGER)")
    db.commit()
    db.close()


def text_file(path: Path) -> None:
    path.write_text('{"resourceType": "Patient", "name": "Secret"}\n' * 100)


def test_a_file_that_is_no_journal_is_left_as_it_is(
    loader: Loader, fake: LoadServer, source: Path, journal: Path
) -> None:
    for make in (foreign_database, text_file):
        journal.unlink(missing_ok=True)
        make(journal)
        before = journal.read_bytes()
        with pytest.raises(LoadError, match="is no journal of a load") as caught:
            loader(source, journal=journal)
        assert "Secret" not in str(caught.value)
        assert journal.read_bytes() == before
    assert fake.requests == []


def test_a_damaged_journal_is_refused(loader: Loader, fake: LoadServer, journal: Path) -> None:
    many = [patient(str(n)) for n in range(500)]
    loader(many, journal=journal)
    content = bytearray(journal.read_bytes())
    content[5000:9000] = b"\xff" * 4000
    journal.write_bytes(content)
    sent = len(fake.requests)
    with pytest.raises(LoadError, match="is damaged"):
        loader(many, journal=journal)
    assert journal.read_bytes() == content
    assert len(fake.requests) == sent


def test_an_empty_file_becomes_a_journal(
    loader: Loader, fake: LoadServer, source: Path, journal: Path
) -> None:
    journal.touch()
    assert_right(loader(source, journal=journal), fake, PATIENTS)


def test_a_journal_where_none_can_be_is_an_error(loader: Loader, source: Path) -> None:
    with pytest.raises(FileNotFoundError):
        loader(source, journal=source.parent / "absent" / "journal")


def test_without_a_journal_nothing_is_left_behind(
    loader: Loader, fake: LoadServer, source: Path
) -> None:
    assert_right(loader(source), fake, PATIENTS)
    assert [each.name for each in source.parent.iterdir()] == [source.name]


def test_what_failed_in_passing_is_sent_again_by_the_next_run(
    loader: Loader, fake: LoadServer, journal: Path
) -> None:
    busy, refused = patient("busy", active=True), patient("refused", active=False)
    source = [busy, about("Encounter", "e", "Patient/busy"), refused]
    fake.refuses = lambda each: {True: 503, False: 400}.get(each.get("active", ""))
    failed = loader(source, journal=journal).failed
    assert [each.status_code for each in failed] == [503, None, 400]
    fake.refuses = lambda _: None
    assert [each.status_code for each in loader(source, journal=journal).failed] == [400]
    assert_right(loader(source, journal=journal, retry_failed=True), fake, source)


def test_two_journals_are_two_loads(
    loader: Loader, fake: LoadServer, source: Path, journal: Path
) -> None:
    loader(source, journal=journal)
    loader(source, journal=journal.with_suffix(".second"))
    assert len(fake.stored) == 2 * len(PATIENTS)

"""The journal of a load: one row per resource, with what is known of its fate; no contents.

Whatever it forgets is found on the server again, so nothing depends on it but speed; except the id
of the load, which is on the disk before anything is sent.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import RLock

from pymedplum_runtime.errors import LoadError
from pymedplum_runtime.loading.journal_file import open_journal, sqlite_errors
from pymedplum_runtime.loading.report import LoadFailure
from pymedplum_runtime.loading.rows import FAILED, Entry, Fate, Row, State
from pymedplum_runtime.loading.waves import Graph

_RETRIED = (State.UNVERIFIED, State.UNANSWERED, State.ORPHANED)


class Journal:
    """Reads and writes the rows; each method is one piece of blocking work."""

    def __init__(self, path: Path | None) -> None:
        """Open or make the journal.

        Raises:
            LoadError: the file is another's, damaged, or in use.
        """
        self.path = path
        self.counts: Counter[int] = Counter()
        self._lock = RLock()  # a cancelled task closes it, while its thread may still write
        self._db, self.is_new = open_journal(path)

    def close(self) -> None:
        """Close the file, without what was not committed."""
        with self._lock:
            self._db.close()

    def agree(self, facts: dict[str, str]) -> dict[str, str]:
        """Keep what the load is, or compare it with what was kept; return what was kept.

        Raises:
            LoadError: the journal is another load's.
        """
        with self._lock, sqlite_errors(self.path):
            self._db.executemany("INSERT OR IGNORE INTO load VALUES (?, ?)", facts.items())
            kept: dict[str, str] = dict(self._db.execute("SELECT name, value FROM load"))
        for name, value in facts.items():
            if name != "id" and kept[name] != value:
                raise LoadError(
                    f"{self.path} is the journal of a load with another {name}; give the same, or "
                    "another journal"
                )
        return kept

    def enter(self, rows: Sequence[Row]) -> None:
        """Add rows for resources; they are kept once all are in and `begin` was called."""
        with self._lock, sqlite_errors(self.path):
            self._db.executemany(
                "INSERT INTO entries (n, source, line, type, old_id, digest, state, reason) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                ((*row[:6], State.UNUSABLE if row.problem else 0, row.problem) for row in rows),
            )
            self._db.executemany(
                "INSERT INTO mentions VALUES (?, ?, ?)",
                ((row.n, *target) for row in rows for target in row.targets),
            )

    def digests(self, first: int, count: int) -> list[tuple[bytes, bool]]:
        """Return the digests of rows, and whether each is still to be sent."""
        with self._lock, sqlite_errors(self.path):
            found = self._db.execute(
                "SELECT digest, state FROM entries WHERE n BETWEEN ? AND ? ORDER BY n",
                (first, first + count - 1),
            ).fetchall()
        return [(digest, state == State.PENDING) for digest, state in found]

    def retry(self, *, refused: bool) -> None:
        """Let what failed in passing be sent again, and what was refused where that is asked."""
        states = (*_RETRIED, State.REFUSED if refused else State.UNVERIFIED)
        with self._lock, sqlite_errors(self.path):
            self._db.execute(
                "UPDATE entries SET state = 0, status = NULL, reason = NULL, codes = NULL, "
                "expressions = NULL WHERE state IN (?, ?, ?, ?)",
                states,
            )

    def begin(self, *, by_reference: bool) -> None:
        """Put new rows in order, and commit: from here on the load is known."""
        with self._lock, sqlite_errors(self.path):
            if self.is_new:
                self._link(by_reference=by_reference)
            self._db.execute("COMMIT")
            if self.path is not None:
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # to the disk, id included
            found = self._db.execute("SELECT state, count(*) FROM entries GROUP BY state")
            self.counts = Counter(dict(found))

    def _link(self, *, by_reference: bool) -> None:
        db = self._db
        db.execute("CREATE INDEX by_old_id ON entries (old_id, type)")
        db.execute("CREATE INDEX by_new_id ON entries (new_id)")
        db.execute(
            "UPDATE entries SET state = ?, reason = 'another resource has its type and id' "
            "WHERE state = 0 AND EXISTS (SELECT 1 FROM entries AS e WHERE e.n < entries.n AND "
            "e.old_id = entries.old_id AND e.type = entries.type AND e.state = 0)",
            (State.UNUSABLE,),
        )
        if by_reference:
            db.execute(
                "INSERT OR IGNORE INTO links SELECT m.n, min(e.n) FROM mentions AS m "
                "JOIN entries AS e ON e.old_id = m.old_id AND e.type = ifnull(m.type, e.type) "
                "WHERE e.type IS NOT NULL GROUP BY m.n, m.type, m.old_id"
            )
            self._order()
        db.execute("DROP TABLE mentions")
        db.execute("CREATE INDEX by_turn ON entries (wave, knot, n)")

    def _order(self) -> None:
        [count] = self._db.execute("SELECT count(*) FROM entries").fetchone()
        links = self._db.execute("SELECT n, target FROM links ORDER BY n, target")
        order = Graph(count, links).order()
        self._db.executemany(
            "UPDATE entries SET wave = ?, knot = ? WHERE n = ?",
            (
                (order.waves[n], order.knots[n], n)
                for n in range(1, count + 1)
                if order.waves[n] or order.knots[n]
            ),
        )

    def turn(self, after: Entry | None, count: int) -> list[Entry]:
        """Return the next pending resources whose turn it is: of one wave, and of whole knots."""
        with self._lock, sqlite_errors(self.path):
            wave, knot, n = (-1, 0, 0) if after is None else self._place(after.n)
            found = self._db.execute(
                "SELECT n, type, old_id, knot, state, new_id, wave FROM entries WHERE state = 0 "
                "AND (wave, knot, n) > (?, ?, ?) ORDER BY wave, knot, n LIMIT ?",
                (wave, knot, n, count + 1),
            ).fetchall()
            together = [Entry(*row[:6]) for row in found if row[6] == found[0][6]]
            if len(together) <= count:
                return together
            last = together.pop().knot
            if not last:
                return together
            whole = [each for each in together if each.knot != last]
            return whole or self._knot(last)

    def _place(self, n: int) -> tuple[int, int, int]:
        found: tuple[int, int, int] = self._db.execute(
            "SELECT wave, knot, n FROM entries WHERE n = ?", (n,)
        ).fetchone()
        return found

    def _knot(self, knot: int) -> list[Entry]:
        found = self._db.execute(
            "SELECT n, type, old_id, knot, state, new_id FROM entries "
            "WHERE state = 0 AND knot = ? ORDER BY n",
            (knot,),
        )
        return [Entry(*row) for row in found]

    def targets(self, n: int) -> list[Entry]:
        """Return the resources of the source that one refers to."""
        with self._lock, sqlite_errors(self.path):
            found = self._db.execute(
                "SELECT e.n, type, old_id, knot, state, new_id "
                "FROM links JOIN entries AS e ON e.n = target "
                "WHERE links.n = ? ORDER BY target",
                (n,),
            )
            return [Entry(*row) for row in found]

    def entry(self, n: int) -> Entry:
        """Return one row as it is now."""
        with self._lock, sqlite_errors(self.path):
            found = self._db.execute(
                "SELECT n, type, old_id, knot, state, new_id FROM entries WHERE n = ?", (n,)
            )
            return Entry(*found.fetchone())

    def record(self, fates: Iterable[Fate]) -> list[Fate]:
        """Keep fates, in one commit; return them as they were kept.

        What a condition found in place of two resources of the source is the first one's alone.
        """
        with self._lock, sqlite_errors(self.path):
            self._db.execute("BEGIN")
            kept = [self._keep(fate) for fate in fates]
            self._db.execute("COMMIT")
        return kept

    def _keep(self, fate: Fate) -> Fate:
        [before, kind] = self._db.execute(
            "SELECT state, type FROM entries WHERE n = ?", (fate.n,)
        ).fetchone()
        if fate.state == State.EXISTED and (other := self._stored_as(kind, fate)):
            reason = f"the condition finds what {other} became; two resources share an identifier"
            fate = Fate(fate.n, State.REFUSED, reason=reason)
        self._db.execute(
            "UPDATE entries SET state = ?, new_id = ?, status = ?, reason = ?, codes = ?, "
            "expressions = ? WHERE n = ?",
            (
                fate.state,
                fate.new_id,
                fate.status,
                fate.reason,
                json.dumps(fate.codes),
                json.dumps(fate.expressions),
                fate.n,
            ),
        )
        self.counts[before] -= 1
        self.counts[fate.state] += 1
        return fate

    def _stored_as(self, kind: str, fate: Fate) -> str | None:
        found = self._db.execute(
            "SELECT source, line FROM entries WHERE new_id = ? AND type = ? AND n <> ?",
            (fate.new_id, kind, fate.n),
        ).fetchone()
        return f"{found[0]}, line {found[1]}" if found else None

    def failures(self) -> Iterator[tuple[int, LoadFailure]]:
        """Give what failed, in the order of the source."""
        with self._lock, sqlite_errors(self.path):
            found = self._db.execute(
                "SELECT n, source, line, type, old_id, reason, status, codes, expressions, "
                "type || '/' || new_id FROM entries WHERE state >= ? ORDER BY n",
                (min(FAILED),),
            ).fetchall()
        for n, source, line, kind, old_id, reason, status, codes, expressions, stored_as in found:
            said, where = (tuple(json.loads(each or "[]")) for each in (codes, expressions))
            place = (source, line, kind, old_id)
            yield n, LoadFailure(*place, reason, status, said, where, stored_as)

    def references(self) -> dict[str, str]:
        """Return the new references of what is stored, by the old ones."""
        with self._lock, sqlite_errors(self.path):
            found = self._db.execute(
                "SELECT type || '/' || old_id, type || '/' || new_id FROM entries "
                "WHERE new_id IS NOT NULL AND old_id IS NOT NULL AND state IN (1, 2, 3)"
            )
            return dict(found)

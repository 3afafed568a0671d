"""Load resources into the server, each exactly once however often it is tried.

Knows the order of things: index, then wave after wave of batches, then what is left of knots.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from os import PathLike, fspath
from pathlib import Path
from typing import Literal
from uuid import uuid4

from pymedplum_runtime.client.calls import NO_OPTIONS, CallOptions
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.flows.bodies import account_references
from pymedplum_runtime.http.flow import Flow, Work
from pymedplum_runtime.loading.entries import Preparation
from pymedplum_runtime.loading.index import Index
from pymedplum_runtime.loading.journal import Journal
from pymedplum_runtime.loading.keys import Match
from pymedplum_runtime.loading.report import LoadProgress, LoadReport
from pymedplum_runtime.loading.run import Run
from pymedplum_runtime.loading.sending import Patience, Sender
from pymedplum_runtime.loading.sources import LoadSource, items_of, needs_id
from pymedplum_runtime.loading.spool import Spool

_MAX_BYTES = 900_000
_PATIENCE = 900.0


def load(  # noqa: PLR0913 - the signature is that of the client's method
    session: Session,
    source: LoadSource,
    *,
    journal: str | PathLike[str] | None = None,
    match: Match = "tag",
    write: Literal["create", "update"] = "create",
    accounts: str | Sequence[str] | None = None,
    chunk_size: int = 50,
    max_bytes: int = _MAX_BYTES,
    on_error: Literal["raise", "collect"] = "raise",
    retry_failed: bool = False,
    patience: float = _PATIENCE,
    progress: Callable[[LoadProgress], object] | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[LoadReport]:
    """Store resources in batches, each exactly once, with the references between them kept.

    Args:
        session: of the client.
        source: NDJSON (a path, a folder, an open binary file, or several paths), or resources.
        journal: the path of a file that remembers the load. With it, the same call goes on where
            an earlier one ended, however that ended. Without it nothing is remembered.
        match: what tells that a resource is stored already: `"tag"`, one that the load adds to
            `meta.tag`; `"identifier"`, the resource's first identifier with system and value,
            whoever stored it; or a function that returns the query for a resource.
        write: `"create"`, or `"update"`: `PUT` under the ids of the source, which few servers allow
            for new resources.
        accounts: references for `meta.accounts` of every resource.
        chunk_size: resources in a batch, at most.
        max_bytes: bytes of a batch, at most; a larger resource goes alone.
        on_error: what a line does that is no resource: raise before anything is sent, or
            `"collect"`, which makes it a failure of the report.
        retry_failed: send also what the server refused in an earlier run.
        patience: seconds that it waits altogether for a server that takes nothing.
        progress: called after every batch.
        options: headers, membership and time-out of the requests.

    Raises:
        LoadError: the journal is another load's, damaged or in use; the source has changed; the
            disk is full.
        NdjsonError: a line is no resource; nothing was sent.
        MedplumError: the server took nothing for too long, or refuses this client. What was stored
            stays; the journal knows it.
        TypeError: an argument is of the wrong type.
        ValueError: an argument is out of range.

    Example:
        >>> report = client.load("export/", journal="export.journal")
        >>> report.raise_for_failures()
    """
    _check_choices(match, write, on_error, progress)
    _check_numbers(patience, chunk_size=chunk_size, max_bytes=max_bytes)
    items = items_of(source)
    path = None if journal is None else Path(fspath(journal))
    is_update = write == "update"
    facts = {
        "id": uuid4().hex,
        "server": session.server.fhir_url,
        "match": "function" if callable(match) else match,
        "write": write,
        "accounts": json.dumps(None if accounts is None else account_references(accounts)),
    }
    kept: Journal = yield Work(Journal, (path,))
    with closing(kept), closing(Spool(path and path.absolute().parent)) as spool:
        known: dict[str, str] = yield Work(kept.agree, (facts,))
        if not kept.is_new:
            yield Work(_retry, (kept, retry_failed))
        check = needs_id if is_update else _no_check
        index = Index(kept, spool, check, is_strict=on_error == "raise")
        total = yield from index.read(items)
        yield Work(_begin, (kept, not is_update))
        preparation = Preparation(kept, spool, known["id"], match, is_update, accounts)
        sender = Sender(session, preparation, Patience(patience), options)
        run = Run(sender, total, chunk_size, max_bytes, progress)
        return (yield from _noting_progress(run))


def _noting_progress(run: Run) -> Flow[LoadReport]:
    """Run; failures say whether anything may be stored."""
    try:
        return (yield from run.all())
    except MedplumError as error:
        error.possibly_committed = error.possibly_committed or run.has_stored
        raise


def _retry(journal: Journal, refused: bool) -> None:  # noqa: FBT001 - `Work` has no keywords
    journal.retry(refused=refused)


def _begin(journal: Journal, by_reference: bool) -> None:  # noqa: FBT001 - the same
    journal.begin(by_reference=by_reference)


def _no_check(resource: object) -> None:
    """Take any resource."""


def _check_choices(match: object, write: object, on_error: object, progress: object) -> None:
    if match not in {"tag", "identifier"} and not callable(match):
        raise ValueError('match must be "tag", "identifier" or a function')
    if write not in {"create", "update"}:
        raise ValueError('write must be "create" or "update"')
    if on_error not in {"raise", "collect"}:
        raise ValueError('on_error must be "raise" or "collect"')
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be a function, got {type(progress).__name__}")


def _check_numbers(patience: float, **sizes: int) -> None:
    for name, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"{name} must be a whole number, 1 or more")
    if isinstance(patience, bool | str) or not patience >= 0:
        raise ValueError("patience must be a number of seconds, 0 or more")

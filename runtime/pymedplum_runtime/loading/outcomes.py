"""What an entry's answer says about the fate of its resource."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from pymedplum_runtime.errors import (
    ConflictError,
    MedplumError,
    NetworkError,
    RateLimitError,
    ServerError,
    TokenRefreshCooldownError,
)
from pymedplum_runtime.helpers.members import entries, member, objects
from pymedplum_runtime.loading.entries import Prepared
from pymedplum_runtime.loading.keys import is_tagged
from pymedplum_runtime.loading.rows import Fate, State
from pymedplum_runtime.outcomes import issue_codes
from pymedplum_runtime.search.entries import BundleEntryResult, entry_results

THROTTLED = 429
_PASSING = frozenset({408, 409, THROTTLED})
_SERVER_ERROR = 500
_OK = 200
_CREATED = 201
_PATH = re.compile(r"[A-Za-z0-9_.\[\]]{1,200}")  # FHIRPath that quotes no values
_TRANSIENT = (
    ConflictError,
    NetworkError,
    RateLimitError,
    ServerError,
    TokenRefreshCooldownError,
)


class Outcome(NamedTuple):
    """The fate of a resource, as far as one answer tells."""

    fate: Fate
    is_passing: bool = False
    """Whether another try may do better."""
    resource: dict[str, Any] | None = None
    """What is stored, where the server shows it."""
    outcome: object = None
    """The OperationOutcome of a failure."""


def is_passing(error: MedplumError) -> bool:
    """Say whether the same batch may be answered later.

    A success that nobody can read counts: the batch does no harm twice.
    """
    return isinstance(error, _TRANSIENT) or error.possibly_committed


def outcomes_of(
    part: Sequence[Prepared], answer: Mapping[str, Any], tags: Sequence[Mapping[str, str] | None]
) -> list[Outcome]:
    """Return the outcomes of a batch, whose answer has an entry for each."""
    return [outcome_of(*each) for each in zip(part, entry_results(answer), tags, strict=True)]


def outcome_of(sent: Prepared, result: BundleEntryResult, tag: Mapping[str, str] | None) -> Outcome:
    """Return the outcome of one entry; `tag` is what it was to be stored with."""
    status, n = result.status_code, sent.entry.n
    if status not in {_OK, _CREATED} or not result.resource_id:
        fate = failed(n, status, result.outcome)
        fails_always = status is not None and _OK <= status < _SERVER_ERROR and status != _CREATED
        passing = status in {*_PASSING, _OK} or not fails_always
        if passing:
            fate = replace(fate, state=State.UNANSWERED)
        return Outcome(fate, passing, outcome=result.outcome)
    is_ours = status == _CREATED or (tag is not None and is_tagged(result.resource, tag))
    state = State.CREATED if is_ours else State.EXISTED
    if tag is None:
        state = State.UPDATED
    elif sent.full_url and (is_ours or result.resource is None):
        state = State.UNVERIFIED
    return Outcome(Fate(n, state, result.resource_id, status), resource=result.resource)


def failed(n: int, status: int | None, outcome: object) -> Fate:
    """Return the fate of a resource that the server refused."""
    codes = tuple(code for _, code in issue_codes(outcome) if code)
    reason = "the server did not answer it" if status is None else f"HTTP {status}"
    return Fate(n, State.REFUSED, None, status, reason, codes, tuple(_expressions(outcome)))


def _expressions(outcome: object) -> Iterator[str]:
    for issue in objects(member(outcome, "issue")):
        for path in entries(issue.get("expression")):
            if isinstance(path, str) and _PATH.fullmatch(path):
                yield path


def words_of(outcome: object) -> str | None:
    """Return what the server said; it may hold patient data."""
    return MedplumError("", None, outcome).detail

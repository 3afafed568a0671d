"""One file from its link to the disk, with all that may go wrong on the way; runs in a thread."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from pymedplum_runtime.auth.tokens import AccessToken
from pymedplum_runtime.bulk.content import PartFile, Written
from pymedplum_runtime.bulk.crew import Crew
from pymedplum_runtime.bulk.fetching import BrokenOffError, Fetcher, LinkRefusedError
from pymedplum_runtime.bulk.folder import ExportFolder, disk
from pymedplum_runtime.bulk.links import Link, Links
from pymedplum_runtime.bulk.meter import Meter, Share
from pymedplum_runtime.bulk.plan import PlannedFile
from pymedplum_runtime.bulk.state import ExportState
from pymedplum_runtime.errors import BulkExportError, MedplumError, NetworkError
from pymedplum_runtime.http.headers import ON_BEHALF_OF
from pymedplum_runtime.http.records import Record
from pymedplum_runtime.http.retry import Retries

_MOST_RENEWALS = 2  # of a link, for one file
_MOST_COUNTS = 2  # how often a file may be fetched whose lines are not as many as promised


class WrongCountError(Exception):
    """The file has other than the promised number of lines."""


@dataclass(slots=True)
class Downloads:
    """The files that are to be fetched, and those that could not be."""

    state: ExportState
    folder: ExportFolder
    links: Links
    fetcher: Fetcher
    crew: Crew
    meter: Meter
    check_counts: bool
    left: deque[PlannedFile]
    failed: dict[str, MedplumError] = field(default_factory=dict[str, MedplumError])

    def next(self) -> bool:
        """Fetch the next file; the others go on where one fails.

        Returns:
            Whether there was one.

        Raises:
            StoppedError: the download ends.
        """
        try:
            file = self.left.popleft()
        except IndexError:
            return False
        try:
            _Download(self, file).run()
        except MedplumError as error:
            self.failed[file.name] = error
        else:
            self.meter.finished()
        return True


class _Download:
    """One file: tried until it is there, or as often as makes sense."""

    def __init__(self, of: Downloads, file: PlannedFile) -> None:
        session = of.state.session
        self._of = of
        self._file = file
        self._session = session
        address = of.links[file].file.address
        self._record = Record("GET", address, session.server.fhir_url, session.clock)
        self._retries = Retries(session.retry, is_replay_safe=True)
        self._renewals = 0
        self._counts = 0
        self._refused: AccessToken | None = None

    def run(self) -> None:
        """Fetch the file and report it.

        Raises:
            MedplumError: it cannot be had.
            StoppedError: the download ends.
        """
        try:
            while not self._is_done():
                pass
        except MedplumError as error:
            self._report(error)
            raise
        self._report(None)

    def _report(self, error: MedplumError | None) -> None:
        if self._session.on_complete is not None:
            self._of.crew.ask(self._record.report(self._session.on_complete, error))

    def _is_done(self) -> bool:
        """Try once; a failure that may pass prepares the next try."""
        link = self._of.links[self._file]
        token = self._token(link)
        try:
            self._try(link, token)
        except LinkRefusedError as refusal:
            self._renew(link, token, refusal)
        except BrokenOffError as broken:
            self._wait(broken)
        except WrongCountError as wrong:
            self._counts += 1
            if self._counts == _MOST_COUNTS:
                raise BulkExportError(str(wrong)) from None
        else:
            return True
        return False

    def _try(self, link: Link, token: AccessToken | None) -> None:
        of, file = self._of, self._file
        with disk(of.folder.place(file)):
            part = of.folder.begin(file)
            share = Share(of.meter, part)
            try:
                self._fetch(link, token, part, share)
                written = part.finish()
                share.settle()
                self._check_count(link, written)
                of.crew.check()
                of.folder.finish(file, written)
            except BaseException:
                part.discard()
                share.withdraw()
                raise

    def _fetch(self, link: Link, token: AccessToken | None, part: PartFile, share: Share) -> None:
        started = self._session.clock.monotonic()
        acting = self._of.state.options.on_behalf_of if token else None
        headers = {"Authorization": token.header} if token else {}
        named = {ON_BEHALF_OF: acting} if acting else {}
        try:
            self._of.fetcher.fetch(link.file.url, headers | named, part, share.grow)
        except BaseException as error:
            status, exception = _noted(error)
            self._record.note(status, started, acting or None, exception)
            raise
        self._record.note(200, started, acting or None)

    def _check_count(self, link: Link, written: Written) -> None:
        promised = link.file.count
        if self._of.check_counts and promised is not None and promised != written.lines:
            raise WrongCountError(
                f"the manifest promises {promised} lines, and {written.lines} came"
            )

    def _token(self, link: Link) -> AccessToken | None:
        """Return the token for a link that needs one; another one than was refused."""
        if not link.needs_token:
            return None
        tokens, crew = self._session.tokens, self._of.crew
        if self._refused is not None:
            return crew.ask(tokens.replacement(self._refused))
        return crew.ask(tokens.current())

    def _renew(self, link: Link, token: AccessToken | None, refusal: LinkRefusedError) -> None:
        if token is not None:
            is_other = self._refused is None and self._session.tokens.is_renewable
            if refusal.status != 401 or not is_other:  # noqa: PLR2004 - RFC 9110
                raise BulkExportError(f"HTTP {refusal.status}") from None
            self._refused = token
            return
        self._renewals += 1
        if self._renewals > _MOST_RENEWALS:
            raise BulkExportError(f"HTTP {refusal.status}, with fresh links too") from None
        self._of.crew.ask(self._of.links.renew(link))

    def _wait(self, broken: BrokenOffError) -> None:
        clock, answer = self._session.clock, broken.answer
        delay = None
        if answer is not None:
            delay = self._retries.delay_after_answer(answer, now=clock.now(), chance=clock.random())
        if answer is None or answer.status == 500:  # noqa: PLR2004 - stores answer it, and recover
            delay = self._retries.delay_after_failure(was_sent=True, chance=clock.random())
        if delay is None:
            raise BulkExportError(str(broken)) from None
        self._of.crew.sleep(delay)


def _noted(error: BaseException) -> tuple[int | None, BaseException | None]:
    """Return what an event tells of a try: a status, or a public exception."""
    if isinstance(error, LinkRefusedError):
        return error.status, None
    if isinstance(error, BrokenOffError):
        answer = error.answer
        return (answer.status, None) if answer else (None, NetworkError(str(error)))
    return None, error


def finished_before(folder: ExportFolder, plan: Iterable[PlannedFile]) -> dict[str, Written]:
    """Return what earlier downloads finished, by name."""
    found = ((each.name, folder.is_there(each)) for each in plan)
    return {name: written for name, written in found if written is not None}

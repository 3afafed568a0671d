"""The tree of exceptions. Their texts hold methods, path templates, codes and numbers.

What a server said in words, and what it sent, stays on attributes: it may hold patient data.
"""

from typing import TYPE_CHECKING, Any, cast

from pymedplum_runtime.outcomes import is_outcome, issue_codes, summary_of, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from pymedplum_runtime.loading.report import LoadFailure
    from pymedplum_runtime.search.entries import BundleEntryResult
    from pymedplum_runtime.validation.report import ValidationReport


_SHOWN = 300  # characters of an expression that a message repeats


class MedplumError(Exception):
    """The base of every exception of this package.

    Attributes:
        status_code: the HTTP status of the answer, where there was one.
        response_data: the decoded answer; it may hold patient data.
        possibly_committed: whether a write may have reached the server all the same.
        partial: what became of entries before a batch failed on its way, where it had begun.
    """

    partial: "list[BundleEntryResult] | None" = None

    def __init__(
        self,
        message: str,
        status_code: int | None = None,
        response_data: Any = None,  # noqa: ANN401 - any JSON value
        *,
        possibly_committed: bool = False,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.response_data = response_data
        self.possibly_committed = possibly_committed

    @property
    def outcome(self) -> Any:  # noqa: ANN401 - a dict, or a model where the raiser gave one
        """The OperationOutcome that the server answered with; it may hold patient data."""
        return self.response_data if is_outcome(self.response_data) else None

    @property
    def detail(self) -> str | None:
        """What the server said in words; it may hold patient data."""
        return "; ".join(words_of(self.outcome)) or None

    def __reduce__(self) -> tuple[Any, ...]:
        # The state apart from what restores: an error may hold itself, as a ProfileError does.
        return _restore, (type(self), self.args), self.__dict__.copy()

    def sanitize_for_logging(self) -> dict[str, object]:
        """Return what may be logged: no texts of the server's, no bodies, no ids."""
        return {
            "type": type(self).__name__,
            "status_code": self.status_code,
            "possibly_committed": self.possibly_committed,
        }


def _restore(cls: type[Exception], args: tuple[Any, ...]) -> Exception:
    error = cls.__new__(cls, *args)
    error.args = args
    return error


class AuthenticationError(MedplumError):
    """The server does not accept the credentials: 401, or no token to be had."""


class AuthorizationError(MedplumError):
    """The credentials are good, and not enough for this: 403."""


class NotFoundError(MedplumError):
    """There is no such resource: 404."""


class GoneError(NotFoundError):
    """The resource was deleted: 410. Its history can still be read."""


class BadRequestError(MedplumError):
    """The server refuses the request as malformed: 400."""


class ConflictError(MedplumError):
    """The request collided with another: 409."""


class PreconditionFailedError(MedplumError):
    """The resource is not in the version that `If-Match` names, or several match: 412."""


class RateLimitError(MedplumError):
    """Too many requests, and waiting did not help: 429.

    Attributes:
        retry_after: seconds that the server asks to wait, where it says so.
    """

    retry_after: float | None = None

    def sanitize_for_logging(self) -> dict[str, object]:
        """Return what may be logged, with the seconds to wait."""
        return {**super().sanitize_for_logging(), "retry_after": self.retry_after}


class OperationOutcomeError(MedplumError):
    """The server answered with an OperationOutcome."""

    def __init__(
        self,
        message: str | None = None,
        status_code: int | None = None,
        response_data: Any = None,  # noqa: ANN401 - any JSON value
        *,
        outcome: Any = None,  # noqa: ANN401 - a dict or a model
        possibly_committed: bool = False,
    ) -> None:
        data = response_data if outcome is None else outcome
        text = summary_of(data) if message is None else message
        super().__init__(text, status_code, data, possibly_committed=possibly_committed)

    def sanitize_for_logging(self) -> dict[str, object]:
        """Return what may be logged: severities and codes of the issues, no words."""
        issues = [{"severity": s, "code": c} for s, c in issue_codes(self.outcome)]
        return {**super().sanitize_for_logging(), "issues": issues}


class ValidationError(BadRequestError, OperationOutcomeError):
    """The server refuses the resource: a 400 that carries an OperationOutcome."""


class ServerError(MedplumError):
    """The server failed: 5xx.

    Attributes:
        method: the HTTP method of the request.
        path_template: its path without ids.
        response: the answer, body included; it may hold patient data.
    """

    method: str = ""
    path_template: str = ""
    response: "httpx.Response | None" = None

    def sanitize_for_logging(self) -> dict[str, object]:
        """Return what may be logged: method and path without ids."""
        safe = super().sanitize_for_logging()
        return {**safe, "method": self.method, "path_template": self.path_template}


class NetworkError(MedplumError):
    """No answer came: no connection, a time-out, or one that broke off.

    Attributes:
        possibly_committed: whether a write may have reached the server; read before repeating it.
    """

    def __init__(self, message: str = "", *, possibly_committed: bool = False) -> None:
        super().__init__(message, possibly_committed=possibly_committed)


class InsecureTransportError(MedplumError, ValueError):
    """The base URL is not https, and neither loopback nor allowed."""


class UnsafeRedirectError(MedplumError):
    """A URL leads away from the configured server; nothing was sent there."""


class TokenRefreshCooldownError(MedplumError):
    """The last token request failed a moment ago; no other is made yet.

    Attributes:
        retry_after: seconds until the next one may be made.
    """

    def __init__(self, message: str = "", *, retry_after: float = 0.0) -> None:
        super().__init__(
            message or f"no new token request for {retry_after:.1f} s, one just failed"
        )
        self.retry_after = retry_after

    def sanitize_for_logging(self) -> dict[str, object]:
        """Return what may be logged, with the seconds to wait."""
        return {**super().sanitize_for_logging(), "retry_after": self.retry_after}


class MissingVersionIdError(MedplumError, ValueError):
    """A guarded write was asked for, and the resource has no `meta.versionId`."""


class ClientClosedError(MedplumError, RuntimeError):
    """The client was closed; nothing was sent."""


class AsyncJobTimeoutError(MedplumError, TimeoutError):
    """The job did not end in time; it goes on on the server."""


class ContentTooLargeError(MedplumError):
    """The content is larger than `max_bytes`; nothing of it was kept."""


class BulkExportError(MedplumError):
    """An export failed on the server, or its files are not what its manifest says."""


class NdjsonError(MedplumError, ValueError):
    """A line of NDJSON is no resource, or the text around it cannot be read.

    Attributes:
        source: the name of the file.
        line: the number of the line, from 1; `None` where the file as a whole is broken.
    """

    def __init__(self, message: str, source: str, line: int | None = None) -> None:
        place = source if line is None else f"{source}, line {line}"
        super().__init__(f"{place}: {message}")
        self.source = source
        self.line = line


class LoadError(MedplumError):
    """A load cannot go on: its journal or its source does not fit. Or resources of it failed.

    Attributes:
        failed: the `LoadFailure`s, where the report raised it.
    """

    failed: "Sequence[LoadFailure]" = ()


class SigningKeyError(MedplumError, ValueError):
    """A key cannot be read, or does not suit the algorithm."""


class TokenStoreError(MedplumError):
    """The place where tokens are kept cannot be read or written, or others can read it."""


class ConfigurationError(MedplumError, ValueError):
    """A profile or a variable of the environment does not say how to reach a server."""


class UnknownSearchParameterError(MedplumError, ValueError):
    """The server does not know a search parameter; nothing was sent."""


class FHIRPathError(MedplumError, ValueError):
    """A FHIRPath expression cannot be parsed, or cannot be evaluated on what it was given.

    Attributes:
        expression: the expression as it was written.
        position: where in it the fault is, from 0; `None` where it is no matter of one place.
    """

    def __init__(self, message: str, expression: str, position: int | None = None) -> None:
        place = "in" if position is None else f"at character {position + 1} of"
        shown = expression if len(expression) <= _SHOWN else f"{expression[:_SHOWN]}..."
        super().__init__(f"{message} {place} the expression '{shown}'")
        self.expression = expression
        self.position = position


class ProfileError(MedplumError, ValueError):
    """A profile cannot be compiled: it does not resolve, contradicts its base, or is broken.

    Attributes:
        profile: the canonical URL of the profile, or the file where it has none.
        element: the id or path of the element, where it is a matter of one.
        expression: the FHIRPath expression, where it is a matter of one.
        problems: all that is wrong, this included, where several problems were found at once.
    """

    problems: "Sequence[ProfileError]" = ()

    def __init__(
        self,
        message: str,
        profile: str,
        element: str | None = None,
        expression: str | None = None,
    ) -> None:
        place = profile if element is None else f"{profile}, {element}"
        super().__init__(f"{place}: {message}")
        self.profile = profile
        self.element = element
        self.expression = expression


class InvalidResourceError(MedplumError, ValueError):
    """A resource breaks the rules of its type or of a profile.

    Attributes:
        report: the `ValidationReport`; it names places and rules, never values.
    """

    def __init__(self, message: str, report: "ValidationReport") -> None:
        super().__init__(message)
        self.report = report


class TerminologyError(MedplumError):
    """A terminology service gave no usable answer."""


class ViewError(MedplumError, ValueError):
    """A view cannot be built, or cannot be run over what it was given.

    Attributes:
        view: the name of the view, or the type of its resources where it has none.
        place: where in the view, such as `select[1].column[0]`, or where in the data, such as
            `Observation.ndjson, line 3`; empty where it is a matter of the whole.
        expression: the FHIRPath expression, where it is a matter of one.
        problems: each fault by itself, where several were found at once.
    """

    problems: "Sequence[ViewError]" = ()

    def __init__(
        self, message: str, view: str, place: str = "", expression: str | None = None
    ) -> None:
        super().__init__(f"view {view}{place and f', {place}'}: {message}")
        self.view = view
        self.place = place
        self.expression = expression


class CDSHooksError(MedplumError, ValueError):
    """A CDS service, its prefetch templates or what it was sent do not keep to CDS Hooks."""


class FHIRVersionWarning(UserWarning):
    """The server speaks another version of FHIR than this package."""


class BundleEntryError(MedplumError):
    """Entries of a batch or transaction failed.

    Attributes:
        entries: the failed `BundleEntryResult`s in the order of the bundle.
    """

    def __init__(self, entries: "Sequence[BundleEntryResult]" = ()) -> None:
        self.entries = list(entries)
        listed = ", ".join(f"entry {e.index}: HTTP {e.status_code}" for e in self.entries)
        super().__init__(f"{len(self.entries)} of the bundle's entries failed ({listed})")

    def sanitize_for_logging(self) -> dict[str, object]:
        """Return what may be logged: places and statuses of the entries."""
        failed = [{"index": e.index, "status_code": e.status_code} for e in self.entries]
        return {**super().sanitize_for_logging(), "entries": failed}


def copied(error: MedplumError) -> MedplumError:
    """Return an equal exception with a traceback of its own, for another caller to raise."""
    again = cast("MedplumError", _restore(type(error), error.args))
    again.__dict__.update(error.__dict__)
    return again

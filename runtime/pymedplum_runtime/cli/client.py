"""What the commands ask of a client, and how they get one.

The client's class is generated, so it is handed in; the runtime knows its shape alone.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol, cast

from typing_extensions import Unpack

from pymedplum_runtime.cli.exits import UsageError, is_refusal

if TYPE_CHECKING:
    import typer

    from pymedplum_runtime.bulk import ExportJob
    from pymedplum_runtime.capabilities import Capabilities
    from pymedplum_runtime.client.keywords import SyncClientOptions
    from pymedplum_runtime.loading import LoadProgress, LoadReport


class Client(Protocol):
    """The synchronous client, as far as the commands use it."""

    @property
    def base_url(self) -> str:
        """The server's address."""
        ...

    @property
    def client_id(self) -> str | None:
        """The id of the ClientApplication."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...

    def get(self, path: str) -> Any:  # noqa: ANN401 - any answer
        """Make a GET request to a path below the base URL."""
        ...

    def post(self, path: str) -> Any:  # noqa: ANN401 - any answer
        """Make a POST request to a path below the base URL."""
        ...

    def read_resource(self, resource_type: str, resource_id: str) -> dict[str, Any]:
        """Read a resource."""
        ...

    def vread_resource(
        self, resource_type: str, resource_id: str, version_id: str
    ) -> dict[str, Any]:
        """Read one version."""
        ...

    def resource_history(
        self,
        resource_type: str | None = None,
        resource_id: str | None = None,
        *,
        count: int | None = None,
        offset: int | None = None,
    ) -> dict[str, Any]:
        """Read versions, newest first."""
        ...

    def search_resource_pages(
        self,
        resource_type: str,
        query: Sequence[tuple[str, str]] | None = None,
        *,
        max_resources: int | None = None,
        included: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Walk through all pages."""
        ...

    def create_resource(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Create a resource."""
        ...

    def update_resource(
        self, resource: Mapping[str, Any], *, if_match: bool | str = True
    ) -> dict[str, Any]:
        """Replace a resource."""
        ...

    def patch_resource(
        self,
        resource_type: str,
        resource_id: str,
        operations: Sequence[Any],
        *,
        if_match: str | None = None,
    ) -> dict[str, Any]:
        """Change a resource."""
        ...

    def delete_resource(self, resource_type: str, resource_id: str) -> None:
        """Delete a resource."""
        ...

    def execute_graphql(
        self, query: str, variables: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Run a GraphQL query."""
        ...

    def execute_operation(  # noqa: PLR0913 - the operation's parameters
        self,
        resource_type: str | None,
        operation: str,
        resource_id: str | None = None,
        params: Mapping[str, Any] | None = None,
        *,
        method: Literal["GET", "POST"] = "POST",
        wrap_params: bool = False,
    ) -> dict[str, Any]:
        """Run a FHIR operation."""
        ...

    def bulk_export(
        self,
        level: str = "system",
        *,
        types: Sequence[str] | None = None,
        since: str | None = None,
        type_filter: Sequence[str] | None = None,
        elements: Sequence[str] | None = None,
    ) -> "ExportJob":
        """Start an export."""
        ...

    def attach_bulk_export(self, status_url: str) -> "ExportJob":
        """Come back to an export."""
        ...

    def load(  # noqa: PLR0913 - the parameters of a load
        self,
        source: Sequence[str] | IO[bytes],
        *,
        journal: str | None = None,
        match: Literal["tag", "identifier"] = "tag",
        write: Literal["create", "update"] = "create",
        on_error: Literal["raise", "collect"] = "raise",
        retry_failed: bool = False,
        progress: "Callable[[LoadProgress], object] | None" = None,
    ) -> "LoadReport":
        """Store resources, each once."""
        ...

    def capabilities(self) -> "Capabilities":
        """Say what the server can do."""
        ...


class ClientClass(Protocol):
    """The class of the client: made from arguments, or from environment and profile."""

    def __call__(self, *args: Any, **options: Any) -> Client:  # noqa: ANN401 - any constructor
        """Configure a client."""
        ...

    def from_env(
        self,
        profile: str | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        **options: "Unpack[SyncClientOptions]",
    ) -> Client:
        """Configure a client from arguments, environment and profile."""
        ...


def _exact() -> "SyncClientOptions":
    return {"exact_decimals": True}


@dataclass(slots=True)
class Invocation:
    """One run of the command: the client's class, and the options that stand before the command."""

    load_client: Callable[[], ClientClass]
    profile: str | None = None
    is_verbose: bool = False
    options: "SyncClientOptions" = field(default_factory=_exact)
    """Arguments of the client's constructor."""

    has_sent: bool = False
    """Whether the server was asked something already."""

    def __post_init__(self) -> None:
        """Learn of the first request."""
        self.options["on_request_complete"] = self._note_request

    @contextmanager
    def client(self) -> Generator[Client, None, None]:
        """Give a client, closed when it is over; what it refuses is wrong usage."""
        with self.checked():
            client = self.load_client().from_env(self.profile, **self.options)
            try:
                yield client
            finally:
                client.close()

    @contextmanager
    def checked(self) -> Generator[None, None, None]:
        """Take arguments that the runtime refuses, before it sends anything, for wrong usage."""
        try:
            yield
        except (TypeError, ValueError) as error:
            if self.has_sent or not is_refusal(error):
                raise
            problem = str(error)
        else:
            return
        raise UsageError(problem)

    def _note_request(self, _event: object) -> None:
        self.has_sent = True


def invocation(context: "typer.Context") -> Invocation:
    """Return the run that a command belongs to."""
    return cast("Invocation", context.obj)

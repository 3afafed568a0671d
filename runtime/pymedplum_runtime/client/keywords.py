"""The keyword arguments of both constructors as types, for `from_env`."""

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    import httpx

    from pymedplum_runtime.auth.providers import Auth
    from pymedplum_runtime.client.write_validation import Validate
    from pymedplum_runtime.hooks import (
        AsyncOnRequestCompleteHook,
        BeforeRequestHook,
        OnRequestCompleteHook,
    )
    from pymedplum_runtime.http.clock import Clock
    from pymedplum_runtime.http.retry import RetryPolicy


class ClientOptions(TypedDict, total=False):
    """What both constructors take; `None` stands for what the environment says."""

    base_url: str | None
    client_id: str | None
    client_secret: str | None
    access_token: str | None
    project_id: str | None
    fhir_url_path: str | None
    timeout: "float | httpx.Timeout | None"
    before_request: "BeforeRequestHook | None"
    allow_insecure_http: bool | None
    failed_refresh_cooldown: float
    default_on_behalf_of: str | None
    max_retry_delay_seconds: float
    auth: "Auth | None"
    retry: "RetryPolicy | None"
    clock: "Clock | None"
    exact_decimals: bool
    extended: bool
    preflight: bool
    validate: "Validate | None"


class SyncClientOptions(ClientOptions, total=False):
    """What `MedplumClient` takes."""

    http_client: "httpx.Client | None"
    on_request_complete: "OnRequestCompleteHook | None"


class AsyncClientOptions(ClientOptions, total=False):
    """What `AsyncMedplumClient` takes."""

    http_client: "httpx.AsyncClient | None"
    on_request_complete: "OnRequestCompleteHook | AsyncOnRequestCompleteHook | None"

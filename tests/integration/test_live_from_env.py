"""Clients made from the environment and the configuration file call the embedded server."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from live_calls import FakeClock, LiveClient, run

from pymedplum import AsyncMedplumClient, AuthenticationError, BasicAuth, MedplumClient
from pymedplum_runtime.client.keywords import AsyncClientOptions, SyncClientOptions
from pymedplum_runtime.client.options import Options
from pymedplum_runtime.config import save_profile, token_file
from pymedplum_runtime.errors import ConfigurationError
from pymedplum_runtime.smart import new_key_pair
from pymedplum_runtime.smart.token_store import FileTokenStore, StoredTokens
from tests.medplum_server.process import MedplumServer


@pytest.fixture(params=[MedplumClient, AsyncMedplumClient])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Give an environment in which nothing is set but where the file would be."""
    return {"XDG_CONFIG_HOME": str(tmp_path)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pymedplum" / "config.ini"


@contextmanager
def live(client: Any) -> Iterator[LiveClient]:
    made = LiveClient(client, FakeClock())
    try:
        yield made
    finally:
        made.close()


def test_a_secret_in_the_environment_signs_in(
    kind: Any, server: MedplumServer, variables: dict[str, str]
) -> None:
    variables |= {
        "MEDPLUM_BASE_URL": server.base_url,
        "MEDPLUM_CLIENT_ID": server.client_id,
        "MEDPLUM_CLIENT_SECRET": server.client_secret,
        "MEDPLUM_PROJECT_ID": server.project_id,
    }
    with live(kind.from_env(environ=variables)) as client:
        assert client("auth.me")["project"]["id"] == server.project_id
        assert client.inner.project_id == server.project_id
        assert type(client.inner) is kind


def test_the_environment_of_the_process_is_read(
    kind: Any, server: MedplumServer, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    variables["MEDPLUM_BASE_URL"] = server.base_url
    variables["MEDPLUM_ACCESS_TOKEN"] = server.access_token()
    for name, text in variables.items():
        monkeypatch.setenv(name, text)

    with live(kind.from_env()) as client:
        assert client("auth.me")["project"]["id"] == server.project_id


def test_a_profile_signs_in_with_scopes(
    kind: Any, server: MedplumServer, variables: dict[str, str], file: Path
) -> None:
    profile = {
        "base_url": server.base_url,
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "scope": "openid profile",
        "timeout": 7,
    }
    save_profile("test", profile, config_file=file)

    with live(kind.from_env("test", environ=variables)) as client:
        assert client("auth.me")["project"]["id"] == server.project_id
        assert client.inner.client_id == server.client_id


def test_a_profile_uses_the_tokens_of_a_login(
    kind: Any, server: MedplumServer, variables: dict[str, str], file: Path
) -> None:
    profile = {"base_url": server.base_url, "client_id": server.client_id, "auth": "login"}
    save_profile("me", profile, config_file=file)
    store = FileTokenStore(token_file("me", variables))
    store.save(StoredTokens(server.base_url, server.client_id, access_token=server.access_token()))
    with live(kind.from_env("me", environ=variables)) as client:
        assert client("auth.me")["project"]["id"] == server.project_id
    store.clear()
    with (
        live(kind.from_env("me", environ=variables)) as client,
        pytest.raises(AuthenticationError, match="pymedplum login"),
    ):
        client("auth.me")


def test_what_the_caller_gives_goes_first(
    kind: Any, server: MedplumServer, variables: dict[str, str]
) -> None:
    variables |= {
        "MEDPLUM_BASE_URL": "https://elsewhere.test/",
        "MEDPLUM_CLIENT_ID": "another",
        "MEDPLUM_CLIENT_SECRET": "wrong",
    }
    auth = BasicAuth(server.client_id, server.client_secret)
    with live(kind.from_env(environ=variables, base_url=server.base_url, auth=auth)) as client:
        assert client("auth.me")["project"]["id"] == server.project_id
    token = server.access_token()
    with live(
        kind.from_env(environ=variables, base_url=server.base_url, access_token=token)
    ) as client:
        assert client.inner.access_token == token
        assert client.inner.client_id is None


def test_credentials_of_the_callers_go_with_scopes_of_the_environment(
    kind: Any, server: MedplumServer, variables: dict[str, str]
) -> None:
    variables |= {"MEDPLUM_SCOPE": "openid", "MEDPLUM_BASE_URL": server.base_url}
    credentials = {"client_id": server.client_id, "client_secret": server.client_secret}
    with live(kind.from_env(environ=variables, **credentials)) as client:
        assert client("auth.me")["project"]["id"] == server.project_id
        assert client.inner.client_id == server.client_id


@pytest.mark.parametrize("password", [None, "hush"])
def test_a_key_in_a_profile_signs_in(
    kind: Any, server: MedplumServer, variables: dict[str, str], file: Path, password: str | None
) -> None:
    pair = new_key_pair("ES384")
    server.control("jwks", {**pair.public_jwks(), "client": server.key_client_id})
    profile = {
        "base_url": server.base_url,
        "client_id": server.key_client_id,
        "private_key_file": "keys/test.pem",
        "private_key_password": password,
        "algorithm": "ES384",
        "key_id": pair.key_id,
    }
    save_profile("service", profile, config_file=file)
    (file.parent / "keys").mkdir()
    pair.save(file.parent / "keys" / "test.pem", password)

    with live(kind.from_env("service", environ=variables)) as client:
        assert client("auth.me")["project"]["id"] == server.project_id


def test_the_callers_own_http_client_is_used(
    kind: Any, server: MedplumServer, variables: dict[str, str]
) -> None:
    variables["MEDPLUM_ACCESS_TOKEN"] = server.access_token()
    is_async = kind is AsyncMedplumClient
    http: Any = httpx.AsyncClient() if is_async else httpx.Client()
    with live(
        kind.from_env(environ=variables, base_url=server.base_url, http_client=http)
    ) as client:
        client("auth.me")
    assert not http.is_closed
    run(http.aclose()) if is_async else http.close()


def test_nothing_set_is_an_error(kind: Any, variables: dict[str, str], file: Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing says how to sign in") as caught:
        kind.from_env(environ=variables)
    assert str(file) in str(caught.value)


def test_the_keywords_are_those_of_the_constructor() -> None:
    names = {each.name for each in dataclasses.fields(Options)} | {"http_client"}

    for typed in (SyncClientOptions, AsyncClientOptions):
        assert typed.__optional_keys__ == names

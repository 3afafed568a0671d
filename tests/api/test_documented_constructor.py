"""What the documents say about building a client, and about what it then is."""

import logging

import httpx
import pytest
from api_calls import BASE, Client, FakeClock, MakeClient, Server, call, is_async, query, run

from pymedplum import InsecureTransportError

DEFAULT = "https://api.medplum.com/"


def http_client(client: Client, **options: object) -> httpx.Client | httpx.AsyncClient:
    """Make an httpx client of the client's colour."""
    return (httpx.AsyncClient if is_async(client) else httpx.Client)(**options)


def test_defaults_point_at_medplum(make_client: MakeClient) -> None:
    client = type(make_client())()
    assert client.base_url == DEFAULT
    assert client.fhir_url_path == "fhir/R4/"
    assert client.fhir_base_url == f"{DEFAULT}fhir/R4/"
    assert client.default_on_behalf_of is None
    assert client.token_expires_at is None
    call(client, "aclose" if is_async(client) else "close")


def test_attributes_are_what_was_passed(make_client: MakeClient) -> None:
    client = make_client(
        client_id="client",
        client_secret="hush",
        project_id="project",
        fhir_url_path="other/R4/",
        default_on_behalf_of="ProjectMembership/abc",
    )
    assert client.base_url == BASE
    assert client.fhir_base_url == f"{BASE}other/R4/"
    assert client.client_id == "client"
    assert client.project_id == "project"
    assert client.access_token == "token"
    assert client.default_on_behalf_of == "ProjectMembership/abc"


@pytest.mark.parametrize("base_url", ["https://medplum.test", "https://medplum.test/"])
def test_a_base_url_may_lack_its_last_slash(make_client: MakeClient, base_url: str) -> None:
    server = Server()
    call(make_client(server, base_url=base_url), "read_resource", "Patient", "123")
    assert str(server.last.url) == "https://medplum.test/fhir/R4/Patient/123"


def test_the_fhir_path_is_used_for_every_fhir_call(make_client: MakeClient) -> None:
    server = Server()
    client = make_client(server, fhir_url_path="tenant/fhir/R4/")
    call(client, "read_resource", "Patient", "123")
    assert server.last.url.path == "/tenant/fhir/R4/Patient/123"


def test_all_arguments_except_base_url_are_keyword_only(make_client: MakeClient) -> None:
    with pytest.raises(TypeError):
        type(make_client())(BASE, "client")


@pytest.mark.parametrize("name", ["tokn", "token", "http2", "follow_redirects"])
def test_unknown_keywords_raise_type_error(make_client: MakeClient, name: str) -> None:
    with pytest.raises(TypeError, match=name):
        make_client(**{name: "x"})


@pytest.mark.parametrize(
    "base_url",
    [
        "http://medplum.test/",
        "http://10.0.0.1/",
        "http://localhost.evil.test/",
        "http://127.0.0.1.evil.test/",
        "http://localhost@evil.test/",
        "HTTP://medplum.test/",
    ],
)
def test_plain_http_raises_at_construction(make_client: MakeClient, base_url: str) -> None:
    with pytest.raises(InsecureTransportError):
        make_client(base_url=base_url)


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:8103/", "http://[::1]:8103/", "http://localhost:8103/"]
)
def test_loopback_hosts_are_allowed_without_a_flag(make_client: MakeClient, base_url: str) -> None:
    assert make_client(base_url=base_url).base_url == base_url


def test_allow_insecure_http_permits_plain_http_and_logs_a_warning(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client(base_url="http://medplum.test/", allow_insecure_http=True)
    assert client.base_url == "http://medplum.test/"
    assert logging.WARNING in {record.levelno for record in caplog.records}


def test_https_logs_no_warning(make_client: MakeClient, caplog: pytest.LogCaptureFixture) -> None:
    make_client(allow_insecure_http=False)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_an_httpx_client_that_follows_redirects_is_refused(make_client: MakeClient) -> None:
    following = http_client(make_client(), follow_redirects=True)
    with pytest.raises(ValueError, match="follow_redirects"):
        make_client(http_client=following)


def test_the_client_itself_never_follows_a_redirect(make_client: MakeClient) -> None:
    server = Server(lambda: httpx.Response(302, headers={"Location": f"{BASE}elsewhere"}))
    client = make_client(server)
    try:
        call(client, "get", "somewhere")
    except Exception as error:  # noqa: BLE001 - whether it raises is not documented
        assert type(error).__module__ == "pymedplum.exceptions"  # noqa: PT017 - nor must it
    assert [request.url.path for request in server.requests] == ["/somewhere"]


def test_the_timeout_is_30_seconds_by_default(make_client: MakeClient) -> None:
    server = Server()
    call(make_client(server), "read_resource", "Patient", "123")
    assert server.last.extensions["timeout"]["read"] == 30.0


def test_connecting_has_its_own_short_timeout(make_client: MakeClient) -> None:
    server = Server()
    call(make_client(server), "read_resource", "Patient", "123")
    timeout = server.last.extensions["timeout"]
    assert 0 < timeout["connect"] < timeout["read"]


@pytest.mark.parametrize("timeout", [7.0, httpx.Timeout(7.0)], ids=["float", "httpx.Timeout"])
def test_the_timeout_holds_for_each_request(
    make_client: MakeClient, timeout: float | httpx.Timeout
) -> None:
    server = Server()
    call(make_client(server, timeout=timeout), "read_resource", "Patient", "123")
    assert server.last.extensions["timeout"]["read"] == 7.0


def test_construction_sends_nothing(make_client: MakeClient) -> None:
    server = Server()
    make_client(server, access_token=None, client_id="client", client_secret="hush")
    assert (server.requests, server.token_requests) == ([], [])


def test_an_async_hook_on_the_sync_client_is_a_type_error(make_client: MakeClient) -> None:
    async def hook(_event: object) -> None:
        """Do nothing."""

    if is_async(make_client()):
        make_client(on_request_complete=hook)
    else:
        with pytest.raises(TypeError):
            make_client(on_request_complete=hook)


def test_an_async_callable_on_the_sync_client_is_a_type_error(make_client: MakeClient) -> None:
    class Hook:
        async def __call__(self, _event: object) -> None:
            """Do nothing."""

    if is_async(make_client()):
        make_client(on_request_complete=Hook())
    else:
        with pytest.raises(TypeError):
            make_client(on_request_complete=Hook())


def test_a_client_is_a_context_manager(make_client: MakeClient) -> None:
    client = make_client(Server({"ok": True}))

    async def use() -> object:
        async with client as entered:
            assert entered is client
            return await client.get("x")

    if is_async(client):
        assert run(use()) == {"ok": True}
        return
    with client as entered:
        assert entered is client
        assert client.get("x") == {"ok": True}


def test_the_text_of_a_client_shows_no_secret(make_client: MakeClient) -> None:
    client = make_client(access_token="t0ps3cret", client_id="client", client_secret="hu5h")
    assert "t0ps3cret" not in f"{client} {client!r}"
    assert "hu5h" not in f"{client} {client!r}"


def test_query_values_stay_out_of_the_httpx_log(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = Server({"resourceType": "Bundle"})
    call(make_client(server), "search_resources", "Patient", {"family": "Smithson"})
    assert query(server.last)["family"] == ["Smithson"]
    assert "Smithson" not in caplog.text


def test_the_clock_that_tests_pass_is_used(make_client: MakeClient, clock: FakeClock) -> None:
    job = {"resourceType": "AsyncJob", "status": "active"}
    done = {"resourceType": "AsyncJob", "status": "completed"}
    client = make_client(Server(job, done))
    assert call(client, "wait_for_async_job", "1", poll_interval=2.5) == done
    assert clock.sleeps == [2.5]

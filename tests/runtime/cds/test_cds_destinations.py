"""Which base URLs are Medplum's, and so get its token, and which are another server's."""

import httpx
import pytest

from pymedplum import InsecureTransportError, MedplumClient

HOME = "https://api.medplum.com/"


def asked(base_url: str) -> httpx.Request:
    """Return the request that a discovery at a base URL becomes."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"services": []})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    with MedplumClient(HOME, access_token="opaque", http_client=http) as client:
        assert client.get_cds_services(base_url=base_url) == []
    http.close()
    [request] = seen
    return request


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.medplum.com",
        "https://API.Medplum.com/",
        "https://api.medplum.com:443",
        "HTTPS://api.medplum.com",
    ],
)
def test_medplum_under_any_spelling_gets_its_token(base_url: str) -> None:
    request = asked(base_url)
    assert str(request.url) == "https://api.medplum.com/cds-services"
    assert request.headers["authorization"] == "Bearer opaque"


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.medplum.com.",
        "https://api.medplum.com:8443",
        "https://api.medplum.com/other",
        "https://api.medplum.com.example.org",
        "https://example.org/api.medplum.com",
        "https://\N{CYRILLIC SMALL LETTER A}pi.medplum.com",
        "http://localhost:8103",
        "http://[::1]:8103",
    ],
)
def test_whatever_else_gets_no_token(base_url: str) -> None:
    request = asked(base_url)
    assert "opaque" not in str(request.headers.raw)
    assert not {"authorization", "cookie"} & set(request.headers)


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.medplum.com",
        "http://localhost.example.org",
        "http://127.1",
        "https://api.medplum.com\\@example.org",
        "https://example.org\n",
        "ftp://example.org",
        "https://",
        "",
    ],
)
def test_what_is_not_safe_or_no_address_is_refused(base_url: str) -> None:
    with pytest.raises(InsecureTransportError, match="https://, or http:// on this machine"):
        asked(base_url)


@pytest.mark.parametrize("base_url", ["https://a:b@example.org", "https://example.org?a#b"])
def test_a_base_url_has_neither_credentials_nor_a_query(base_url: str) -> None:
    with pytest.raises(ValueError, match="neither credentials nor a query"):
        asked(base_url)

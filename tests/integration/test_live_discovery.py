"""What the server says of signing in, through both clients."""

from live_calls import LiveClient, Requests

from tests.medplum_server.process import MedplumServer


def test_the_server_tells_how_to_sign_in(client: LiveClient, server: MedplumServer) -> None:
    found = client("smart_configuration")

    assert found.token_endpoint == f"{server.base_url}oauth2/token"
    assert "private_key_jwt" in found.token_endpoint_auth_methods_supported


def test_it_is_asked_once_for_each_client_and_without_a_token(
    client: LiveClient, requests: Requests
) -> None:
    client("smart_configuration")
    client("smart_configuration")
    client("smart_configuration", refresh=True)

    assert len(requests.all()) == 2
    assert not any("authorization" in each["headers"] for each in requests.all())

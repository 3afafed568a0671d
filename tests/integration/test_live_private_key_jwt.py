"""Services that sign in with a key, over HTTP: both clients, and a server that verifies."""

import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from live_calls import FakeClock, MakeClient, Requests

from pymedplum import AuthenticationError
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.smart import KeyPair, PrivateKeyJwtAuth, Scopes, new_key_pair, public_jwks
from tests.medplum_server.process import MedplumServer

ALGORITHMS = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)]


@cache
def pair_of(algorithm: Any = "ES384", turn: int = 0) -> KeyPair:  # noqa: ARG001 - each its own
    return new_key_pair(algorithm, bits=None if algorithm.startswith("ES") else 2048)


@pytest.fixture(autouse=True)
def _today(clock: FakeClock) -> None:
    clock.time = float(int(time.time()))  # the server verifies by its own clock


def publish(server: MedplumServer, *pairs: KeyPair) -> None:
    keys = public_jwks(*pairs)["keys"]
    server.control("jwks", {"keys": keys, "client": server.key_client_id})


def auth_of(server: MedplumServer, key: Any = None, **options: Any) -> PrivateKeyJwtAuth:
    chosen: Any = {"algorithm": "ES384", **options}
    return PrivateKeyJwtAuth(server.key_client_id, key or pair_of(), **chosen)


def renew(server: MedplumServer) -> None:
    """Have the next call sign in again."""
    server.control("tokens", {"revoke": True})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_service_signs_in_with_every_algorithm(
    client_of: MakeClient, server: MedplumServer, requests: Requests, algorithm: str
) -> None:
    publish(server, pair_of(algorithm))
    client = client_of(auth=auth_of(server, pair_of(algorithm), algorithm=algorithm))
    assert client.create()["id"]
    assert client.inner.token_expires_at.timestamp() == client.clock.time + 3600
    targets = [each["target"] for each in requests.all()]
    assert targets == [
        "/fhir/R4/.well-known/smart-configuration",
        "/oauth2/token",
        "/fhir/R4/Patient",
    ]
    assert "authorization" not in requests.all()[1]["headers"]


def test_every_renewal_is_accepted_as_new(client_of: MakeClient, server: MedplumServer) -> None:
    publish(server, pair_of())
    client = client_of(auth=auth_of(server))
    for _ in range(3):
        assert client.create()["id"]
        renew(server)


class Recorded:
    """A token endpoint that sends the same form again and again."""

    def __init__(self) -> None:
        self.form: dict[str, str] | None = None
        self.inner: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def request(self, form: Any, **options: Any) -> Flow[Any]:
        self.form = self.form or dict((yield from form()))
        return (yield from self.inner.request(self.form, **options))


class Replaying:
    """Gets each of its tokens with the assertion of the first."""

    is_renewable = True

    def __init__(self, auth: PrivateKeyJwtAuth) -> None:
        self._auth = auth
        self._endpoint = Recorded()

    def obtain(self, endpoint: Any) -> Flow[Any]:
        self._endpoint.inner = endpoint
        return self._auth.obtain(self._endpoint)  # type: ignore[arg-type]


def test_a_replayed_assertion_is_refused(client_of: MakeClient, server: MedplumServer) -> None:
    publish(server, pair_of())
    client = client_of(auth=Replaying(auth_of(server)))
    assert client.create()["id"]
    renew(server)
    with pytest.raises(AuthenticationError, match=r"400 \(invalid_request\)"):
        client.create()
    server.control("config", {"replayedAssertions": True})
    client.clock.time += 1
    assert client.create()["id"]


@pytest.mark.parametrize("seconds", [-400, 400])
def test_an_assertion_of_another_time_is_refused(
    client_of: MakeClient, server: MedplumServer, seconds: int
) -> None:
    publish(server, pair_of())
    client = client_of(auth=auth_of(server))
    client.clock.time += seconds
    with pytest.raises(AuthenticationError, match="400"):
        client.create()
    client.clock.time -= seconds - 1
    client_of(auth=auth_of(server)).create()


def test_an_assertion_for_another_address_is_refused(
    client_of: MakeClient, server: MedplumServer, requests: Requests
) -> None:
    publish(server, pair_of())
    url = f"{server.base_url}oauth2/token?tenant=other"
    with pytest.raises(AuthenticationError, match="400"):
        client_of(auth=auth_of(server, token_url=url)).create()
    assert [each["target"] for each in requests.all()] == ["/oauth2/token?tenant=other"]
    usual = f"{server.base_url}oauth2/token"
    assert client_of(auth=auth_of(server, token_url=usual)).create()["id"]


def test_a_key_that_is_not_registered_is_refused(
    client_of: MakeClient, server: MedplumServer
) -> None:
    publish(server, pair_of())
    stranger = pair_of(turn=1)
    for auth in (
        auth_of(server, stranger),
        auth_of(server, stranger.private_pem(), key_id=pair_of().key_id),
        PrivateKeyJwtAuth("nobody", pair_of(), algorithm="ES384"),
    ):
        with pytest.raises(AuthenticationError, match="400"):
            client_of(auth=auth).create()


def test_a_key_is_rotated_through_the_jwks(client_of: MakeClient, server: MedplumServer) -> None:
    old, new = pair_of(), pair_of(turn=1)
    publish(server, old)
    auth = auth_of(server, old)
    client = client_of(auth=auth)
    assert client.create()["id"]
    publish(server, old, new)
    auth.rotate(new)
    renew(server)
    assert client.create()["id"]
    publish(server, new)
    renew(server)
    assert client.create()["id"]
    with pytest.raises(AuthenticationError):
        client_of(auth=auth_of(server, old)).create()


def test_a_key_file_is_rotated_by_putting_another_in_its_place(
    client_of: MakeClient, server: MedplumServer, tmp_path: Path
) -> None:
    publish(server, pair_of(), pair_of(turn=1))
    path = pair_of().save(tmp_path / "service.pem", password="hush").private_key
    client = client_of(auth=auth_of(server, path, password="hush"))
    assert client.create()["id"]
    saved = pair_of(turn=1).save(tmp_path / "next.pem", password="hush")
    saved.private_key.replace(path)
    publish(server, pair_of(turn=1))
    renew(server)
    assert client.create()["id"]


def test_a_kms_signs(client_of: MakeClient, server: MedplumServer) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    (jwk,) = public_jwks(_pem(key))["keys"]
    server.control("jwks", {"keys": [jwk], "client": server.key_client_id})

    def sign(message: bytes) -> bytes:
        return key.sign(message, ec.ECDSA(hashes.SHA384()))

    assert client_of(auth=auth_of(server, sign, key_id=jwk["kid"])).create()["id"]

    async def sign_later(message: bytes) -> bytes:
        return sign(message)

    later = auth_of(server, sign_later, key_id=jwk["kid"])
    try:
        client = client_of(auth=later)
    except TypeError:
        return  # the synchronous client
    assert client.is_async
    assert client.create()["id"]


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_what_was_granted_can_be_read(client_of: MakeClient, server: MedplumServer) -> None:
    publish(server, pair_of())
    asked = "system/Patient.cruds system/Observation.rs?category=laboratory"
    auth = auth_of(server, scope=asked)
    client_of(auth=auth).create()
    assert auth.granted == Scopes.parse(asked)
    server.control("config", {"grantedScope": "system/Patient.read"})
    client_of(auth=auth).create()
    assert auth.granted == Scopes.parse("system/Patient.read")
    assert auth.granted.allows("Patient", "search")
    assert not auth.granted.allows("Observation", "read")


def test_nothing_private_shows(client_of: MakeClient, server: MedplumServer) -> None:
    publish(server, pair_of())
    events: list[Any] = []
    auth = auth_of(server)
    client = client_of(auth=auth, on_request_complete=events.append)
    client.create()
    shown = f"{auth!r} {client.inner!r} {events} {[each.to_phi_audit_dict() for each in events]}"
    assert pair_of().private_jwk()["d"] not in shown
    assert "eyJhbGci" not in shown
    assert client.inner.access_token not in shown
    assert client.inner.client_id == server.key_client_id

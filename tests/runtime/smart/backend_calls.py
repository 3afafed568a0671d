"""Services that sign in with a key: keys of every kind, and a server that reads assertions.

The server is httpx's mock transport, before both clients; it verifies with PyJWT alone.
"""

import asyncio
import base64
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from pymedplum import AsyncMedplumClient, MedplumClient
from pymedplum_runtime.smart import PrivateKeyJwtAuth
from tests.api.api_calls import FakeClock

BASE = "https://medplum.test/"
TOKEN_URL = f"{BASE}oauth2/token"
WELL_KNOWN = ".well-known/smart-configuration"
CLIENT = "backend-service"
CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", *CURVES]
BOTH = pytest.mark.parametrize("colour", ["sync", "async"])
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def private_key(algorithm: str = "RS384", turn: int = 0) -> PrivateKey:
    """Give a key that suits an algorithm; the same one each time."""
    curve = CURVES.get(algorithm)
    return ec.generate_private_key(curve()) if curve else _rsa_key(turn)


@cache
def _rsa_key(turn: int, bits: int = 2048) -> rsa.RSAPrivateKey:  # noqa: ARG001 - each its own
    return rsa.generate_private_key(65537, bits)


def pem(
    key: Any, password: bytes | None = None, layout: PrivateFormat = PrivateFormat.PKCS8
) -> bytes:
    how: KeySerializationEncryption = NoEncryption()
    if password:
        how = BestAvailableEncryption(password)
    text: bytes = key.private_bytes(Encoding.PEM, layout, how)
    return text


def public_pem(key: Any) -> bytes:
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text


def jwk(key: Any, **members: object) -> dict[str, Any]:
    """Write a private key, or a public one, as PyJWT does."""
    is_rsa = isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey)
    kind = RSAAlgorithm if is_rsa else ECAlgorithm
    return {**_plain(kind.to_jwk(key, as_dict=True)), **members}


def _plain(written: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if name != "key_ops"}


class Backend:
    """A server with a token endpoint; whatever path is not scripted answers 404."""

    def __init__(self, **answers: httpx.Response) -> None:
        self.clock = FakeClock()
        self.requests: list[httpx.Request] = []
        self.answers: dict[str, Any] = {
            TOKEN_URL: httpx.Response(200, json={"access_token": "granted", "expires_in": 3600}),
            f"{BASE}fhir/R4/Patient/1": httpx.Response(200, json={"resourceType": "Patient"}),
            **answers,
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        found = self.answers.get(str(request.url), httpx.Response(404, text="<html>no</html>"))
        if isinstance(found, list):
            found = found.pop(0)
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    def client(self, colour: str, auth: Any, **options: Any) -> Any:
        """Give a client that is kept; `read` makes its calls."""
        transport = httpx.MockTransport(self)
        chosen: dict[str, Any] = {"auth": auth, "clock": self.clock, **options}
        settings: dict[str, Any] = chosen.pop("settings", {})
        if colour == "sync":
            http = httpx.Client(transport=transport, **settings)
            return MedplumClient(BASE, http_client=http, **chosen)
        http_async = httpx.AsyncClient(transport=transport, **settings)
        return AsyncMedplumClient(BASE, http_client=http_async, **chosen)

    def read(self, client: Any) -> None:
        """Make a call that needs a token."""
        made = client.get("fhir/R4/Patient/1")
        if isinstance(client, AsyncMedplumClient):
            asyncio.run(_awaited(made))

    def sign_in(self, colour: str, auth: Any, **options: Any) -> None:
        self.read(self.client(colour, auth, **options))

    def forms(self) -> list[dict[str, str]]:
        sent = [each for each in self.requests if each.method == "POST"]
        return [dict(parse_qsl(each.content.decode(), strict_parsing=True)) for each in sent]

    def assertions(self) -> list[str]:
        return [form["client_assertion"] for form in self.forms()]

    def urls(self) -> list[str]:
        return [str(each.url) for each in self.requests]


async def _awaited(made: Any) -> Any:
    return await asyncio.wait_for(made, 10)


def claims(assertion: str, key: Any, algorithm: str = "RS384") -> dict[str, Any]:
    """Verify the signature of an assertion with PyJWT, and return its claims."""
    found: dict[str, Any] = jwt.decode(
        assertion,
        key.public_key(),
        [algorithm],
        options={"verify_aud": False, "verify_exp": False, "verify_iat": False},
    )
    return found


def header(assertion: str) -> dict[str, Any]:
    return jwt.get_unverified_header(assertion)


def number(text: str) -> int:
    """Read a number of a JWK."""
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def auth(key: Any, algorithm: Any = "RS384", **options: Any) -> PrivateKeyJwtAuth:
    return PrivateKeyJwtAuth(CLIENT, key, algorithm=algorithm, **options)


def signs(made: PrivateKeyJwtAuth, key: Any = None, algorithm: str = "RS384") -> dict[str, Any]:
    """Have an assertion signed, verify it with this key, and return its header."""
    backend = Backend()
    backend.sign_in("sync", made)
    claims(backend.assertions()[0], key or private_key(), algorithm)
    return header(backend.assertions()[0])

"""Reads what a Medplum server says of itself, from the server or from a folder with copies.

Knows HTTP and files, not what the documents say.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import httpx

from codegen.load import Json

OPENAPI = "openapi.json"
CAPABILITIES = "metadata.json"
ADDRESSES = {OPENAPI: "openapi.json", CAPABILITIES: "fhir/R4/metadata"}
REQUIRED = {OPENAPI: "paths", CAPABILITIES: "rest"}


class ServerDocumentError(Exception):
    """A document of the server cannot be read."""


@dataclass(frozen=True, slots=True)
class ServerDocuments:
    """The OpenAPI document and the CapabilityStatement of one server."""

    openapi: Json
    capabilities: Json


def read_server(server: str, *, transport: httpx.BaseTransport | None = None) -> ServerDocuments:
    """Read both documents.

    Args:
        server: the base URL of a server, or a folder with `openapi.json` and `metadata.json`,
            each possibly with `.gz`.
        transport: what answers instead of the network.

    Raises:
        ServerDocumentError: the server does not answer, or a document is missing or none.
    """
    if not server.startswith(("http://", "https://")):
        folder = Path(server)
        return ServerDocuments(_from_file(folder, OPENAPI), _from_file(folder, CAPABILITIES))
    with httpx.Client(transport=transport, timeout=60, follow_redirects=True) as client:
        return ServerDocuments(
            _from_url(client, server, OPENAPI), _from_url(client, server, CAPABILITIES)
        )


def _from_url(client: httpx.Client, server: str, document: str) -> Json:
    url = f"{server.rstrip('/')}/{ADDRESSES[document]}"
    try:
        response = client.get(url).raise_for_status()
    except httpx.HTTPStatusError as error:
        raise ServerDocumentError(f"{url} answers {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise ServerDocumentError(f"{url} does not answer: {type(error).__name__}") from error
    return _parsed(response.content, url, document)


def _from_file(folder: Path, document: str) -> Json:
    plain, packed = folder / document, folder / f"{document}.gz"
    if plain.is_file():
        return _parsed(plain.read_bytes(), str(plain), document)
    if packed.is_file():
        return _parsed(gzip.decompress(packed.read_bytes()), str(packed), document)
    raise ServerDocumentError(f"{folder} holds neither {document} nor {document}.gz")


def _parsed(content: bytes, place: str, document: str) -> Json:
    try:
        parsed = json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ServerDocumentError(f"{place} is not JSON") from error
    if not isinstance(parsed, dict) or REQUIRED[document] not in parsed:
        raise ServerDocumentError(f"{place} has no '{REQUIRED[document]}'")
    return parsed

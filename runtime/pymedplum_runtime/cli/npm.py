"""Fetches packages from an npm registry, and takes only what the registry's hash vouches for."""

import base64
import hashlib
import io
import re
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urlsplit

import httpx

from pymedplum_runtime.cli.exits import CommandError, ExitCode, UsageError

REGISTRY = "https://registry.npmjs.org"
MAX_BYTES = 256 * 1024 * 1024
_MAX_METADATA = 64 * 1024 * 1024
_NAMED = re.compile(r"((?:@[a-z0-9._~-]+/)?[a-z0-9._~-]+)@([0-9A-Za-z.+-]+)")
_TIMEOUT = 60.0  # seconds
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Package(NamedTuple):
    """A package of the registry."""

    name: str
    version: str


def package_named(text: str) -> Package | None:
    """Return the package that `name@version` names, or None for any other text."""
    match = _NAMED.fullmatch(text)
    return None if match is None else Package(match[1], match[2])


def fetch(package: Package, registry: str = REGISTRY) -> io.BytesIO:
    """Return the tarball of a package.

    Raises:
        CommandError: the registry has no such package, does not answer, or gives other bytes than
            its hash says.
        UsageError: the registry is not reached over https.
    """
    _check_registry(registry)
    label = f"{package.name}@{package.version}"
    place = f"{registry.rstrip('/')}/{quote(package.name, safe='@')}/{quote(package.version)}"
    with httpx.Client(timeout=_TIMEOUT) as client:
        try:
            found = _distribution(_read(client, place, _MAX_METADATA, label), package)
            url, integrity = found.get("tarball"), found.get("integrity")
            if not isinstance(url, str) or not _same_origin(url, registry):
                raise CommandError(f"{label}: its tarball lies outside the registry")
            content = _read(client, url, MAX_BYTES, label)
        except httpx.HTTPError as error:
            kind = type(error).__name__
            message = f"{label}: {kind} at {registry}"
            raise CommandError(message, ExitCode.NO_CONNECTION) from None
    if not _is_whole(content, integrity):
        raise CommandError(f"{label}: what came is not what the registry's hash says")
    return io.BytesIO(content)


def _check_registry(registry: str) -> None:
    parts = urlsplit(registry)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return
    raise UsageError("--registry: expected an https URL")


def _same_origin(url: str, registry: str) -> bool:
    return urlsplit(url)[:2] == urlsplit(registry)[:2]


def _read(client: httpx.Client, url: str, most: int, label: str) -> bytes:
    found = bytearray()
    with client.stream("GET", url) as response:
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise CommandError(f"{label}: the registry has no such package", ExitCode.NOT_FOUND)
        if response.status_code != HTTPStatus.OK:
            raise CommandError(f"{label}: the registry answers with HTTP {response.status_code}")
        for chunk in response.iter_bytes():
            found += chunk
            if len(found) > most:
                raise CommandError(f"{label}: the registry sends more than {most} bytes")
    return bytes(found)


def _distribution(content: bytes, package: Package) -> Mapping[str, Any]:
    """Return where the package lies, and its hash.

    Raises:
        CommandError: the registry's answer is about something else.
    """
    from pymedplum_runtime.models import codec  # noqa: PLC0415 - msgspec, for a download alone

    value: object = None
    with suppress(codec.JsonTextError):
        value = codec.decode(content)
    found = _map(value)
    if (found.get("name"), found.get("version")) != package:
        raise CommandError(f"{package.name}: the registry's answer is not about it")
    return _map(found.get("dist"))


def _map(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _is_whole(content: bytes, integrity: object) -> bool:
    """Check bytes by a subresource integrity: https://www.w3.org/TR/SRI/."""
    wanted = integrity.split() if isinstance(integrity, str) else []
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    return f"sha512-{digest}" in wanted

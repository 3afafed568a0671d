"""Keys that lie in files, and keys that take the place of others."""

import logging
import stat
from pathlib import Path

import pytest
from backend_calls import (
    BOTH,
    Backend,
    auth,
    claims,
    header,
    jwk,
    pem,
    private_key,
    signs,
)
from backend_calls import _rsa_key as rsa_key

from pymedplum_runtime.errors import SigningKeyError

PASSWORD = b"correct horse battery"
WRONG = "incorrect donkey cell"
RSA, EC = private_key(), private_key("ES384")


@BOTH
def test_a_file_is_read_anew_for_each_assertion(colour: str, tmp_path: Path) -> None:
    path = tmp_path / "service.pem"
    path.write_bytes(pem(RSA))
    backend = Backend()
    client = backend.client(colour, auth(path))
    backend.read(client)
    path.write_bytes(pem(rsa_key(1)))
    backend.clock.time += 3600
    backend.read(client)
    first, second = backend.assertions()
    claims(first, RSA)
    claims(second, rsa_key(1))
    assert header(first)["kid"] != header(second)["kid"]


def test_a_relative_path_is_that_of_the_folder_at_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "service.pem").write_bytes(pem(RSA))
    monkeypatch.chdir(tmp_path)
    made = auth(Path("service.pem"))
    monkeypatch.chdir("/")
    signs(made)


@BOTH
def test_a_file_that_has_gone_or_broken_is_told_by_its_name(colour: str, tmp_path: Path) -> None:
    path = tmp_path / "service.pem"
    path.write_bytes(pem(RSA))
    made = auth(path)
    path.write_bytes(b"")
    with pytest.raises(SigningKeyError, match=r"^service.pem: "):
        Backend().sign_in(colour, made)
    path.unlink()
    with pytest.raises(SigningKeyError, match=r"service.pem: .*FileNotFoundError") as caught:
        Backend().sign_in(colour, made)
    assert str(tmp_path) not in str(caught.value)


def test_what_is_no_file_of_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match=r"IsADirectoryError|PermissionError"):
        auth(tmp_path)
    with pytest.raises(SigningKeyError, match="FileNotFoundError"):
        auth(tmp_path / "none.pem")
    large = tmp_path / "large"
    large.write_bytes(b"x" * (1 << 20) + b"x")
    with pytest.raises(SigningKeyError, match="more than 1 MiB"):
        auth(large)


def test_a_file_that_others_may_read_is_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "service.pem"
    path.write_bytes(pem(RSA))
    for mode, count in ((0o600, 0), (0o640, 1), (0o604, 1)):
        path.chmod(mode)
        caplog.clear()
        with caplog.at_level(logging.WARNING, "pymedplum.security"):
            signs(auth(path))
        assert len(caplog.records) == count
        assert all("service.pem" in each.getMessage() for each in caplog.records)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


@BOTH
def test_a_key_is_rotated_and_a_refused_one_changes_nothing(colour: str) -> None:
    backend, made = Backend(), auth(pem(RSA), key_id="old")
    client = backend.client(colour, made)
    backend.read(client)
    with pytest.raises(SigningKeyError):
        made.rotate(pem(EC))
    with pytest.raises(SigningKeyError):
        made.rotate(pem(rsa_key(1), PASSWORD), password=WRONG)
    backend.clock.time += 3600
    backend.read(client)
    made.rotate(pem(rsa_key(1), PASSWORD), password=PASSWORD, key_id="new")
    backend.clock.time += 3600
    backend.read(client)
    made.rotate(pem(EC), algorithm="ES384")
    made.rotate(jwk(EC, kid="last"))
    backend.clock.time += 3600
    backend.read(client)
    found = backend.assertions()
    assert [header(each)["kid"] for each in found] == ["old", "old", "new", "last"]
    claims(found[2], rsa_key(1))
    claims(found[3], EC, "ES384")

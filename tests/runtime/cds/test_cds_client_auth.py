"""What an EHR is described with to sign its requests, and what is refused."""

import copy
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from pymedplum_runtime.cds.client.client_auth import CDSClientAuth
from pymedplum_runtime.errors import SigningKeyError
from pymedplum_runtime.smart import KeyPair, new_key_pair

ISSUER = "https://ehr.example.org"


@cache
def pair() -> KeyPair:
    return new_key_pair("ES384")


def test_printing_it_shows_no_key() -> None:
    auth = CDSClientAuth(ISSUER, pair().private_pem())
    assert repr(auth) == f"CDSClientAuth(issuer='{ISSUER}')"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"issuer": ""}, ValueError, "issuer must not be empty"),
        ({"issuer": None}, TypeError, "issuer must be a str"),
        ({"key": 5}, TypeError, "key must be"),
        ({"key": "no key"}, SigningKeyError, "neither PEM"),
        ({"algorithm": "RS384"}, SigningKeyError, "RS384"),
        ({"algorithm": "none"}, ValueError, "algorithm"),
        ({"algorithm": "HS256"}, ValueError, "algorithm"),
        ({"jku": "jwks.json"}, ValueError, "jku must be an absolute URL"),
        ({"tenant": " "}, ValueError, "tenant must not be empty"),
        ({"lifetime": 301}, ValueError, "lifetime must be from 1 to 300 seconds"),
        ({"lifetime": 0}, ValueError, "lifetime must be from 1 to 300 seconds"),
        ({"lifetime": float("nan")}, ValueError, "lifetime must be from 1 to 300 seconds"),
        ({"lifetime": True}, TypeError, "lifetime must be a number of seconds"),
    ],
)
def test_what_cannot_sign_is_refused(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    chosen = {"issuer": ISSUER, "key": pair(), **options}
    with pytest.raises(error, match=words):
        CDSClientAuth(chosen.pop("issuer"), chosen.pop("key"), **chosen)


def test_two_requests_of_the_same_second_have_jwts_of_their_own() -> None:
    auth = copy.copy(CDSClientAuth(ISSUER, pair()))
    made = {_result(auth.signed("https://cds.example.org/cds-services", 5.0)) for _ in range(2)}
    assert len(made) == 2


def _result(flow: Any) -> str:
    with pytest.raises(StopIteration) as stopped:
        next(flow)
    return str(stopped.value.value)


def test_clients_load_nothing_of_this_before_it_is_called() -> None:
    program = (
        "import sys, pymedplum\n"
        "pymedplum.MedplumClient, pymedplum.AsyncMedplumClient\n"
        "found = [name for name in sys.modules if 'cds' in name]\n"
        "assert found == [], found\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()

"""Calls with signed tokens, good ones and such as no library would write."""

import base64
import json
from typing import Any

import httpx
import jwt
from cds_calls import (
    BASE,
    ISSUER,
    KEYS,
    NOW,
    a_request,
    bearer,
    post,
    trusting_services,
)

from pymedplum_runtime.cds.service.trust import TrustedEHR
from pymedplum_runtime.smart.key_pairs import new_key_pair

AUD = f"{BASE}/cds-services/greet"
RSA = new_key_pair("RS384", key_id="rsa")


def call(text: str, **options: Any) -> httpx.Response:
    """Call with a token."""
    return post(trusting_services(**options), a_request(), headers=bearer(text))


def refusal(text: str, *ehrs: TrustedEHR) -> str:
    """Return why a token is refused; there must be nothing else about the answer."""
    answer = post(trusting_services(*ehrs), a_request(), headers=bearer(text))
    assert answer.status_code == 401
    said: str = answer.json()["error"]
    assert answer.json() == {"error": said}
    challenge = f'Bearer error="invalid_token", error_description="{said}"'
    assert answer.headers["WWW-Authenticate"] == challenge
    return said


def encoded(members: object) -> str:
    """Write a part of a token."""
    content = members if isinstance(members, bytes) else json.dumps(members).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def claims(**members: Any) -> dict[str, Any]:
    """Give good claims."""
    now = int(NOW)
    return {"iss": ISSUER, "aud": AUD, "iat": now, "exp": now + 300, "jti": "j", **members}


def by_hand(header: dict[str, Any]) -> str:
    """Sign a token with a header that no library would write."""
    kept = {name: value for name, value in header.items() if value is not None}
    content = f"{encoded(kept)}.{encoded(claims())}"
    algorithm = jwt.get_algorithm_by_name("ES384")
    key = algorithm.prepare_key(KEYS.private_pem())
    return f"{content}.{encoded(algorithm.sign(content.encode(), key))}"

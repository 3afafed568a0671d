"""What other CDS services are shown: what is meant for them, and never what is Medplum's."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from foreign_services import (
    FEEDBACK,
    ISSUER,
    MEMBERSHIP,
    REQUEST,
    SERVICE,
    ForeignServices,
    Seen,
    auth,
    call_everything,
    context_of,
    everything_in,
    pair,
)
from joserfc import jwt
from joserfc.jwk import ECKey
from live_calls import FakeClock, LiveClient, MakeClient, Requests, run

from pymedplum import (
    AuthenticationError,
    InsecureTransportError,
    MedplumError,
    PreparedRequest,
    UnsafeRedirectError,
)
from pymedplum.cds import CDSClientAuth


def test_the_token_of_medplum_goes_to_medplum_alone(
    client_of: MakeClient, elsewhere: ForeignServices, requests: Requests
) -> None:
    client = client_of(default_on_behalf_of=MEMBERSHIP, before_request=_marked)
    patient = client.create()
    token = requests.all()[-1]["headers"]["authorization"].split()[1]
    request = client("build_cds_request", SERVICE, context_of(patient["id"]))
    call_everything(client, elsewhere)
    client("call_cds_service", "statin", request, base_url=elsewhere.base_url)
    call_everything(client, elsewhere, authorization=auth())
    assert len(elsewhere.seen) == 7
    for seen in elsewhere.seen:
        assert not {"x-medplum-on-behalf-of", "x-medplum", "cookie"} & seen.headers.keys()
        for secret in (token, "marked-hook", MEMBERSHIP):
            assert secret not in everything_in(seen)
    assert ["authorization" in each.headers for each in elsewhere.seen] == [False] * 4 + [True] * 3
    assert all("authorization" in r["headers"] for r in requests.fhir())


def _marked(request: PreparedRequest) -> PreparedRequest:
    return replace(request, headers={**request.headers, "X-Hook": "marked-hook"})


def test_cookies_of_the_http_client_stay_with_it(
    client_of: MakeClient, elsewhere: ForeignServices
) -> None:
    make: Any = httpx.AsyncClient if client_of().is_async else httpx.Client
    headers = {"Authorization": "Bearer marked"}
    http = make(cookies={"session": "marked"}, headers=headers, trust_env=False)
    client = client_of(http_client=http)
    call_everything(client, elsewhere)
    run(http.aclose()) if client.is_async else http.close()
    assert all("marked" not in everything_in(each) for each in elsewhere.seen)


def test_each_request_shows_a_jwt_of_its_own(
    client: LiveClient, elsewhere: ForeignServices, clock: FakeClock
) -> None:
    signs = auth(jku="https://ehr.example.org/jwks.json", tenant="ward-1")
    elsewhere.script = [429, 503]
    call_everything(client, elsewhere, authorization=signs)
    tokens = [jwt_of(each) for each in elsewhere.seen]
    assert len(tokens) == 5
    for token, seen in zip(tokens, elsewhere.seen, strict=True):
        assert token.header == {
            "alg": "ES384",
            "typ": "JWT",
            "kid": pair().key_id,
            "jku": "https://ehr.example.org/jwks.json",
        }
        claims = token.claims
        assert claims["iss"] == ISSUER
        assert claims["aud"] == f"{elsewhere.base_url}{seen.path}"
        assert claims["tenant"] == "ward-1"
        assert claims["exp"] - claims["iat"] == 240
    assert len({token.claims["jti"] for token in tokens}) == 5
    assert tokens[-1].claims["iat"] == int(clock.time)


def jwt_of(seen: Seen) -> Any:
    scheme, _, token = seen.headers["authorization"].partition(" ")
    assert scheme == "Bearer"
    return jwt.decode(token, ECKey.import_key(pair().public_jwk()), algorithms=["ES384"])


def test_a_key_elsewhere_signs_too(client: LiveClient, elsewhere: ForeignServices) -> None:
    jwk = ECKey.import_key(pair().private_jwk())

    def sign(content: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - beside its use
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - the same

        key: Any = jwk.private_key
        signature: bytes = key.sign(content, ec.ECDSA(hashes.SHA384()))
        return signature

    signs = CDSClientAuth(ISSUER, sign, key_id=pair().key_id)
    call_everything(client, elsewhere, authorization=signs)
    assert jwt_of(elsewhere.seen[0]).claims["iss"] == ISSUER


def test_a_given_header_is_shown_as_it_is(client: LiveClient, elsewhere: ForeignServices) -> None:
    call_everything(client, elsewhere, authorization="Bearer abc", headers={"X-Api-Key": "k"})
    assert {each.headers["authorization"] for each in elsewhere.seen} == {"Bearer abc"}
    assert {each.headers["x-api-key"] for each in elsewhere.seen} == {"k"}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"authorization": "Bearer abc", "base_url": None}, "give base_url with it"),
        ({"authorization": " "}, "must be a header such as"),
        ({"authorization": "Bearer a\r\nX: y"}, "must be a header such as"),
        ({"authorization": "Bearer \u00e9"}, "must be a header such as"),
        ({"on_behalf_of": MEMBERSHIP}, "another service knows no memberships"),
        ({"headers": {"x-medplum-on-behalf-of": MEMBERSHIP}}, "another service knows no member"),
        ({"headers": {"Authorization": "Bearer abc"}}, "is the client's own"),
        ({"base_url": "https://user:secret@cds.example.org"}, "neither credentials nor"),
        ({"base_url": "https://cds.example.org?x=1"}, "neither credentials nor"),
    ],
)
def test_what_would_be_ignored_is_refused(
    client: LiveClient,
    elsewhere: ForeignServices,
    requests: Requests,
    options: dict[str, Any],
    error: str,
) -> None:
    with pytest.raises(ValueError, match=error) as caught:
        call_everything(client, elsewhere, **options)
    assert "secret" not in str(caught.value)
    assert elsewhere.seen == []
    assert requests.all() == []


def test_an_authorization_is_a_text_or_signs(
    client: LiveClient, elsewhere: ForeignServices
) -> None:
    with pytest.raises(TypeError, match="must be a str or a CDSClientAuth, got KeyPair"):
        call_everything(client, elsewhere, authorization=pair())


@pytest.mark.parametrize("base_url", ["http://cds.example.org", "ftp://cds.example.org", "cds"])
def test_nothing_goes_in_the_clear(client: LiveClient, requests: Requests, base_url: str) -> None:
    for method, values in (
        ("get_cds_services", ()),
        ("call_cds_service", ("statin", REQUEST)),
        ("send_cds_feedback", ("statin", FEEDBACK)),
    ):
        with pytest.raises(InsecureTransportError):
            client(method, *values, base_url=base_url)
    assert requests.all() == []


def test_the_base_url_of_medplum_is_medplum(
    client: LiveClient, requests: Requests, server: Any
) -> None:
    assert client("get_cds_services", base_url=server.base_url.rstrip("/")) == []
    assert "authorization" in requests.all()[-1]["headers"]


def test_redirects_are_not_followed(
    client: LiveClient, elsewhere: ForeignServices, requests: Requests, server: Any
) -> None:
    elsewhere.answers["GET /cds-services"] = (302, None)
    for location, error in (
        (f"{server.base_url}cds-services", UnsafeRedirectError),
        (f"{elsewhere.base_url}/other", MedplumError),
    ):
        elsewhere.headers = {"Location": location}
        with pytest.raises(error):
            client("get_cds_services", base_url=elsewhere.base_url, authorization=auth())
    assert [each.path for each in elsewhere.seen] == ["/cds-services"] * 2
    assert requests.all() == []


def test_a_refusal_elsewhere_has_medplum_give_no_new_token(
    client: LiveClient, elsewhere: ForeignServices, requests: Requests
) -> None:
    elsewhere.script = [401]
    with pytest.raises(AuthenticationError, match=r"POST /cds-services/\{id\}: 401"):
        client("call_cds_service", "statin", REQUEST, base_url=elsewhere.base_url)
    assert len(elsewhere.seen) == 1
    assert requests.all() == []


def test_a_token_goes_to_a_service_only_where_one_is_given(
    client: LiveClient, elsewhere: ForeignServices, server: Any
) -> None:
    token = {
        "access_token": "marked-token",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/Patient.read",
        "subject": "cds-service",
    }
    service = {**SERVICE, "prefetch": {}}
    del service["prefetch"]
    request = client("build_cds_request", service, context_of("1"), fhir_authorization=token)
    assert "marked" not in f"{request!r} {request.fhir_authorization!r} {request}"
    client("call_cds_service", "statin", request, base_url=elsewhere.base_url)
    sent = elsewhere.seen[-1].json()
    assert sent["fhirServer"] == f"{server.base_url}fhir/R4"
    assert sent["fhirAuthorization"] == token

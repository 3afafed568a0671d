"""One sign-in in the browser: the authorization request, the way back, and the code's exchange."""

import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlencode, urlsplit

from pymedplum_runtime.auth.tokens import Grant, TokenEndpoint
from pymedplum_runtime.errors import AuthenticationError
from pymedplum_runtime.http.flow import Flow, Invoke, Work
from pymedplum_runtime.http.urls import is_safe_transport
from pymedplum_runtime.http.wire import decode_or_none
from pymedplum_runtime.private_files import reason
from pymedplum_runtime.smart.configuration import token_url_of
from pymedplum_runtime.smart.loopback import Callback, LoopbackListener
from pymedplum_runtime.smart.pkce import CHALLENGE_METHOD, Proof, new_proof

_USUAL_PLACE = ("oauth2/token", "oauth2/authorize")
_ERRORS = frozenset(
    {  # RFC 6749, section 4.1.2.1; OpenID Connect Core, section 3.1.2.6
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "invalid_request",
        "invalid_request_object",
        "invalid_request_uri",
        "invalid_scope",
        "login_required",
        "registration_not_supported",
        "request_not_supported",
        "request_uri_not_supported",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_response_type",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BrowserSignIn:
    """What is the same for every sign-in of a program."""

    client_id: str
    scope: str
    aud: str | None
    port: int
    host: str
    timeout: float
    open_browser: Callable[[str], object] | None

    def grant(self, endpoint: TokenEndpoint, client: Mapping[str, str]) -> Flow[Grant]:
        """Have a person sign in, and trade the code.

        Args:
            endpoint: where the code is traded.
            client: the members of the form that name the client.

        Raises:
            AuthenticationError: the person or the server refuses, nobody came back in time, or
                the port is taken.
        """
        configuration = yield from endpoint.configuration()
        address = _authorization_url(configuration, endpoint)
        token_url = yield from token_url_of(endpoint)
        proof = new_proof()
        listener = self._listener(proof.state)
        try:
            request = self._request(proof, listener.redirect_uri, endpoint.fhir_url)
            yield from self._opened(f"{address}{request}")
            callback: Callback | None = yield Work(listener.wait, (self.timeout,))
        finally:
            listener.close()
        form = {
            "grant_type": "authorization_code",
            "code": self._code(callback, listener, configuration),
            "redirect_uri": listener.redirect_uri,
            "code_verifier": proof.verifier,
            **client,
        }
        grant = yield from endpoint.request(form, url=token_url)
        if self._has_nonce:
            _check_nonce(grant.members.get("id_token"), proof.nonce)
        return grant

    @property
    def _has_nonce(self) -> bool:
        return "openid" in self.scope.split()

    def _listener(self, state: str) -> LoopbackListener:
        try:
            return LoopbackListener(state, port=self.port, host=self.host)
        except OSError as error:
            said = reason(error)
        raise AuthenticationError(
            f"cannot listen on port {self.port} of this machine for the browser ({said}); end what "
            "uses it, or give another port= that the ClientApplication has as a redirect URI"
        )

    def _request(self, proof: Proof, redirect_uri: str, fhir_url: str) -> str:
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.scope,
            "state": proof.state,
            "aud": self.aud or fhir_url.rstrip("/"),
            "code_challenge": proof.challenge,
            "code_challenge_method": CHALLENGE_METHOD,
        }
        if self._has_nonce:
            parameters["nonce"] = proof.nonce
        return urlencode(parameters, quote_via=quote)

    def _opened(self, url: str) -> Flow[None]:
        if self.open_browser is None:
            is_open: object = yield Work(_open, (url,))
        else:
            is_open = yield Invoke(self.open_browser, (url,))
        if is_open is False:  # what webbrowser.open says where it found none
            sys.stderr.write(f"To sign in, open this address in a browser:\n{url}\n")
            sys.stderr.flush()

    def _code(
        self,
        callback: Callback | None,
        listener: LoopbackListener,
        configuration: Mapping[str, Any],
    ) -> str:
        if callback is None:
            count = listener.strangers
            strange = f" ({count} came back with another sign-in's state)" if count else ""
            raise AuthenticationError(
                f"nobody signed in within {self.timeout:g} s{strange}; does the ClientApplication "
                f"have the redirect URI {listener.redirect_uri}?"
            )
        issuer: object = configuration.get("issuer")
        if callback.issuer is not None and callback.issuer != issuer:
            raise AuthenticationError("the answer to the sign-in came from another server")
        if callback.code is None:
            code = callback.error if callback.error in _ERRORS else "another error"
            raise AuthenticationError(f"the server refused the sign-in ({code})")
        return callback.code


def _authorization_url(configuration: Mapping[str, Any], endpoint: TokenEndpoint) -> str:
    """Return the address that the parameters are put behind.

    Raises:
        AuthenticationError: a browser would be sent there in the clear.
    """
    url: object = configuration.get("authorization_endpoint")
    if not isinstance(url, str) or not url:
        url = endpoint.url.replace(*_USUAL_PLACE)
    is_own = url.startswith(endpoint.url.removesuffix(_USUAL_PLACE[0]))
    if not (is_own or is_safe_transport(url)) or urlsplit(url).fragment:
        raise AuthenticationError(
            "the server's smart-configuration names an authorization_endpoint that is no https "
            "address; nobody was sent there"
        )
    return f"{url}&" if "?" in url else f"{url}?"


def _check_nonce(id_token: object, nonce: str) -> None:
    """Refuse an ID token of another sign-in: OpenID Connect Core, section 3.1.3.7.

    Its signature needs no check, since it came from the token endpoint itself.
    """
    if not isinstance(id_token, str):
        return
    claims: Any = None
    with suppress(ValueError, IndexError):
        claims = decode_or_none(urlsafe_b64decode(id_token.split(".")[1] + "=="))
    members = cast("dict[str, Any]", claims) if isinstance(claims, dict) else {}
    if members.get("nonce") != nonce:
        raise AuthenticationError("the server's ID token belongs to another sign-in")


def _open(url: str) -> bool:
    import webbrowser  # noqa: PLC0415 - it looks for browsers when it is imported

    try:
        return webbrowser.open(url)
    except (OSError, webbrowser.Error):
        return False

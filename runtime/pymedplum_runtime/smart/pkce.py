"""The random texts of one sign-in, and the challenge that binds the code to this program.

https://www.rfc-editor.org/rfc/rfc7636
"""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256

CHALLENGE_METHOD = "S256"
_BYTES = 32  # 43 characters, the shortest verifier that section 4.1 allows


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """What only the program that began a sign-in knows."""

    verifier: str
    """Sent with the code to the token endpoint, and to nobody else."""
    state: str
    """Comes back with the code; another one is an answer to somebody else's request."""
    nonce: str
    """Comes back inside the ID token."""

    @property
    def challenge(self) -> str:
        """The hash of the verifier, for the authorization request."""
        return challenge_of(self.verifier)


def new_proof() -> Proof:
    """Draw the texts of one sign-in from the system's source of randomness."""
    verifier, state, nonce = (secrets.token_urlsafe(_BYTES) for _ in range(3))
    return Proof(verifier, state, nonce)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier: RFC 7636, section 4.2."""
    digest = sha256(verifier.encode("ascii")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

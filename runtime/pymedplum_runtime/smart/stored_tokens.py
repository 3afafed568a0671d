"""The tokens of one sign-in, as a store keeps them."""

from dataclasses import dataclass, field

from pymedplum_runtime.auth.tokens import AccessToken

_LATEST = 1e12  # seconds; beyond it lies no date


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """The tokens of one person for one client at one server; their texts show in no `repr`."""

    base_url: str
    """The server that gave them, and that alone is sent them; ends with a slash."""
    client_id: str
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: float | None = None
    """Seconds since the epoch at which the access token ends."""
    scope: str | None = None
    """What was granted, separated by spaces."""

    def __post_init__(self) -> None:
        for name in ("base_url", "client_id", "access_token", "refresh_token", "scope"):
            value: object = getattr(self, name)
            is_optional = name not in {"base_url", "client_id"}
            if not isinstance(value, str) and not (is_optional and value is None):
                raise TypeError(f"{name} must be a str, got {type(value).__name__}")
        if self.access_token is not None:
            AccessToken(self.access_token)  # which refuses what no header can hold
        _check_instant(self.expires_at)

    def is_for(self, base_url: str, client_id: str) -> bool:
        """Say whether a server gave them to a client."""
        return (self.base_url, self.client_id) == (base_url, client_id)


def _check_instant(value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expires_at must be a number, got {type(value).__name__}")
    if not 0 <= value < _LATEST:
        raise ValueError("expires_at must be seconds since the epoch")

"""The profile that a command works with: what it holds, and what `login` writes into it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pymedplum_runtime.cli.client import Invocation
from pymedplum_runtime.cli.exits import UsageError
from pymedplum_runtime.config import (
    DEFAULT_PROFILE,
    KEYS,
    VARIABLES,
    Settings,
    config_file,
    profile_names,
    read_profile,
    save_profile,
    token_file,
)
from pymedplum_runtime.config.keys import SECRETS, Found
from pymedplum_runtime.errors import MedplumError

CLOUD = "https://api.medplum.com/"
# What `login` takes from the environment into a profile; the rest is for one run.
_LASTING = (
    *("base_url", "client_id", "scope", "token_url", "redirect_port", "aud"),
    *("fhir_url_path", "project_id", "allow_insecure_http"),
)
# What belongs to one way of signing in, and must not stay behind when another takes its place.
_OF_A_WAY = (
    *("auth", "access_token", "client_secret", "private_key_file", "private_key_password"),
    *("key_id", "algorithm"),
)


def profile_name(run: Invocation) -> str:
    """Return the name of the profile in use, whether or not it is there."""
    return run.profile or os.environ.get("MEDPLUM_PROFILE", "").strip() or DEFAULT_PROFILE


@dataclass(frozen=True, slots=True)
class Draft:
    """A profile while `login` makes it: options first, then the environment, then the file."""

    name: str
    texts: dict[str, str] = field(repr=False)

    @property
    def base_url(self) -> str:
        """Where the server is."""
        return self.texts.get("base_url", CLOUD)

    @property
    def client_id(self) -> str:
        """The id of the ClientApplication.

        Raises:
            UsageError: nothing says it.
        """
        if "client_id" in self.texts:
            return self.texts["client_id"]
        raise UsageError("which ClientApplication? Give --client-id, or set MEDPLUM_CLIENT_ID")

    def settings(self, **way: object) -> Settings:
        """Return the settings of a client that signs in in a given way."""
        read = {key: KEYS[key](Found(text, key)) for key, text in self.texts.items()}
        values = {**read, "base_url": self.base_url, "client_id": self.client_id, **way}
        return Settings(
            profile=self.name,
            config_file=config_file(),
            token_file=token_file(self.name),
            **values,  # type: ignore[arg-type]  # KEYS reads each as Settings declares it
        )

    def save(self, way: Mapping[str, object]) -> Path:
        """Write the profile; what another way of signing in left there goes away."""
        cleared = dict.fromkeys(_OF_A_WAY)
        where = {"base_url": self.base_url, "client_id": self.client_id}
        return save_profile(self.name, {**self.texts, **where, **cleared, **way})


def draft(run: Invocation, given: Mapping[str, str | None]) -> Draft:
    """Collect what is known for a profile that is to be made or renewed."""
    name = profile_name(run)
    stored = read_profile(name) if name in profile_names() else {}
    variables = {key: os.environ.get(name, "").strip() for name, key in VARIABLES.items()}
    options = {**given, "base_url": run.options.get("base_url")}
    texts = {key: found.text for key, found in stored.items()}
    for level in (variables, options):
        texts |= {key: str(text) for key, text in level.items() if text}
    return _draft(name, texts)


def _draft(name: str, texts: Mapping[str, str]) -> Draft:
    return Draft(name, {key: text for key, text in texts.items() if key in _LASTING})


def listed(run: Invocation) -> list[list[str]]:
    """Return a row for each profile: name, server, client, way of signing in; no secrets."""
    current = profile_name(run)
    rows: list[list[str]] = []
    for name in profile_names():
        texts = {key: found.text for key, found in read_profile(name).items()}
        shown = f"{name} (in use)" if name == current else name
        rows.append([shown, texts.get("base_url", ""), texts.get("client_id", ""), _way(texts)])
    return rows


def forget(run: Invocation) -> str:
    """End the session of a browser where there is one, and forget secrets and tokens.

    Returns:
        What to tell the person.
    """
    from pymedplum_runtime.smart.token_store import FileTokenStore  # noqa: PLC0415 - with the command

    name = profile_name(run)
    file = token_file(name)
    is_known = name in profile_names()
    stored = read_profile(name) if is_known or (run.profile and not file.exists()) else {}
    store = FileTokenStore(file)
    texts = {key: found.text for key, found in stored.items()}
    is_ended = (
        "auth" in texts and store.load() is not None and _end_session(run, _draft(name, texts))
    )
    store.clear()
    if texts.keys() & SECRETS:
        save_profile(name, dict.fromkeys(SECRETS))
    ended = "; the session has ended on the server" if is_ended else ""
    return f"forgot the tokens and secrets of profile '{name}'{ended}"


def _end_session(run: Invocation, signed_in: Draft) -> bool:
    """Tell the server, with the tokens of the profile; whatever it answers, they are forgotten."""
    try:
        client = run.load_client()(**signed_in.settings(sign_in="login").client_options())
        try:
            client.post("oauth2/logout")
        finally:
            client.close()
    except (MedplumError, UsageError):
        return False
    return True


def _way(texts: Mapping[str, str]) -> str:
    known = {
        "auth": "browser",
        "private_key_file": "key",
        "client_secret": "secret",
        "access_token": "token",
    }
    return next((word for key, word in known.items() if key in texts), "")

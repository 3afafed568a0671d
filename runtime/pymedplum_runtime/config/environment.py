"""Settings merged from arguments, the environment and a profile, in that order."""

import os
from collections.abc import Mapping
from typing import Any

from pymedplum_runtime.config.keys import KEYS, VARIABLES, Found
from pymedplum_runtime.config.places import (
    DEFAULT_PROFILE,
    checked_name,
    config_file,
    expanded,
    token_file,
)
from pymedplum_runtime.config.profiles import has_profile, read_profile
from pymedplum_runtime.config.settings import Settings, SignIn
from pymedplum_runtime.errors import ConfigurationError

_KEYS_OF_WAYS: dict[
    SignIn, str
] = {  # and the keys that choose them; an earlier one uses a later one
    "login": "auth",
    "private_key_file": "private_key_file",
    "client_secret": "client_secret",
    "access_token": "access_token",
}
_UNTRIMMED = frozenset({"private_key_password"})
_Level = dict[str, Found]


def read_settings(
    profile: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    arguments: Mapping[str, str | None] | None = None,
) -> Settings:
    """Merge the settings of a client: arguments first, then the environment, then a profile.

    The way to sign in comes whole from the first of them that has one: a token in the environment
    keeps the profile's secret out of use. `client_id` and the like are looked up one by one.

    Args:
        profile: its name; else `MEDPLUM_PROFILE`, else `default` where the file has that.
        environ: the variables; those of the process where not given.
        arguments: keys that go before both; `None` counts as not given.

    Raises:
        ConfigurationError: what is set is wrong, contradicts itself, or cannot be read.

    Example:
        >>> read_settings("test").base_url
        'https://medplum.example.com/'
    """
    variables = os.environ if environ is None else environ
    given = {key: text for key, text in (arguments or {}).items() if text is not None}
    chosen, stored = _profile(profile, variables)
    levels = (
        {key: Found(text, f"the argument {key}") for key, text in given.items()},
        _environment(variables),
        stored,
    )
    return _merged(levels, chosen, variables)


def from_env_options(
    profile: str | None, environ: Mapping[str, str] | None, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the constructor's arguments for `from_env`: the caller's own go first.

    Raises:
        ConfigurationError: what is set is wrong, contradicts itself, or is not enough.
    """
    given = {name: value for name, value in options.items() if value is not None}
    credentials = ("base_url", "client_id", "client_secret", "access_token")
    texts = {name: given[name] for name in credentials if isinstance(given.get(name), str)}
    settings = read_settings(profile, environ=environ, arguments=texts)
    if "auth" in given:
        return {**settings.connection_options(), **given}
    rest = {name: value for name, value in given.items() if name not in texts}
    return {**settings.client_options(), **rest}


def _profile(asked: str | None, variables: Mapping[str, str]) -> tuple[str, _Level]:
    path = config_file(variables)
    name = asked or variables.get("MEDPLUM_PROFILE", "").strip()
    if not name and not has_profile(DEFAULT_PROFILE, config_file=path):
        if variables.get("MEDPLUM_CONFIG_FILE", "").strip() and not path.exists():
            raise ConfigurationError(f"there is no file {path}, which MEDPLUM_CONFIG_FILE names")
        return DEFAULT_PROFILE, {}
    name = checked_name(name or DEFAULT_PROFILE)
    stored = read_profile(name, config_file=path)
    key = stored.get("private_key_file")
    if key:  # relative to the file that names it
        stored["private_key_file"] = Found(
            str(path.parent / expanded(key.text, key.place)), key.place
        )
    return name, stored


def _environment(variables: Mapping[str, str]) -> _Level:
    found = {key: Found(variables.get(name, ""), name) for name, key in VARIABLES.items()}
    trimmed = {
        key: each if key in _UNTRIMMED else Found(each.text.strip(), each.place)
        for key, each in found.items()
    }
    return {key: each for key, each in trimmed.items() if each.text}


def _merged(levels: tuple[_Level, ...], profile: str, variables: Mapping[str, str]) -> Settings:
    merged: _Level = {}
    for level in reversed(levels):
        merged |= level
    deciding = next(
        (level for level in levels if not level.keys().isdisjoint(_KEYS_OF_WAYS.values())), _Level()
    )
    way = _way(deciding)
    for key in set(_KEYS_OF_WAYS.values()) - deciding.keys():
        merged.pop(key, None)  # another way of a level further down
    if way is not None and way != "access_token" and "client_id" not in merged:
        place = deciding[_KEYS_OF_WAYS[way]].place
        raise ConfigurationError(f"{place}: this needs client_id beside it, which is set nowhere")
    values: dict[str, Any] = {key: KEYS[key](found) for key, found in merged.items()}
    values.pop("auth", None)
    file = merged.get("private_key_file")
    if file:
        values["private_key_file"] = expanded(file.text, file.place)
    return Settings(
        profile=profile,
        config_file=config_file(variables),
        token_file=token_file(profile, variables),
        sign_in=way,
        **values,
    )


def _way(level: _Level) -> SignIn | None:
    """Say how a level signs in; a token may stand beside what renews it, a secret beside a login.

    Raises:
        ConfigurationError: it names two ways.
    """
    rivals = [level[key].place for key in ("auth", "client_secret") if key in level]
    key_file = level.get("private_key_file")
    if key_file and rivals:
        raise ConfigurationError(f"two ways to sign in; keep one: {key_file.place}; {rivals[0]}")
    return next((way for way, key in _KEYS_OF_WAYS.items() if key in level), None)

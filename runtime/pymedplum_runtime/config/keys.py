"""The settings of the environment and of profiles: their names, and how their texts are read."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from pymedplum_runtime.auth.scopes import asked_scopes
from pymedplum_runtime.errors import ConfigurationError
from pymedplum_runtime.smart.algorithms import ALGORITHMS
from pymedplum_runtime.smart.configuration import absolute_url

PREFIX = "MEDPLUM_"
LOGIN = "login"
"""What `auth` says where the tokens of `pymedplum login` are to be used."""
SECRETS = frozenset({"access_token", "client_secret", "private_key_password"})
_FLAGS = {
    **dict.fromkeys(("1", "on", "true", "yes"), True),
    **dict.fromkeys(("0", "off", "false", "no"), False),
}
_PORTS = 65535


@dataclass(frozen=True, slots=True)
class Found:
    """A text, and the place where it stands: a variable, or file, section and key."""

    text: str = field(repr=False)
    place: str


def as_text(found: Found) -> str:
    """Return the text."""
    return found.text


def as_flag(found: Found) -> bool:
    """Read a yes or a no.

    Raises:
        ConfigurationError: it is neither.
    """
    flag = _FLAGS.get(found.text.lower())
    if flag is None:
        raise ConfigurationError(f"{found.place}: must be true or false")
    return flag


def as_seconds(found: Found) -> float:
    """Read a positive number.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        seconds = float(found.text)
    except ValueError:  # its text quotes the value
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ConfigurationError(f"{found.place}: must be a positive number of seconds")
    return seconds


def as_port(found: Found) -> int:
    """Read the number of a port; 0 stands for any free one.

    Raises:
        ConfigurationError: it is none.
    """
    is_number = found.text.isascii() and found.text.isdigit() and len(found.text) <= len("65535")
    if not is_number or int(found.text) > _PORTS:
        raise ConfigurationError(f"{found.place}: must be the number of a port, 0 to {_PORTS}")
    return int(found.text)


def as_url(found: Found) -> str:
    """Read an absolute URL.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        return absolute_url(found.text, found.place)
    except ValueError:
        pass
    raise ConfigurationError(
        f"{found.place}: must be an absolute URL, without credentials and fragment"
    )


def as_scope(found: Found) -> str:
    """Read scopes.

    Raises:
        ConfigurationError: a character may not stand in one.
    """
    try:
        return str(asked_scopes(found.text) or "")
    except ValueError as error:
        said = str(error)
    raise ConfigurationError(f"{found.place}: {said}")


def as_algorithm(found: Found) -> str:
    """Read the name of an algorithm of signatures.

    Raises:
        ConfigurationError: there is none of that name.
    """
    if found.text not in ALGORITHMS:
        raise ConfigurationError(f"{found.place}: must be one of {', '.join(ALGORITHMS)}")
    return found.text


def as_way(found: Found) -> str:
    """Read what `auth` says.

    Raises:
        ConfigurationError: it is not `login`.
    """
    if found.text.lower() != LOGIN:
        raise ConfigurationError(
            f"{found.place}: must be '{LOGIN}'; leave it out where a secret, key or token is set"
        )
    return LOGIN


KEYS: dict[str, Callable[[Found], object]] = {
    "base_url": as_text,
    "client_id": as_text,
    "client_secret": as_text,
    "access_token": as_text,
    "private_key_file": as_text,
    "private_key_password": as_text,
    "key_id": as_text,
    "algorithm": as_algorithm,
    "scope": as_scope,
    "token_url": as_url,
    "aud": as_url,
    "auth": as_way,
    "redirect_port": as_port,
    "project_id": as_text,
    "fhir_url_path": as_text,
    "on_behalf_of": as_text,
    "timeout": as_seconds,
    "allow_insecure_http": as_flag,
}
"""The keys of a profile, and how each is read."""

VARIABLES = {PREFIX + name.upper(): name for name in KEYS}
"""The variables of the environment, and the keys that they stand for."""

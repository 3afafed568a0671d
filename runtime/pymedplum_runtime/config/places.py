"""Where the configuration file and the tokens of `pymedplum login` lie."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from pymedplum_runtime.errors import ConfigurationError

DEFAULT_PROFILE = "default"
_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,64}")


def config_file(environ: Mapping[str, str] | None = None) -> Path:
    """Return the path of the configuration file, whether or not it is there.

    `MEDPLUM_CONFIG_FILE` where it is set, else `pymedplum/config.ini` in `XDG_CONFIG_HOME`
    (`~/.config` where that is not set, or relative).
    https://specifications.freedesktop.org/basedir-spec/latest/

    Args:
        environ: the variables; those of the process where not given.

    Raises:
        ConfigurationError: there is no home folder to look in.

    Example:
        >>> config_file({"MEDPLUM_CONFIG_FILE": "/srv/medplum.ini"})
        PosixPath('/srv/medplum.ini')
    """
    variables = os.environ if environ is None else environ
    given = variables.get("MEDPLUM_CONFIG_FILE", "").strip()
    if given:
        return expanded(given, "MEDPLUM_CONFIG_FILE")
    base = Path(variables.get("XDG_CONFIG_HOME", "").strip())
    folder = base if base.is_absolute() else expanded("~/.config", "the configuration's folder")
    return folder / "pymedplum" / "config.ini"


def token_file(profile: str = DEFAULT_PROFILE, environ: Mapping[str, str] | None = None) -> Path:
    """Return where `pymedplum login` keeps the tokens of a profile: beside the configuration file.

    Args:
        profile: its name.
        environ: the variables; those of the process where not given.

    Raises:
        ConfigurationError: the name is none that a profile has.

    Example:
        >>> token_file("prod", {"MEDPLUM_CONFIG_FILE": "/srv/medplum.ini"})
        PosixPath('/srv/tokens/prod.json')
    """
    return config_file(environ).parent / "tokens" / f"{checked_name(profile)}.json"


def checked_name(profile: str) -> str:
    """Return the name of a profile, which names a file too.

    Raises:
        ConfigurationError: it is none.
    """
    if not _NAME.fullmatch(profile):
        raise ConfigurationError(
            "the name of a profile is 1 to 64 letters, digits, '.', '-' and '_', no '.' in front"
        )
    return profile


def expanded(path: str, place: str) -> Path:
    """Return a path with `~` as the home folder.

    Raises:
        ConfigurationError: there is no home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        pass
    raise ConfigurationError(f"{place}: no home folder is known; give an absolute path")

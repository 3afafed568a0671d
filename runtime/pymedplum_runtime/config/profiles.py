"""Profiles: the sections of the configuration file, read with their places and written in place.

The file is an INI file (`configparser`, without interpolation). Its texts are never shown.
"""

import configparser
from collections.abc import Mapping
from pathlib import Path

from pymedplum_runtime.config.edits import edited
from pymedplum_runtime.config.keys import KEYS, SECRETS, Found
from pymedplum_runtime.config.places import checked_name
from pymedplum_runtime.config.places import config_file as usual_file
from pymedplum_runtime.errors import ConfigurationError
from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.private_files import exposure, reason, replace_private

_LONGEST_SHOWN = 64
_NO_DEFAULTS = "\n"  # a name that no section has: [DEFAULT] is a profile like any other


def profile_names(*, config_file: Path | None = None) -> list[str]:
    """Return the names of the profiles in the order of the file; none where there is no file.

    Args:
        config_file: the file; the one that `config_file()` names where not given.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    return list(_sections(config_file or usual_file()) or ())


def read_profile(name: str, *, config_file: Path | None = None) -> dict[str, Found]:
    """Return what a profile sets: keys, with their texts and the places where they stand.

    Args:
        name: the name of the profile, in brackets in the file.
        config_file: the file; the one that `config_file()` names where not given.

    Raises:
        ConfigurationError: there is no such profile, it holds an unknown key, or the file cannot
            be read, or can be read by others though secrets are in it.
    """
    path = config_file or usual_file()
    sections = _sections(path)
    if sections is None:
        raise ConfigurationError(f"there is no file {path}, and so no profile '{_shown(name)}'")
    if name not in sections:
        hint = did_you_mean(name, set(sections))
        raise ConfigurationError(f"{path}: there is no profile '{_shown(name)}'{hint}")
    for key in sections[name]:
        if key not in KEYS:
            raise ConfigurationError(
                f"{path}, [{name}]: unknown key '{_shown(key)}'{did_you_mean(key, KEYS)}"
            )
    return {
        key: Found(text, f"{path}, [{name}], {key}") for key, text in sections[name].items() if text
    }


def has_profile(name: str, *, config_file: Path) -> bool:
    """Say whether the file is there and has a profile of that name.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    return name in (_sections(config_file) or ())


def save_profile(
    name: str, settings: Mapping[str, object], *, config_file: Path | None = None
) -> Path:
    """Change keys of a profile, or add it; all other lines of the file stay as they are.

    The file is replaced as a whole, readable by its owner alone.

    Args:
        name: the profile: letters, digits, `.`, `-` and `_`.
        settings: the keys to set: texts, paths, numbers or booleans. `None` takes a key out.
        config_file: the file; the one that `config_file()` names where not given.

    Returns:
        The path of the file.

    Raises:
        ConfigurationError: a key is unknown, a text holds more than one line, or the file cannot
            be read or written; it stays as it was then.

    Example:
        >>> save_profile("test", {"base_url": "https://medplum.example.com/", "auth": "login"})
    """
    path = config_file or usual_file()
    path = path.resolve() if path.is_symlink() else path
    texts = {key: _as_line(path, checked_name(name), key, settings[key]) for key in settings}
    content = _content(path) or ""
    old = _parsed(path, content)
    result = edited(content, name, texts)
    _check_edit(path, old, name, texts, _parsed(path, result))
    try:
        replace_private(path, result.encode())
    except OSError as error:
        said = reason(error)
    else:
        return path
    raise ConfigurationError(f"{path}: cannot be written ({said}); it is as it was")


def _sections(path: Path) -> dict[str, dict[str, str]] | None:
    content = _content(path)
    return None if content is None else _parsed(path, content, is_checked=True)


def _content(path: Path) -> str | None:
    said = "it is no UTF-8 text"
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:  # its text quotes the content
        pass
    except OSError as error:
        said = reason(error)
    raise ConfigurationError(f"{path}: cannot be read ({said})")


def _parsed(path: Path, content: str, *, is_checked: bool = False) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(
        delimiters=("=",), default_section=_NO_DEFAULTS, empty_lines_in_values=False
    )
    problem: configparser.Error | None = None
    try:
        parser.read_string(content)
    except configparser.Error as error:  # its text quotes the line
        problem = error
    if problem is not None:
        raise ConfigurationError(f"{path}{_line_of(problem)}: {_said(problem)}")
    sections = {name: dict(parser.items(name)) for name in parser.sections()}
    if is_checked and any(key in SECRETS for keys in sections.values() for key in keys):
        _check_private(path)
    return sections


def _check_private(path: Path) -> None:
    try:
        problem = exposure(path.stat(), path)
    except OSError as error:
        problem = f"{path}: cannot be read ({reason(error)})"
    if problem:
        raise ConfigurationError(f"a file with secrets must be private: {problem}")


def _line_of(error: configparser.Error) -> str:
    errors: list[tuple[int, str]] = getattr(error, "errors", [])
    number: object = errors[0][0] if errors else getattr(error, "lineno", None)
    return f", line {number}" if isinstance(number, int) else ""


def _said(error: configparser.Error) -> str:
    if isinstance(error, configparser.DuplicateSectionError):
        return "the profile is there twice"
    if isinstance(error, configparser.DuplicateOptionError):
        return "the key is there twice in its profile"
    if isinstance(error, configparser.MissingSectionHeaderError):
        return "a key stands before the first [profile]"
    return "this is neither [profile] nor key = value"


def _as_line(path: Path, name: str, key: str, value: object) -> str | None:
    place = f"{path}, [{name}]"
    if key not in KEYS:
        raise ConfigurationError(f"{place}: unknown key '{_shown(key)}'{did_you_mean(key, KEYS)}")
    if value is None:
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if text != text.strip() or not text.isprintable() or not text:
        raise ConfigurationError(
            f"{place}, {key}: must be one line of text, without space around it"
        )
    KEYS[key](Found(text, f"{place}, {key}"))
    return text


def _check_edit(
    path: Path,
    old: dict[str, dict[str, str]],
    name: str,
    texts: Mapping[str, str | None],
    new: dict[str, dict[str, str]],
) -> None:
    merged = {**old.get(name, {}), **texts}
    expected = {**old, name: {key: text for key, text in merged.items() if text is not None}}
    if new != expected:
        raise ConfigurationError(
            f"{path}: cannot be changed without changing other profiles; edit it"
        )


def _shown(name: str) -> str:
    return name if name.isprintable() and len(name) <= _LONGEST_SHOWN else "..."

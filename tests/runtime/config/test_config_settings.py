"""Settings from arguments, the environment and profiles: what goes first, and what is refused."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from pymedplum_runtime.auth.providers import ClientCredentials
from pymedplum_runtime.config import VARIABLES, Settings, config_file, read_settings, token_file
from pymedplum_runtime.errors import ConfigurationError
from pymedplum_runtime.smart.authorization_code import AuthorizationCode

FILE = """\
[default]
base_url = https://default.test/
client_id = default-id
client_secret = hush-default

[keys]
base_url = https://keys.test/
client_id = keys-id
private_key_file = keys/private.pem
key_id = key-1
algorithm = ES384

[people]
client_id = people-id
auth = login
redirect_port = 9000
scope = openid user/*.rs

[DEFAULT]
base_url = https://shouting.test/
"""
SECRET = {"MEDPLUM_CLIENT_ID": "env-id", "MEDPLUM_CLIENT_SECRET": "hush-env"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.ini"
    path.write_text(FILE)
    path.chmod(0o600)
    return path


@pytest.fixture
def read(file: Path) -> Any:
    def settings(profile: str | None = None, /, **variables: str) -> Settings:
        return read_settings(profile, environ={"MEDPLUM_CONFIG_FILE": str(file), **variables})

    return settings


def options(settings: Settings) -> dict[str, Any]:
    return settings.client_options()


def test_the_default_profile_is_read_without_being_asked_for(read: Any) -> None:
    assert options(read()) == {
        "base_url": "https://default.test/",
        "client_id": "default-id",
        "client_secret": "hush-default",
    }


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_a_profile_is_chosen(read: Any, how: str) -> None:
    settings = read("keys") if how == "argument" else read(MEDPLUM_PROFILE="keys")

    assert (settings.profile, settings.base_url) == ("keys", "https://keys.test/")


def test_the_argument_goes_before_the_variable(read: Any) -> None:
    assert read("people", MEDPLUM_PROFILE="keys").client_id == "people-id"


def test_a_section_in_capitals_is_a_profile_like_any_other(read: Any) -> None:
    assert read("DEFAULT").base_url == "https://shouting.test/"
    assert read("people").base_url is None


def test_the_environment_goes_before_the_profile(read: Any) -> None:
    settings = read(**SECRET, MEDPLUM_TIMEOUT=" 2.5 ", MEDPLUM_ON_BEHALF_OF="ProjectMembership/1")

    assert options(settings) == {
        "base_url": "https://default.test/",
        "client_id": "env-id",
        "client_secret": "hush-env",
        "timeout": 2.5,
        "default_on_behalf_of": "ProjectMembership/1",
    }


def test_arguments_go_before_the_environment(file: Path) -> None:
    settings = read_settings(
        environ={"MEDPLUM_CONFIG_FILE": str(file), **SECRET},
        arguments={"client_id": "given-id", "base_url": None},
    )

    assert settings.client_id == "given-id"
    assert settings.client_secret == "hush-env"
    assert settings.base_url == "https://default.test/"


def test_without_a_file_the_environment_is_enough() -> None:
    settings = read_settings(environ={**SECRET, "XDG_CONFIG_HOME": "/nonexistent"})

    assert options(settings) == {"client_id": "env-id", "client_secret": "hush-env"}


def test_a_secret_may_come_from_the_environment_and_its_client_from_the_profile(read: Any) -> None:
    settings = read("people", MEDPLUM_CLIENT_SECRET="hush-env")

    assert settings.sign_in == "client_secret"
    assert isinstance(options(settings)["auth"], ClientCredentials)  # since there are scopes


def test_a_token_keeps_credentials_further_down_out_of_use(read: Any) -> None:
    found = options(read(MEDPLUM_ACCESS_TOKEN="hush-token\n"))

    assert found == {"base_url": "https://default.test/", "access_token": "hush-token"}


def test_a_token_beside_credentials_is_renewed_with_them(read: Any) -> None:
    found = options(read(**SECRET, MEDPLUM_ACCESS_TOKEN="hush-token"))

    assert found["access_token"] == "hush-token"
    assert found["client_secret"] == "hush-env"


def test_the_file_of_a_key_is_relative_to_the_file_that_names_it(read: Any, file: Path) -> None:
    settings = read("keys")

    assert settings.sign_in == "private_key_file"
    assert settings.private_key_file == file.parent / "keys" / "private.pem"
    relative = read("keys", MEDPLUM_PRIVATE_KEY_FILE="other.pem")
    assert relative.private_key_file == Path("other.pem")


def test_the_home_folder_may_be_written_as_a_tilde(
    read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")

    settings = read("keys", MEDPLUM_PRIVATE_KEY_FILE="~/key.pem")

    assert settings.private_key_file == Path("/home/ada/key.pem")


def test_a_login_uses_the_tokens_of_its_profile_and_opens_no_browser(read: Any, file: Path) -> None:
    settings = read("people")
    auth = options(settings)["auth"]

    assert isinstance(auth, AuthorizationCode)
    assert auth.client_id == "people-id"
    assert settings.token_file == file.parent / "tokens" / "people.json"
    assert settings.redirect_port == 9000


def test_a_login_names_the_server_as_that_knows_itself(
    read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(
        "pymedplum_runtime.smart.authorization_code.AuthorizationCode",
        lambda _, **options: given.update(options),
    )

    read("people", MEDPLUM_AUD="https://inside.test/fhir/R4").browser_login()

    assert given["aud"] == "https://inside.test/fhir/R4"


def test_a_login_needs_a_client(read: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"MEDPLUM_CLIENT_ID.*profile 'DEFAULT' of"):
        read("DEFAULT").browser_login()
    with pytest.raises(ConfigurationError, match="MEDPLUM_AUTH: this needs client_id"):
        read("DEFAULT", MEDPLUM_AUTH="login")


def test_nothing_to_sign_in_with_is_an_error_that_says_what_to_set(read: Any, file: Path) -> None:
    settings = read("DEFAULT")

    assert settings.sign_in is None
    assert settings.connection_options() == {"base_url": "https://shouting.test/"}
    said = "MEDPLUM_CLIENT_ID and MEDPLUM_CLIENT_SECRET.*pymedplum login.*'DEFAULT'"
    with pytest.raises(ConfigurationError, match=said) as caught:
        options(settings)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("rival", ["MEDPLUM_CLIENT_SECRET", "MEDPLUM_AUTH"])
def test_two_ways_to_sign_in_at_one_place_contradict_each_other(read: Any, rival: str) -> None:
    variables = {"MEDPLUM_PRIVATE_KEY_FILE": "key.pem", "MEDPLUM_CLIENT_ID": "id", rival: "login"}

    with pytest.raises(ConfigurationError, match=f"MEDPLUM_PRIVATE_KEY_FILE; {rival}"):
        read(**variables)


def test_ways_at_different_places_do_not(read: Any) -> None:
    assert read(MEDPLUM_PRIVATE_KEY_FILE="key.pem").sign_in == "private_key_file"
    assert read("keys", MEDPLUM_CLIENT_SECRET="hush").sign_in == "client_secret"


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("MEDPLUM_TIMEOUT", "hush", "must be a positive number of seconds"),
        ("MEDPLUM_TIMEOUT", "0", "must be a positive number of seconds"),
        ("MEDPLUM_TIMEOUT", "nan", "must be a positive number of seconds"),
        ("MEDPLUM_TIMEOUT", "inf", "must be a positive number of seconds"),
        ("MEDPLUM_ALLOW_INSECURE_HTTP", "hush", "must be true or false"),
        ("MEDPLUM_REDIRECT_PORT", "hush", "must be the number of a port"),
        ("MEDPLUM_REDIRECT_PORT", "65536", "must be the number of a port"),
        ("MEDPLUM_REDIRECT_PORT", "²", "must be the number of a port"),
        ("MEDPLUM_ALGORITHM", "hush", "must be one of RS256"),
        ("MEDPLUM_AUTH", "hush", "must be 'login'"),
        ("MEDPLUM_TOKEN_URL", "hush/token", "must be an absolute URL"),
        ("MEDPLUM_AUD", "https://ada:hush@medplum.test/", "must be an absolute URL"),
        ("MEDPLUM_SCOPE", 'hush "hush"', "a scope must be visible ASCII"),
    ],
)
def test_a_wrong_value_is_named_by_its_place_and_not_shown(
    read: Any, variable: str, text: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{variable}: {said}") as caught:
        read(**{variable: text})
    assert "hush" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "flag"), [("true", True), ("Yes", True), ("1", True), ("off", False), ("0", False)]
)
def test_flags_are_written_as_people_write_them(read: Any, text: str, flag: bool) -> None:  # noqa: FBT001 - a row
    assert read(MEDPLUM_ALLOW_INSECURE_HTTP=text).allow_insecure_http is flag


def test_an_empty_variable_counts_as_not_set(read: Any) -> None:
    assert read(**dict.fromkeys(VARIABLES, "")) == read()
    spaces = dict.fromkeys(VARIABLES.keys() - {"MEDPLUM_PRIVATE_KEY_PASSWORD"}, " ")
    assert read(**spaces) == read()


def test_a_password_keeps_its_spaces(read: Any) -> None:
    assert read("keys", MEDPLUM_PRIVATE_KEY_PASSWORD=" a ").private_key_password == " a "


def test_no_secret_shows_in_a_repr(read: Any) -> None:
    settings = read(
        MEDPLUM_CLIENT_SECRET="hush-1",
        MEDPLUM_ACCESS_TOKEN="hush-2",
        MEDPLUM_PRIVATE_KEY_PASSWORD="hush-3",
    )

    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("profile", "hint"),
    [("peopel", "; did you mean 'people'?"), ("absent", ""), ("Keys", "'keys'")],
)
def test_an_unknown_profile_is_an_error_with_a_suggestion(
    read: Any, file: Path, profile: str, hint: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"there is no profile '{profile}'") as caught:
        read(profile)
    assert str(file) in str(caught.value)
    assert str(caught.value).endswith(hint) or hint in str(caught.value)


@pytest.mark.parametrize("name", ["../evil", ".", ".hidden", "a/b", "a b", "x" * 65, "a\n"])
def test_a_name_that_no_profile_has_is_refused(read: Any, name: str) -> None:
    with pytest.raises(ConfigurationError, match="the name of a profile"):
        read(name)
    with pytest.raises(ConfigurationError, match="the name of a profile"):
        token_file(name)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    environ = {"MEDPLUM_CONFIG_FILE": str(tmp_path / "absent.ini"), **SECRET}

    with pytest.raises(ConfigurationError, match=r"absent\.ini, which MEDPLUM_CONFIG_FILE names"):
        read_settings(environ=environ)
    with pytest.raises(ConfigurationError, match=r"absent\.ini, and so no profile 'test'"):
        read_settings("test", environ=environ)


def test_the_file_lies_where_the_platform_keeps_such_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")

    assert config_file({}) == Path("/home/ada/.config/pymedplum/config.ini")
    assert config_file({"XDG_CONFIG_HOME": "/etc/ada"}) == Path("/etc/ada/pymedplum/config.ini")
    assert config_file({"XDG_CONFIG_HOME": "ada"}) == Path("/home/ada/.config/pymedplum/config.ini")
    assert config_file({"MEDPLUM_CONFIG_FILE": "~/m.ini"}) == Path("/home/ada/m.ini")
    assert token_file("test", {}) == Path("/home/ada/.config/pymedplum/tokens/test.json")


def test_the_variables_of_the_process_are_read_where_none_are_given(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("MEDPLUM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MEDPLUM_CONFIG_FILE", str(file))

    assert read_settings().base_url == "https://default.test/"


def test_every_variable_is_named_after_its_key() -> None:
    assert all(re.fullmatch(r"MEDPLUM_[A-Z_]+", name) for name in VARIABLES)
    assert "MEDPLUM_BASE_URL" in VARIABLES

"""The configuration file: read with its places, refused where secrets are exposed, edited."""

import configparser
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymedplum_runtime.config import KEYS, profile_names, read_profile, save_profile
from pymedplum_runtime.errors import ConfigurationError

TEXT = """\
# mine
[one]
base_url   =https://one.test/
; a note
Client_ID=one-id

  # indented note
[two]
scope = openid
  user/*.rs
client_id = two-id


[three]
base_url = https://three.test/
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.ini"
    path.write_text(TEXT)
    path.chmod(0o600)
    return path


def texts(name: str, file: Path) -> dict[str, str]:
    return {key: found.text for key, found in read_profile(name, config_file=file).items()}


def test_profiles_are_listed_in_their_order(file: Path, tmp_path: Path) -> None:
    assert profile_names(config_file=file) == ["one", "two", "three"]
    assert profile_names(config_file=tmp_path / "absent.ini") == []


def test_a_value_knows_its_place_and_hides_its_text(file: Path) -> None:
    found = read_profile("one", config_file=file)

    assert found["client_id"].place == f"{file}, [one], client_id"
    assert "one-id" not in repr(found)


def test_percent_signs_and_hashes_are_part_of_a_value(tmp_path: Path) -> None:
    path = tmp_path / "config.ini"

    save_profile("one", {"client_id": "id", "client_secret": "%(home)s#1;2%%=3"}, config_file=path)

    assert texts("one", path)["client_secret"] == "%(home)s#1;2%%=3"


def test_an_unknown_key_is_an_error_with_a_suggestion(file: Path) -> None:
    file.write_text("[one]\nclient_secrte = hush\n[two]\n")

    with pytest.raises(ConfigurationError, match=r"\[one\]: unknown key 'client_secrte'") as caught:
        read_profile("one", config_file=file)
    assert str(caught.value).endswith("did you mean 'client_secret'?")
    assert "hush" not in str(caught.value)
    assert read_profile("two", config_file=file) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("client_id = hush\n", "line 1: a key stands before the first"),
        ("[one]\nhush\n", "line 2: this is neither"),
        ("[one]\nauth = login\nauth = hush\n", "line 3: the key is there twice"),
        ("[one]\n[one]\nhush = 1\n", "line 2: the profile is there twice"),
        ("[one\nhush = 1\n", "line 1: "),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(
    file: Path, text: str, said: str
) -> None:
    file.write_text(text)

    with pytest.raises(ConfigurationError) as caught:
        profile_names(config_file=file)
    assert str(caught.value).startswith(f"{file}, {said}")
    assert "hush" not in str(caught.value)
    assert caught.value.__context__ is None


def test_bytes_that_are_no_text_are_an_error(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"[one]\nclient_id = \xff\n")

    with pytest.raises(ConfigurationError, match="it is no UTF-8 text") as caught:
        profile_names(config_file=file)
    assert caught.value.__context__ is None
    with pytest.raises(ConfigurationError, match="Is a directory"):
        profile_names(config_file=tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
@pytest.mark.parametrize("key", ["client_secret", "access_token", "private_key_password"])
def test_a_file_with_a_secret_that_others_can_read_is_refused(
    file: Path, mode: int, key: str
) -> None:
    file.write_text(f"[one]\n[two]\n{key} = hush\n")
    file.chmod(mode)

    with pytest.raises(ConfigurationError) as caught:
        read_profile("one", config_file=file)
    assert f"chmod 600 '{file}'" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_file_without_secrets_may_be_read_by_all(file: Path) -> None:
    file.chmod(0o644)

    assert texts("one", file)["client_id"] == "one-id"


def test_changing_a_profile_leaves_every_other_line_as_it_is(file: Path) -> None:
    save_profile("two", {"scope": None, "client_id": "new-id", "auth": "login"}, config_file=file)

    assert file.read_text() == TEXT.replace(
        "scope = openid\n  user/*.rs\nclient_id = two-id\n", "client_id = new-id\nauth = login\n"
    )


def test_a_key_is_changed_however_it_is_written(file: Path) -> None:
    save_profile("one", {"client_id": "new-id"}, config_file=file)

    assert texts("one", file) == {"base_url": "https://one.test/", "client_id": "new-id"}
    assert "; a note\n" in file.read_text()


def test_a_new_profile_stands_at_the_end(file: Path) -> None:
    path = save_profile(
        "four", {"timeout": 2.5, "allow_insecure_http": True, "scope": None}, config_file=file
    )

    assert path == file
    assert file.read_text() == f"{TEXT}\n[four]\ntimeout = 2.5\nallow_insecure_http = true\n"


def test_a_new_file_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "config" / "pymedplum" / "config.ini"

    save_profile("one", {"private_key_file": Path("/key.pem")}, config_file=path)

    assert path.read_text() == "[one]\nprivate_key_file = /key.pem\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_saving_makes_a_file_private_that_was_not(file: Path) -> None:
    file.chmod(0o644)

    save_profile("one", {"client_secret": "hush"}, config_file=file)

    assert texts("one", file)["client_secret"] == "hush"


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.ini"
    link.symlink_to(file)

    assert save_profile("one", {"auth": "login"}, config_file=link) == file
    assert link.is_symlink()
    assert texts("one", link)["auth"] == "login"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("one", {"client_secrte": "hush"}),
        ("one", {"client_secret": "hush\n[two]"}),
        ("one", {"client_secret": " hush"}),
        ("one", {"client_secret": ""}),
        ("one", {"timeout": "hush"}),
        ("one", {"auth": "hush"}),
        ("../one", {"client_secret": "hush"}),
        ("one]", {"client_secret": "hush"}),
    ],
)
def test_what_cannot_be_read_again_is_not_written(
    file: Path, name: str, changes: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        save_profile(name, changes, config_file=file)
    assert "hush" not in str(caught.value)
    assert file.read_text() == TEXT


FILL = """
import resource, sys
from pathlib import Path
from pymedplum_runtime.config import save_profile
from pymedplum_runtime.errors import ConfigurationError
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    save_profile("one", {"client_secret": "hush" * 100}, config_file=Path(sys.argv[1]))
except ConfigurationError as error:
    print(error)
"""


def test_a_disk_that_takes_no_more_leaves_the_file_whole(file: Path) -> None:
    command = [sys.executable, "-c", FILL, str(file)]

    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert said == f"{file}: cannot be written (File too large); it is as it was\n"
    assert file.read_text() == TEXT
    assert os.listdir(file.parent) == [file.name]  # noqa: PTH208 - names alone


LINES = st.lists(
    st.sampled_from(
        [
            "",
            "# note",
            "; note",
            "  # note",
            "[one]",
            "[two]",
            "[three] # x",
            "client_id = a",
            "CLIENT_ID=b",
            "auth = login",
            "scope = a",
            "  and more",
            "\tand = more",
            " ",
            "key_id =",
            "=",
            "[]",
        ]
    ),
    max_size=12,
)
VALUES = st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


def sections(content: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(
        delimiters=("=",), default_section="\n", empty_lines_in_values=False
    )
    parser.read_string(content)
    return {name: dict(parser.items(name)) for name in parser.sections()}


@settings(max_examples=200)
@given(LINES, st.sampled_from(["one", "two", "new"]), VALUES, VALUES)
def test_whatever_the_file_holds_a_change_is_made_wholly_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, lines: Any, name: str, scope: Any, client: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "edited.ini"
    content = "\n".join(lines)
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    try:
        before = sections(content)
    except configparser.Error:
        before = None
    try:
        save_profile(name, {"scope": scope, "client_id": client}, config_file=path)
    except ConfigurationError:
        assert path.read_text(encoding="utf-8") == content
        return
    assert before is not None
    merged = {**before.get(name, {}), "scope": scope, "client_id": client}
    expected = {key: text for key, text in merged.items() if text is not None}
    assert sections(path.read_text(encoding="utf-8")) == {**before, name: expected}


def test_every_key_can_be_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "config.ini"
    urls = dict.fromkeys(("token_url", "aud"), "https://medplum.test/")
    values = dict.fromkeys(KEYS, "1") | {"auth": "login", "algorithm": "ES256"} | urls

    save_profile("all", values, config_file=path)

    assert texts("all", path) == values

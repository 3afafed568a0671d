"""Each golden spec gives exactly the files that lie beside it: none more, none less."""

from pathlib import Path

import golden_cases
import pytest
import rewrite

from codegen.output import differences, read_tree


@pytest.mark.parametrize("name", golden_cases.names())
def test_a_golden_spec_gives_what_lies_beside_it(name: str) -> None:
    found = read_tree(golden_cases.expected_folder(name))

    assert list(differences(golden_cases.generate(name), found)) == [], "run `make golden`"


def test_every_folder_with_expected_files_is_a_case() -> None:
    folders = {path.parent.name for path in golden_cases.FOLDER.glob("*/expected")}

    assert folders == set(golden_cases.names())


def test_rewriting_restores_what_was_changed_added_or_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"a.py": "A = 1\n", "sub/b.py": "B = 2\n", "same.py": ""}
    monkeypatch.setattr(rewrite, "generate", lambda _: wanted)
    monkeypatch.setattr(rewrite, "expected_folder", lambda _: tmp_path)
    for path, text in {"a.py": "A = 0\n", "stray.py": "", "same.py": ""}.items():
        (tmp_path / path).write_text(text, encoding="utf-8")

    assert rewrite.rewrite("case") == 3

    assert read_tree(tmp_path) == wanted

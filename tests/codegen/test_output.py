"""Two trees are compared both ways, and a tree is written whole or not at all."""

from pathlib import Path

import pytest

from codegen.output import ForeignFolderError, differences, read_tree, write_tree

TREE = {"pkg/__init__.py": "", "pkg/a.py": "A = 1\nB = 2\n", "pkg/sub/b.py": "caf\u00e9\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A written tree."""
    write_tree(TREE, tmp_path / "out")
    return tmp_path / "out"


def _found(folder: Path) -> list[str]:
    return list(differences(TREE, read_tree(folder)))


def test_a_written_tree_reads_back_the_same(folder: Path) -> None:
    assert read_tree(folder) == TREE
    assert _found(folder) == []


def test_a_changed_byte_is_named_with_its_line(folder: Path) -> None:
    (folder / "pkg/a.py").write_bytes(b"A = 1\nB = 3\n")

    (difference,) = _found(folder)

    assert difference.startswith("changed: pkg/a.py\n")
    assert difference.endswith("-B = 3\n+B = 2")


@pytest.mark.parametrize("text", [b"A = 1\r\nB = 2\r\n", b"A = 1\nB = 2", b"A = 1\nB = 2\n\xff"])
def test_a_changed_line_end_or_encoding_is_named(folder: Path, text: bytes) -> None:
    (folder / "pkg/a.py").write_bytes(text)

    (difference,) = _found(folder)

    assert difference.startswith("changed: pkg/a.py\n")


def test_a_stray_file_is_named(folder: Path) -> None:
    (folder / "pkg/sub/stray.txt").touch()

    assert _found(folder) == ["extra: pkg/sub/stray.txt"]


def test_a_deleted_file_is_named(folder: Path) -> None:
    (folder / "pkg/sub/b.py").unlink()

    assert _found(folder) == ["missing: pkg/sub/b.py"]


def test_compiled_python_is_no_difference(folder: Path) -> None:
    (folder / "pkg/__pycache__").mkdir()
    (folder / "pkg/__pycache__/a.cpython-311.pyc").touch()

    assert _found(folder) == []


def test_a_long_difference_is_cut_short() -> None:
    wanted, found = ({"a": f"{word}\n" * 500} for word in ("new", "old"))

    (difference,) = differences(wanted, found)

    assert len(difference.splitlines()) < 50
    assert difference.endswith(" more lines")


def test_writing_replaces_what_was_there(folder: Path) -> None:
    write_tree({"pkg/c.py": "C = 3\n"}, folder)

    assert read_tree(folder) == {"pkg/c.py": "C = 3\n"}
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_writing_into_a_new_or_an_empty_folder_works(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    for name in ("empty", "new"):
        write_tree(TREE, tmp_path / name)

        assert read_tree(tmp_path / name) == TREE


def test_a_folder_with_other_things_in_it_is_refused_and_kept(folder: Path) -> None:
    (folder / "thesis.txt").write_text("years of work", encoding="utf-8")

    with pytest.raises(ForeignFolderError, match=r"holds thesis\.txt, which the generator did not"):
        write_tree(TREE | {"pkg/a.py": "changed\n"}, folder)

    assert (folder / "thesis.txt").read_text(encoding="utf-8") == "years of work"
    assert (folder / "pkg/a.py").read_text(encoding="utf-8") == TREE["pkg/a.py"]

"""Rewrites the expected files of every golden case: `make golden`; review the difference."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))  # for `codegen`, which is not installed

from golden_cases import expected_folder, generate, names

from codegen.output import differences, read_tree


def rewrite(name: str) -> int:
    """Write the expected files of one case, and count those that changed."""
    wanted = generate(name)
    folder = expected_folder(name)
    found = read_tree(folder)
    for path in found.keys() - wanted.keys():
        (folder / path).unlink()
    for path in wanted.keys() - {p for p, text in found.items() if wanted.get(p) == text}:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(wanted[path], encoding="utf-8", newline="")
    return sum(1 for _ in differences(wanted, found))


if __name__ == "__main__":
    for case in names():
        print(f"{case}: {rewrite(case)} files changed")

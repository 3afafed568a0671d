"""The pages of the documentation, and the Python snippets of each as one program."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def program(page: Path) -> str:
    """Join a page's snippets, each at the line where it stands, so that errors point there."""
    text = page.read_text(encoding="utf-8")
    lines: list[str] = []
    for match in _SNIPPET.finditer(text):
        start = text.count("\n", 0, match.start(1))
        lines += [""] * (start - len(lines))
        lines += match[1].splitlines()
    return "\n".join(lines) + "\n"


def _name(page: Path) -> str:
    parts = page.relative_to(ROOT).with_suffix("").parts
    return "_".join(parts).lower().replace("-", "_")


def pages_with_snippets() -> dict[str, str]:
    """Return the programs of all pages that have one, by a name that is a module's."""
    programs = {_name(page): program(page) for page in PAGES}
    return {name: text for name, text in programs.items() if text.strip()}

"""Each fact of the server that concerns a client has a test: facts_of_the_server.toml."""

import re
from pathlib import Path

import pytest
import tomli

HERE = Path(__file__).parent
FACTS: dict[str, dict[str, list[str]]] = tomli.loads(
    (HERE / "facts_of_the_server.toml").read_text(encoding="utf-8")
)
TESTS = {
    name
    for path in HERE.glob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize(
    ("heading", "fact"), [(heading, fact) for heading in FACTS for fact in FACTS[heading]]
)
def test_every_fact_has_its_tests(heading: str, fact: str) -> None:
    named = FACTS[heading][fact]
    assert named
    assert set(named) - TESTS == set()

"""The documentation is complete, and its links lead somewhere."""

import inspect
import re
from functools import cached_property
from pathlib import Path

import pytest
from snippets import PAGES, ROOT

import pymedplum
from pymedplum import AsyncMedplumClient, MedplumClient, exceptions
from pymedplum.groups import (
    admin,
    agents,
    auth,
    bots,
    bulk,
    cds,
    email,
    keyvalue,
    oauth,
    operations,
    server,
    terminology,
)

INTERNAL = ("decisions/", "openapi.md", "pipeline.md", "specs.md")
TEXT = "\n".join(
    page.read_text(encoding="utf-8")
    for page in PAGES
    if not str(page.relative_to(ROOT)).removeprefix("docs/").startswith(INTERNAL)
)
GROUPS = (
    admin.Admin,
    agents.Agents,
    auth.Auth,
    bots.Bots,
    bulk.Bulk,
    cds.Cds,
    email.Email,
    keyvalue.Keyvalue,
    oauth.Oauth,
    operations.Operations,
    server.Server,
    terminology.Terminology,
)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _members(cls: type) -> list[str]:
    return [name for name in dir(cls) if not name.startswith("_")]


def _is_mentioned(name: str, text: str = TEXT) -> bool:
    return re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", text) is not None


@pytest.mark.parametrize("client", [MedplumClient, AsyncMedplumClient])
def test_every_public_member_of_the_clients_is_mentioned(client: type) -> None:
    assert [name for name in _members(client) if not _is_mentioned(name)] == []


def test_every_parameter_of_the_constructor_is_mentioned() -> None:
    names = [name for name in inspect.signature(MedplumClient).parameters if name != "self"]
    page = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
    assert [name for name in names if not _is_mentioned(f"`{name}`", page)] == []


def test_the_page_on_groups_has_a_section_for_each() -> None:
    members = {
        name: inspect.getattr_static(MedplumClient, name) for name in _members(MedplumClient)
    }
    found = [name for name, member in members.items() if isinstance(member, cached_property)]
    page = (ROOT / "docs" / "groups.md").read_text(encoding="utf-8")
    assert len(found) == len(GROUPS)
    assert [name for name in found if f"## `client.{name}`" not in page] == []


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_every_method_of_a_group_is_mentioned_in_its_section(group: type) -> None:
    page = (ROOT / "docs" / "groups.md").read_text(encoding="utf-8")
    section = page.partition(f"## `client.{group.__name__.lower()}`")[2].partition("\n## ")[0]
    assert [name for name in _members(group) if not _is_mentioned(name, section)] == []


def test_every_exception_is_mentioned_on_the_page_on_errors() -> None:
    page = (ROOT / "docs" / "errors-and-retries.md").read_text(encoding="utf-8")
    assert [name for name in exceptions.__all__ if not _is_mentioned(f"`{name}`", page)] == []


def test_every_public_name_is_mentioned() -> None:
    assert [name for name in pymedplum.__all__ if not _is_mentioned(name)] == []


def test_the_index_has_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [page.name for page in (ROOT / "docs").glob("*.md") if page.name != "README.md"]
    assert [name for name in pages if f"]({name})" not in index] == []


def _anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = _HEADING.findall(_CODE_BLOCK.sub("", text))
    plain = (re.sub(r"[^\w\- ]", "", each.lower()) for each in headings)
    return {each.replace(" ", "-") for each in plain}


def _leads_somewhere(page: Path, link: str) -> bool:
    if "://" in link:
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not anchor or anchor in _anchors(target.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = _LINK.findall(_CODE_BLOCK.sub("", page.read_text(encoding="utf-8")))
    assert [link for link in links if not _leads_somewhere(page, link)] == []

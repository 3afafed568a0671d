"""What the EHR did not prefetch, asked from its FHIR server with the token of this one call.

https://cds-hooks.hl7.org/2.0/#fhir-resource-access. The token goes to that server's origin alone,
and lives as long as the call.
"""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urljoin

from httpx import AsyncBaseTransport

from pymedplum_runtime.cds.service.outgoing import Fetched, Fetching, NotFetchedError
from pymedplum_runtime.errors import UnsafeRedirectError
from pymedplum_runtime.http.urls import origin_of

_ACCEPT = "application/fhir+json"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}=*")  # RFC 6750, section 2.1
_AT_ONCE = 6
_LARGEST = 16 * 1024 * 1024  # bytes of one answer, and of the pages that follow it
_MOST_PAGES = 20
_PAGE = 1000  # resources; Medplum gives 20 where it is not asked, and no more than these
_COUNT = re.compile(r"[?&]_count=")
_OK = 200
_ABSENT = frozenset({404, 410})
_REFUSED = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class FHIRData:
    """A FHIR server as one call may use it."""

    base: str
    """Without a slash at its end; checked to be one that is allowed."""
    token: str | None = field(repr=False)
    transport: AsyncBaseTransport | None = None

    async def fetched(self, urls: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return what some URLs lead to, by key, and why the others lead to nothing.

        Args:
            urls: relative to the base, as prefetch templates give them.
        """
        found: dict[str, Any] = {}
        faults: dict[str, str] = {}
        turns = asyncio.Semaphore(_AT_ONCE)
        async with Fetching(self.transport) as fetching:

            async def fetch(key: str, relative: str) -> None:
                async with turns:
                    try:
                        found[key] = await self._resource(fetching, relative)
                    except NotFetchedError as error:
                        faults[key] = str(error)

            await _together([fetch(key, url) for key, url in urls.items()])
        return found, faults

    async def _resource(self, fetching: Fetching, relative: str) -> Any:  # noqa: ANN401 - JSON
        resource_type, is_read, resource_id = relative.partition("?")[0].partition("/")
        if not is_read:
            return await self._search(fetching, relative)
        answer = await self._get(fetching, f"{self.base}/{relative}")
        if answer.status in _ABSENT:
            return None
        resource = _resource(answer, resource_type)
        if resource.get("id") != resource_id:
            raise NotFetchedError("the FHIR server answered with another resource")
        return resource

    async def _search(self, fetching: Fetching, relative: str) -> dict[str, Any]:
        """Return a search with all of its pages.

        Not where the template has `_count`: its service wants so many and no more.
        """
        url = f"{self.base}/{relative}"
        bundle = _resource(await self._get(fetching, url), "Bundle")
        if _following(bundle) is None or _COUNT.search(url):
            return bundle
        with suppress(NotFetchedError):  # where pages may not be as large, small ones will do
            larger = f"{url}{'&' if '?' in url else '?'}_count={_PAGE}"
            bundle = _resource(await self._get(fetching, larger), "Bundle")
        await self._add_pages(fetching, bundle)
        return bundle

    async def _add_pages(self, fetching: Fetching, bundle: dict[str, Any]) -> None:
        """Add the entries of the following pages."""
        following, size = _following(bundle), 0
        entries = _entries(bundle)
        for _ in range(_MOST_PAGES):
            if following is None:
                break
            answer = await self._get(fetching, self._own(following))
            size += len(answer.content)
            page = _resource(answer, "Bundle")
            entries += _entries(page)
            following = _following(page)
            if size > _LARGEST:
                raise NotFetchedError(f"the search has more than {_LARGEST} bytes")
        if following is not None:
            raise NotFetchedError(f"the search has more than {_MOST_PAGES + 1} pages")
        if entries:
            bundle["entry"] = entries
        bundle["link"] = [each for each in _objects(bundle.get("link")) if not _is_next(each)]
        if not bundle["link"]:
            del bundle["link"]

    def _own(self, link: str) -> str:
        """Return the URL of a link, which may not leave the server."""
        try:
            url = urljoin(f"{self.base}/", link)
            is_own = origin_of(url) == origin_of(self.base) and url.isascii() and url.isprintable()
        except (UnsafeRedirectError, ValueError):
            is_own = False
            url = ""
        if not is_own or "\\" in url:
            raise NotFetchedError("the next page of the search is at another server")
        return url

    async def _get(self, fetching: Fetching, url: str) -> Fetched:
        headers = {"Accept": _ACCEPT}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        return await fetching.get(url, headers, _LARGEST)


def is_bearer_token(text: str) -> bool:
    """Say whether a text can be sent as a bearer token: nothing in it ends a header."""
    return _TOKEN.fullmatch(text) is not None


async def _together(work: "list[Any]") -> None:
    """Await all of it; where this is cancelled, or one fails, the others end too."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _resource(answer: Fetched, resource_type: str) -> dict[str, Any]:
    if answer.status != _OK:
        hint = " (the token does not open it)" if answer.status in _REFUSED else ""
        raise NotFetchedError(f"the FHIR server answered HTTP {answer.status}{hint}")
    content: object = answer.json()
    members = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    if members.get("resourceType") != resource_type:
        raise NotFetchedError(f"the FHIR server answered with no {resource_type}")
    return members


def _entries(bundle: Mapping[str, Any]) -> list[object]:
    entries: object = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise NotFetchedError("the FHIR server answered with a Bundle whose entry is no list")
    return cast("list[object]", entries)


def _objects(value: object) -> list[dict[str, Any]]:
    listed = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", each) for each in listed if isinstance(each, dict)]


def _is_next(link: Mapping[str, Any]) -> bool:
    return link.get("relation") == "next"


def _following(bundle: Mapping[str, Any]) -> str | None:
    urls = (link.get("url") for link in _objects(bundle.get("link")) if _is_next(link))
    return next((url for url in urls if isinstance(url, str)), None)

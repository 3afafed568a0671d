"""What a service wants to know beforehand, read from Medplum in one batch and as few pages.

https://cds-hooks.hl7.org/2.0/#prefetch-template: a service gets the whole of what a search finds,
never a page that names another one. What the server has not is null, what it refuses is its
OperationOutcome, and what cannot be had now is left out.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from pymedplum_runtime.cds.messages.reading import OnProblem
from pymedplum_runtime.cds.templates.tokens import shown
from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import CDSHooksError, MedplumError
from pymedplum_runtime.flows.searchsets import searchset
from pymedplum_runtime.flows.throttled import run_batch
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.search.entries import BundleEntryResult, entry_results, list_of, object_of
from pymedplum_runtime.search.pages import links, next_link

logger = logging.getLogger("pymedplum.cds")

PAGE = 1000  # resources; Medplum gives no more at once, and 20 where it is not asked
MOST_PAGES = 11  # Medplum takes no offset above 10,000
# What holds secrets or says who may do what, nearly all of it Medplum's own types.
ADMINISTRATION = frozenset(
    {
        "AccessPolicy",
        "ClientApplication",
        "DomainConfiguration",
        "JsonWebKey",
        "Login",
        "Project",
        "ProjectMembership",
        "SmartAppLaunch",
        "Subscription",
        "User",
        "UserSecurityRequest",
    }
)
_NUMBERED = re.compile(r"[?&](?:_count=|_summary=count)")
_NOTHING = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_SERVER_ERROR = 500


def prefetched(
    session: Session,
    urls: Mapping[str, str],
    on_error: OnProblem,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Return what reads and searches lead to, by key.

    Args:
        session: of the client; decimals keep their digits.
        urls: relative to the FHIR base, by key.
        on_error: receives why something is left out; without it that is raised.
        options: of the calls.

    Raises:
        CDSHooksError: a result is no business of a service's.
        MedplumError: the server cannot be asked.
    """
    exact = replace(session, exact_decimals=True)  # a service gets the digits that are stored
    try:
        results = yield from _batch(exact, list(urls.values()), options)
    except MedplumError as error:
        _tell(on_error, error, "nothing could be prefetched")
        return {}
    found: dict[str, Any] = {}
    for (key, url), result in zip(urls.items(), results, strict=True):
        try:
            found |= yield from _answered(exact, key, url, result, options)
        except MedplumError as error:
            _tell(on_error, error, f"prefetch '{shown(key)}' is left out")
    return found


def _tell(on_error: OnProblem, error: MedplumError, what: str) -> None:
    """Hand the error on, or raise it where nobody takes it."""
    if on_error is None:
        raise error
    if isinstance(error, CDSHooksError):
        on_error(error)
        return
    failure = CDSHooksError(f"{what} ({type(error).__name__})")
    failure.__cause__ = error
    on_error(failure)


def _batch(
    session: Session, urls: Sequence[str], options: CallOptions
) -> Flow[list[BundleEntryResult]]:
    if not urls:
        return []
    entries = [{"request": {"method": "GET", "url": _whole(url)}} for url in urls]
    batch: dict[str, Any] = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answer = yield from run_batch(session, batch, options=options, replay_safe=True)
    results = entry_results(answer)
    if len(results) == len(entries):
        return results
    raise MedplumError(f"the server answered {len(results)} entries to a batch of {len(entries)}")


def _is_search(url: str) -> bool:
    return "/" not in url.partition("?")[0]


def _whole(url: str) -> str:
    """Return the URL of a search with the largest page, where its service asks for no number."""
    if not _is_search(url) or _NUMBERED.search(url):
        return url
    return f"{url}{'&' if '?' in url else '?'}_count={PAGE}"


def _answered(
    session: Session, key: str, url: str, result: BundleEntryResult, options: CallOptions
) -> Flow[dict[str, Any]]:
    """Return what a service is told of one result, by its key; nothing where it is left out."""
    resource = result.resource
    if not result.ok or resource is None:
        return _refused(key, result)
    if _is_search(url):
        pages = 1 if _NUMBERED.search(url) else MOST_PAGES
        is_whole = yield from _complete(session, resource, pages, options)
        if not is_whole:
            logger.warning(
                "prefetch '%s' is left out: it has more than %s pages", shown(key), pages
            )
            return {}
    _check_types(key, resource)
    return {key: resource}


def _refused(key: str, result: BundleEntryResult) -> dict[str, Any]:
    if result.status_code in _NOTHING:
        return {key: None}
    logger.info("prefetch '%s' was answered with HTTP %s", shown(key), result.status_code)
    return {} if result.outcome is None or _passes(result) else {key: result.outcome}


def _passes(result: BundleEntryResult) -> bool:
    """Say whether the service may find the data where the client did not, a moment later."""
    status = result.status_code
    return status is None or status == HTTPStatus.TOO_MANY_REQUESTS or status >= _SERVER_ERROR


def _complete(
    session: Session, bundle: dict[str, Any], pages: int, options: CallOptions
) -> Flow[bool]:
    """Add the entries of further pages; say whether those are all that are wanted.

    Args:
        session: of the client.
        bundle: the first page; its links to others are taken out.
        pages: how many there may be; 1 where the service asked for a number of resources.
        options: of the calls.
    """
    url, following = session.server.fhir(), next_link(bundle)
    entries = list_of(bundle.get("entry"))
    for _ in range(pages - 1):
        if following is None:
            break
        url = session.server.locate(following, url)
        answer = yield from session.call(Call(method="GET", url=url, options=options))
        page = searchset(answer, exact=True)
        entries += list_of(page.get("entry"))
        following = next_link(page)
    own = [each for each in links(bundle) if each.get("relation") == "self"]
    for name, values in (("link", own), ("entry", entries)):
        bundle.pop(name, None)
        if values:
            bundle[name] = values
    return following is None or pages == 1


def _check_types(key: str, resource: Mapping[str, Any]) -> None:
    entries = map(object_of, list_of(resource.get("entry")))
    held = [resource, *(object_of(each.get("resource")) for each in entries)]
    forbidden = sorted(ADMINISTRATION & {str(each.get("resourceType")) for each in held})
    if forbidden:
        raise CDSHooksError(
            f"prefetch '{shown(key)}' leads to {', '.join(forbidden)}: administration is no "
            "service's business; what it is to have all the same, give with prefetch="
        )

"""A prefetch template in a call: the URL that it becomes, or why it becomes none.

Values of the context are put in so that each stays one value, whatever it holds; no error quotes
one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias
from urllib.parse import quote

from pymedplum_runtime.cds.templates.tokens import Token, TokenValues, shown, users_of
from pymedplum_runtime.errors import CDSHooksError

TYPE = re.compile(r"[A-Z][A-Za-z]{0,63}")
# Ids are wider than FHIR's own, as servers' are, but `_history`, `$everything` and `..` are none.
PATH = re.compile(r"[A-Z][A-Za-z]{0,63}/(?!\.+\Z)[A-Za-z0-9.-][A-Za-z0-9._-]{0,127}")
_OWN_TEXT = "/:?&=,$|!*'();@~+%-._<>[]"  # stays as it is in what a service wrote itself
_SPECIAL = re.compile(r"([\\,$])")  # https://hl7.org/fhir/R4/search.html#escaping


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A token in its place."""

    text: str
    """As it is written, without the braces."""
    token: Token


Part: TypeAlias = str | Placeholder


@dataclass(frozen=True, slots=True)
class PrefetchTemplate:
    """One prefetch template of a service, taken apart."""

    key: str
    """Its name in the service's `prefetch`."""
    text: str
    """As the service wrote it."""
    path: tuple[Part, ...]
    """What stands before the `?`."""
    query: tuple[Part, ...]
    """What stands after it."""

    def missing(
        self, context: Mapping[str, Any], *, today: date, user: str | Iterable[str] | None = None
    ) -> tuple[str, ...]:
        """Return the tokens that stand for nothing in a call, as `url` reads its arguments."""
        values = TokenValues(context, users_of(context, user), today)
        return _missing(self, values)

    def url(
        self, context: Mapping[str, Any], *, today: date, user: str | Iterable[str] | None = None
    ) -> str | None:
        """Return the URL relative to the FHIR base; `None` where a token stands for nothing.

        Args:
            context: the hook's context, in the wire's spelling.
            today: what `{{today()}}` is.
            user: further references to the user beside the context's `userId`.

        Raises:
            CDSHooksError: a value cannot stand in the path, or `user` is no reference.

        Example:
            >>> template = parse_template("Patient/{{context.patientId}}", key="patient")
            >>> template.url({"patientId": "123"}, today=date(2024, 5, 1))
            'Patient/123'
        """
        return _url(self, TokenValues(context, users_of(context, user), today))


@dataclass(frozen=True, slots=True)
class PrefetchURLs:
    """What the templates of a service become in one call. Printing it shows no URL."""

    urls: Mapping[str, str] = field(repr=False)
    """Relative to the FHIR base, by key."""
    unresolved: Mapping[str, str]
    """Why the others have none, by key: no value is quoted."""


def prefetch_urls(
    templates: Mapping[str, PrefetchTemplate],
    context: Mapping[str, Any],
    *,
    today: date,
    user: str | Iterable[str] | None = None,
) -> PrefetchURLs:
    """Return the URLs of all templates of a service, and why the others have none.

    Args:
        templates: as `parse_templates` returns them.
        context: the hook's context, in the wire's spelling.
        today: what `{{today()}}` is.
        user: further references to the user beside the context's `userId`.

    Raises:
        CDSHooksError: `user` is no reference.

    Example:
        >>> templates = parse_templates({"visit": "Encounter/{{context.encounterId}}"})
        >>> dict(prefetch_urls(templates, {}, today=date(2024, 5, 1)).unresolved)
        {'visit': 'nothing stands for {{context.encounterId}}'}
    """
    values = TokenValues(context, users_of(context, user), today)
    urls: dict[str, str] = {}
    unresolved: dict[str, str] = {}
    for key, template in templates.items():
        try:
            url = _url(template, values)
        except CDSHooksError as error:
            unresolved[key] = str(error)
            continue
        if url is None:
            listed = ", ".join(f"{{{{{shown(token)}}}}}" for token in _missing(template, values))
            unresolved[key] = f"nothing stands for {listed}"
        else:
            urls[key] = url
    return PrefetchURLs(urls, unresolved)


def _missing(template: PrefetchTemplate, values: TokenValues) -> tuple[str, ...]:
    found = (part for part in (*template.path, *template.query) if isinstance(part, Placeholder))
    return tuple(dict.fromkeys(each.text for each in found if not each.token.texts(values)))


def _url(template: PrefetchTemplate, values: TokenValues) -> str | None:
    if _missing(template, values):
        return None
    path = "".join(_in_path(part, values) for part in template.path)
    is_token = isinstance(template.path[0], Placeholder)
    if not (PATH.fullmatch(path) or (TYPE.fullmatch(path) and not is_token)):
        raise CDSHooksError(
            f"prefetch template '{shown(template.key)}': what its tokens stand for cannot stand in "
            "a path; there, a token is an id, or alone and a reference such as Patient/123"
        )
    query = "".join(_in_query(part, values) for part in template.query)
    return f"{path}?{query}" if query else path


def _in_path(part: Part, values: TokenValues) -> str:
    return part if isinstance(part, str) else ",".join(part.token.texts(values))


def _in_query(part: Part, values: TokenValues) -> str:
    if isinstance(part, str):
        return quote(part, safe=_OWN_TEXT)
    return ",".join(_encoded(text) for text in part.token.texts(values))


def _encoded(text: str) -> str:
    """Return a value as one alternative of a search, whatever it holds."""
    try:
        return quote(_SPECIAL.sub(r"\\\1", text), safe="/")
    except UnicodeEncodeError:
        pass  # its text quotes the value
    raise CDSHooksError("what a token stands for holds half of a surrogate pair: no Unicode")

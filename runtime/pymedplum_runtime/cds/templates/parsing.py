"""Prefetch templates: FHIR reads and searches with tokens, taken apart and checked.

https://cds-hooks.hl7.org/2.0/#prefetch-template. A template is a service's text, and its URL is
called with an EHR's rights: so it reaches a read or a search and nothing else. Nothing is sent
from here.
"""

import re
from collections.abc import Mapping

from pymedplum_runtime.cds.templates.resolving import (
    PATH,
    TYPE,
    Part,
    Placeholder,
    PrefetchTemplate,
    PrefetchURLs,
    prefetch_urls,
)
from pymedplum_runtime.cds.templates.tokens import Token, parse_token, shown
from pymedplum_runtime.errors import CDSHooksError

__all__ = [
    "PrefetchTemplate",
    "PrefetchURLs",
    "parse_template",
    "parse_templates",
    "prefetch_urls",
]

_TOKEN = re.compile(r"\{\{([^{}]*)\}\}")
_MISLEADING = re.compile(r"[\x00-\x1f\x7f\\#{}]")


def parse_template(
    text: str, *, key: str = "prefetch", hook: str | None = None
) -> PrefetchTemplate:
    """Take a prefetch template apart and check it.

    Args:
        text: such as `Observation?patient={{context.patientId}}&code=4548-4`.
        key: its name in the service's `prefetch`, for error messages.
        hook: with it, fields that the context of this hook does not have are refused.

    Raises:
        CDSHooksError: a token is unknown, or the template is neither a FHIR read (`Type/id`) nor a
            search (`Type?...`); the message names the key, the token and those that there are.

    Example:
        >>> parse_template("Patient/{{context.patientId}}", key="patient").key
        'patient'
    """
    where = f"prefetch template '{shown(key)}'"
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise CDSHooksError(f"{where}: must be a str, got {type(text).__name__}")
    path, _, query = _split(text)
    template = PrefetchTemplate(
        key, text, _parts(path, where, hook), _parts(query, where, hook) if query else ()
    )
    _check_path(template, where)
    return template


def parse_templates(
    templates: Mapping[str, str], *, hook: str | None = None
) -> dict[str, PrefetchTemplate]:
    """Take all prefetch templates of a service apart.

    Args:
        templates: the service's `prefetch`.
        hook: the service's hook, where its context's fields are to be checked.

    Raises:
        CDSHooksError: one or more are wrong; all of them are named.

    Example:
        >>> list(parse_templates({"patient": "Patient/{{context.patientId}}"}))
        ['patient']
    """
    parsed: dict[str, PrefetchTemplate] = {}
    problems: list[str] = []
    for key, text in templates.items():
        try:
            parsed[key] = parse_template(text, key=key, hook=hook)
        except CDSHooksError as error:
            problems.append(str(error))
    if problems:
        raise CDSHooksError("; ".join(problems))
    return parsed


def _split(text: str) -> tuple[str, str, str]:
    """Split at the first `?` outside a token."""
    masked = _TOKEN.sub(lambda found: "_" * len(found[0]), text)
    at = masked.find("?")
    return (text, "", "") if at < 0 else (text[:at], "?", text[at + 1 :])


def _parts(text: str, where: str, hook: str | None) -> tuple[Part, ...]:
    parts: list[Part] = []
    for index, piece in enumerate(_TOKEN.split(text)):
        if index % 2:
            parts.append(Placeholder(piece.strip(), _token(piece, where, hook)))
        elif piece:
            if _MISLEADING.search(piece):
                raise CDSHooksError(
                    f"{where}: holds what no URL has, or a brace that is not closed; "
                    "a token is written {{context.patientId}}"
                )
            parts.append(piece)
    return tuple(parts)


def _token(text: str, where: str, hook: str | None) -> Token:
    try:
        return parse_token(text, hook=hook)
    except CDSHooksError as error:
        raise CDSHooksError(f"{where}, token {{{{{shown(text.strip())}}}}}: {error}") from None


def _check_path(template: PrefetchTemplate, where: str) -> None:
    """Refuse what is neither a read nor a search below the FHIR base."""
    path = template.path
    if len(path) == 1 and isinstance(path[0], Placeholder):
        return
    written = "".join(part if isinstance(part, str) else "0" for part in path)
    begins_with_type = bool(path) and isinstance(path[0], str)
    is_search = TYPE.fullmatch(written) is not None and len(path) == 1
    if not begins_with_type or not (is_search or PATH.fullmatch(written)):
        raise CDSHooksError(
            f"{where}: must be a read such as Patient/{{{{context.patientId}}}} or a search such "
            "as Observation?patient={{context.patientId}}, relative to the FHIR base"
        )

"""Prefetch tokens: what may stand between `{{` and `}}`, and what it stands for in a call.

https://cds-hooks.hl7.org/2.0/#prefetch-tokens, with the relative dates and paths of its next
version. Nothing here quotes a value of the context: those are patient data.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias

from pymedplum_runtime.cds.templates.paths import Step, parse_path, texts_at
from pymedplum_runtime.errors import CDSHooksError
from pymedplum_runtime.helpers.references import parse_reference

USER_TOKENS: Mapping[str, str] = {
    "userPractitionerId": "Practitioner",
    "userPractitionerRoleId": "PractitionerRole",
    "userPatientId": "Patient",
    "userRelatedPersonId": "RelatedPerson",
}
"""The tokens that name the user, and the resource type of each."""

ALLOWED = (
    "{{context.<field>}}, " + ", ".join(f"{{{{{name}}}}}" for name in USER_TOKENS) + ", "
    "{{today()}} and {{today() - 90 days}}"
)
"""The tokens that there are, in words."""

CONTEXT_FIELDS: Mapping[str, frozenset[str]] = {
    "patient-view": frozenset({"userId", "patientId", "encounterId"}),
    "order-select": frozenset({"userId", "patientId", "encounterId", "selections", "draftOrders"}),
    "order-sign": frozenset({"userId", "patientId", "encounterId", "draftOrders"}),
    "appointment-book": frozenset({"userId", "patientId", "encounterId", "appointments"}),
    "encounter-start": frozenset({"userId", "patientId", "encounterId"}),
    "encounter-discharge": frozenset({"userId", "patientId", "encounterId"}),
}
"""The fields of the context, by hook."""

_TODAY = re.compile(r"today\(\)(?:\s*([+-])\s*([0-9]{1,5})\s*(day|week|month|year)s?)?")
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def shown(text: str, longest: int = 60) -> str:
    """Return another party's text for a message: some of it, on one line, nothing invisible."""
    return repr(text[:longest])[1:-1]


@dataclass(frozen=True, slots=True, repr=False)
class TokenValues:
    """What the tokens of one call stand for."""

    context: Mapping[str, Any]
    """The hook's context, in the wire's spelling."""
    users: Mapping[str, str]
    """The ids of the user, by resource type."""
    today: date


@dataclass(frozen=True, slots=True)
class UserToken:
    """`{{userPractitionerId}}` and its like."""

    resource_type: str

    def texts(self, values: TokenValues) -> list[str]:
        """Return the id, where the user is of that type."""
        found = values.users.get(self.resource_type)
        return [found] if found else []


@dataclass(frozen=True, slots=True)
class TodayToken:
    """`{{today()}}`, or some days, weeks, months or years before or after it."""

    days: int = 0
    months: int = 0

    def texts(self, values: TokenValues) -> list[str]:
        """Return the date.

        Raises:
            CDSHooksError: it is outside the calendar.
        """
        try:
            moved = _months_later(values.today, self.months) + timedelta(days=self.days)
        except (OverflowError, ValueError):
            pass
        else:
            return [moved.isoformat()]
        raise CDSHooksError("a date of a prefetch template lies outside the calendar")


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class ContextToken:
    """`{{context.patientId}}`: one path into the context, or several with `|` between them."""

    paths: tuple[tuple[Step, ...], ...]

    def texts(self, values: TokenValues) -> list[str]:
        """Return the texts that the paths lead to, each once."""
        found = [text for path in self.paths for text in texts_at(values.context, path)]
        return list(dict.fromkeys(found))


Token: TypeAlias = UserToken | TodayToken | ContextToken


def parse_token(text: str, *, hook: str | None = None) -> Token:
    """Read what stands between `{{` and `}}`.

    Args:
        text: the token, without its braces.
        hook: with it, fields that the context of this hook does not have are refused.

    Raises:
        CDSHooksError: there is no such token; the message names those that there are.
    """
    text = text.strip()
    if text in USER_TOKENS:
        return UserToken(USER_TOKENS[text])
    found = _TODAY.fullmatch(text)
    if found:
        return _today(found)
    if all(each.strip().startswith("context.") for each in text.split("|")):
        paths = [each.strip().removeprefix("context.") for each in text.split("|")]
        return _context(paths, hook)
    raise CDSHooksError(f"there is no such token; there are {ALLOWED}")


def _today(found: re.Match[str]) -> TodayToken:
    sign, number, unit = found.groups()
    if unit is None:
        return TodayToken()
    count = int(number) if sign == "+" else -int(number)
    return TodayToken(days=count * _DAYS.get(unit, 0), months=count * _MONTHS.get(unit, 0))


def _context(paths: list[str], hook: str | None) -> ContextToken:
    steps = tuple(parse_path(each) for each in paths)
    fields = CONTEXT_FIELDS.get(hook or "")
    if fields is not None and any(each[0].name not in fields for each in steps):
        listed = ", ".join(f"context.{name}" for name in sorted(fields))
        raise CDSHooksError(f"the context of {hook} has no such field; it has {listed}")
    return ContextToken(steps)


def users_of(context: Mapping[str, Any], user: str | Iterable[str] | None) -> dict[str, str]:
    """Return the ids of the user by resource type.

    Args:
        context: the hook's context, whose `userId` is the user.
        user: further references to the same user, such as `PractitionerRole/2`.

    Raises:
        CDSHooksError: one of `user` is no reference.
    """
    given = [user] if isinstance(user, str) else list(user or ())
    found = dict(_user(reference) for reference in given)
    stated = context.get("userId")
    if isinstance(stated, str):
        with suppress(ValueError):
            found.setdefault(*parse_reference(stated))
    return found


def _user(reference: str) -> tuple[str, str]:
    try:
        return parse_reference(reference)
    except (TypeError, ValueError):
        pass  # our own text says which one it is
    raise CDSHooksError("a user is a reference such as Practitioner/123 or PractitionerRole/456")

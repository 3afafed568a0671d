"""The second phase: codes that the tables know nothing of, asked of a terminology service."""

from collections.abc import Generator

from pymedplum_runtime.terminology import why_unknown
from pymedplum_runtime.terminology.questions import Query
from pymedplum_runtime.validation.bindings import BindingRule, refuse
from pymedplum_runtime.validation.context import Context, Question

_UNKNOWN = "the terminology service does not know"


def dialogue(context: Context, service: object) -> Generator[Query, bool | None, None]:
    """Yield what is to be asked of a service, take the answers, and note what comes of them.

    The same question is asked once. What stays open is left unchecked; without a service, that is
    every question.
    """
    known: dict[Query, bool | None] = {}
    for question in context.questions:
        answers: dict[Query, bool | None] = {}
        for query in _queries(question):
            if query not in known:
                known[query] = None if service is None else (yield query)
            answers[query] = known[query]
            if known[query]:
                break
        _settle(question, answers, context, service)


def queries_of(context: Context) -> list[Query]:
    """Return what is to be asked of a service, each once, for one that answers many at a time."""
    return list(dict.fromkeys(q for question in context.questions for q in _queries(question)))


def _queries(question: Question) -> list[Query]:
    asked = question.asked
    return [(asked.value_set, system, code) for system, code in asked.codings]


def _settle(
    question: Question, answers: dict[Query, bool | None], context: Context, service: object
) -> None:
    if True in answers.values():
        return
    asked = question.asked
    still_open = [query for query, answer in answers.items() if answer is None]
    if still_open:
        reason = _reason(still_open[0], context, service)
        context.leave_unchecked(question.place, asked.value_set, reason)
        return
    rule = BindingRule(asked.strength, asked.value_set, *question.rule)
    refuse(rule, question.place, context)


def _reason(query: Query, context: Context, service: object) -> str:
    """Say why nobody knows: the tables, or the service, which may have words for it."""
    value_set, system, _ = query
    if service is None:
        return why_unknown(context.definitions, value_set, system)
    words = getattr(service, "reason", None)
    return (words(*query) if words else None) or _UNKNOWN

"""The second phase: codes that the tables know nothing of, asked of a terminology service."""

from collections.abc import Generator

from pymedplum_runtime.terminology import CodeQuestion, why_unknown
from pymedplum_runtime.validation.bindings import BindingRule, refuse
from pymedplum_runtime.validation.context import Context, Question

Query = tuple[str, str | None, str]
"""Value set, system and code."""

_UNKNOWN = "the terminology service does not know"


def dialogue(context: Context, service: object) -> Generator[Query, bool | None, None]:
    """Yield what is to be asked of a service, take the answers, and note what comes of them.

    The same question is asked once. What stays open is left unchecked; without a service, that is
    every question.
    """
    known: dict[Query, bool | None] = {}
    for question in context.questions:
        answers: list[bool | None] = []
        for query in _queries(question):
            if query not in known:
                known[query] = None if service is None else (yield query)
            answers.append(known[query])
            if known[query]:
                break
        _settle(question, answers, context, service)


def _queries(question: Question) -> list[Query]:
    asked = question.question
    return [(asked.value_set, system, code) for system, code in asked.codings]


def _settle(
    question: Question, answers: list[bool | None], context: Context, service: object
) -> None:
    if True in answers:
        return
    asked = question.question
    if None in answers:
        reason = _reason(asked, context, service)
        context.leave_unchecked(question.place, asked.value_set, reason)
        return
    rule = BindingRule(asked.strength, asked.value_set, *question.rule)
    refuse(rule, question.place, context)


def _reason(asked: CodeQuestion, context: Context, service: object) -> str:
    """Say why nobody knows: the tables, or the service, which may have words for it."""
    if service is None:
        return why_unknown(context.definitions, asked.value_set, asked.codings[0][0])
    words = getattr(service, "reason", None)
    return (words(asked.value_set) if words else None) or _UNKNOWN

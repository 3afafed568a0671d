"""Marked secrets and patient data, and the search for them in everything that may be logged."""

import base64
import logging
import pickle
import re
import traceback
from collections.abc import Iterator
from typing import Any

import httpx

from pymedplum import MedplumError

# Letters and digits alone, so that neither percent-encoding nor JSON changes them.
CLIENT_SECRET = "Sesame0Client0Secret"
ACCESS_TOKEN = "Sesame0Access0Token"
NEXT_TOKEN = "Sesame0Next0Token"
REFRESH_TOKEN = "Sesame0Refresh0Token"
ASSERTION = "Sesame0Assertion"
NAME = "Smithson0Family"
IDENTIFIER = "Smithson0Number"
SEARCHED = "Smithson0Searched"
SAID = "Smithson0Said"

SECRETS = re.compile("sesame", re.IGNORECASE)
MARKS = re.compile("sesame|smithson", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
# What may hold patient data by contract, and is looked through for secrets alone.
HOLDS_PATIENT_DATA = ("response", "response_data", "outcome", "detail", "entries")


def found_in(text: str, marks: re.Pattern[str] = MARKS) -> str | None:
    """Return the text around a mark, Base64 looked into; `None` where there is none."""
    for each in (text, *map(_decoded, _BASE64.findall(text))):
        if match := marks.search(each):
            return each[max(0, match.start() - 60) : match.end() + 20]
    return None


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "==").decode("latin-1")
    except ValueError:
        return ""


class Records(logging.Handler):
    """Keeps the text and the arguments of every log record."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._formatter = logging.Formatter("%(name)s %(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self._formatter.format(record))  # exceptions included
        self.lines.append(f"{record.name} args {record.args!r} {record.msg!r}")

    def leaks(self) -> list[str]:
        return [line for line in self.lines if found_in(line)]


def texts_of(error: BaseException) -> Iterator[tuple[str, str]]:
    """Give every text that an exception shows of itself, and where."""
    yield "traceback", "".join(traceback.format_exception(error))
    for each in chain(error):
        kind = type(each).__name__
        yield f"str of {kind}", str(each)
        yield f"repr of {kind}", repr(each)
        yield f"args of {kind}", repr(each.args)
        yield f"notes of {kind}", repr(getattr(each, "__notes__", ()))
        if isinstance(each, MedplumError):
            yield f"sanitized {kind}", repr(each.sanitize_for_logging())
            shown = {k: v for k, v in vars(each).items() if k not in HOLDS_PATIENT_DATA}
            yield f"attributes of {kind}", repr(shown)


def secret_places(error: BaseException) -> Iterator[tuple[str, str]]:
    """Give what may hold patient data, and no secret."""
    for each in chain(error):
        kind = type(each).__name__
        for name in HOLDS_PATIENT_DATA:
            yield f"{name} of {kind}", _spelt_out(getattr(each, name, None))
        if isinstance(each, MedplumError):
            yield f"pickle of {kind}", pickle.dumps(each).decode("latin-1")


def _spelt_out(value: Any) -> str:
    if isinstance(value, httpx.Response):
        return f"{value.headers.raw!r} {value.text} {vars(value)!r}"
    return repr(value)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Give an exception, its causes and its contexts, suppressed ones too."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__]


def leaks_of(error: BaseException) -> list[str]:
    """Return where an exception shows a mark."""
    shown = [(place, found_in(text)) for place, text in texts_of(error)]
    shown += [(place, found_in(text, SECRETS)) for place, text in secret_places(error)]
    return [f"{place}: {found}" for place, found in shown if found]

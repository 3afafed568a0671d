"""Functions of texts.

Source: https://hl7.org/fhirpath/N1/#string-manipulation
"""

from collections.abc import Callable
from typing import Any

from pymedplum_runtime.fhirpath.arithmetic import MOST_CHARACTERS, text_node
from pymedplum_runtime.fhirpath.code import MOST_ITEMS, NOTHING, Scope
from pymedplum_runtime.fhirpath.functions import Function
from pymedplum_runtime.fhirpath.functions_existence import one_integer
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Fault


def text_of(items: list[Node]) -> str | None:
    """Return the text that a single item is; None for nothing.

    Raises:
        Fault: there are several items, or it is no text.
    """
    if not items:
        return None
    if len(items) > 1:
        raise Fault("a text is needed, and there are several items")
    value = items[0].value
    if value is None or isinstance(value, str):
        return value
    raise Fault("a text is needed, and the item is none")


def _asking(ask: Callable[[str, str], bool]) -> Function:
    """Make a function that asks something of a text and an argument."""

    def claim(items: list[Node], _: Scope, argument: list[Node]) -> bool | None:
        text, other = text_of(items), text_of(argument)
        return None if text is None or other is None else ask(text, other)

    return Function("claim", claim, 1, 1)


def _giving(change: Callable[..., Any], arguments: int = 0) -> Function:
    """Make a function of a text and of arguments that are texts; it gives a text or a number."""

    def give(items: list[Node], _: Scope, *given: list[Node]) -> list[Node]:
        texts = [text_of(items), *(text_of(each) for each in given)]
        if None in texts:
            return NOTHING
        found = change(*texts)
        return text_node(found) if isinstance(found, str) else [Node(found, "System.Integer")]

    return Function("items", give, arguments, arguments)


def _substring(
    items: list[Node], _: Scope, start: list[Node], length: list[Node] | None = None
) -> list[Node]:
    text, at = text_of(items), one_integer(start)
    if text is None or at is None or not 0 <= at < len(text):
        return NOTHING
    count = None if length is None else one_integer(length)
    if count is None:
        return text_node(text[at:])
    return text_node(text[at : at + max(count, 0)])


def _replace(text: str, old: str, new: str) -> str:
    if (text.count(old) + 1) * len(new) > MOST_CHARACTERS:
        raise Fault(f"a text has more than {MOST_CHARACTERS} characters")
    return text.replace(old, new)


def _matches(text: str, pattern: str) -> bool:
    from pymedplum_runtime.fhirpath.patterns import searcher  # noqa: PLC0415 - seldom needed

    return searcher(pattern)(text)


def _matches_full(text: str, pattern: str) -> bool:
    from pymedplum_runtime.fhirpath.patterns import searcher  # noqa: PLC0415 - seldom needed

    return searcher(f"^(?:{pattern})$")(text)


def _replace_matches(text: str, pattern: str, new: str) -> str:
    from pymedplum_runtime.fhirpath.patterns import replaced  # noqa: PLC0415 - seldom needed

    return replaced(text, pattern, new)


def _pieces(items: list[Node], _: Scope, separator: list[Node]) -> list[Node]:
    text, mark = text_of(items), text_of(separator)
    if text is None or mark is None:
        return NOTHING
    if (text.count(mark) if mark else len(text)) > MOST_ITEMS:
        raise Fault(f"a collection has more than {MOST_ITEMS} items")
    pieces = text.split(mark) if mark else list(text)
    return [Node(piece, "System.String") for piece in pieces]


def _join(items: list[Node], _: Scope, separator: list[Node] | None = None) -> list[Node]:
    mark = "" if separator is None else text_of(separator)
    if not items or mark is None:
        return NOTHING
    texts = [text for text in (text_of([node]) for node in items) if text is not None]
    if sum(map(len, texts)) + len(mark) * len(texts) > MOST_CHARACTERS:
        raise Fault(f"a text has more than {MOST_CHARACTERS} characters")
    return text_node(mark.join(texts))


def _characters(items: list[Node], scope: Scope) -> list[Node]:
    return _pieces(items, scope, [Node("", "System.String")])


FUNCTIONS = {
    "indexOf": _giving(str.find, 1),
    "lastIndexOf": _giving(str.rfind, 1),
    "substring": Function("items", _substring, 1, 2),
    "startsWith": _asking(str.startswith),
    "endsWith": _asking(str.endswith),
    "contains": _asking(lambda text, part: part in text),
    "upper": _giving(str.upper),
    "lower": _giving(str.lower),
    "replace": _giving(_replace, 2),
    "matches": _asking(_matches),
    "matchesFull": _asking(_matches_full),
    "replaceMatches": _giving(_replace_matches, 2),
    "length": _giving(len),
    "toChars": Function("items", _characters, 0, 0),
    "trim": _giving(str.strip),
    "split": Function("items", _pieces, 1, 1),
    "join": Function("items", _join, 0, 1),
}

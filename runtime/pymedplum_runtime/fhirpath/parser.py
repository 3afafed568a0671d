"""Parsing expressions: operators by precedence, left to right.

Source: https://hl7.org/fhirpath/N1/#operator-precedence and its grammar
"""

from decimal import Decimal

from pymedplum_runtime.fhirpath.lexer import Token, tokens_of
from pymedplum_runtime.fhirpath.syntax import (
    Call,
    Fault,
    Index,
    Literal,
    Name,
    Operation,
    Sign,
    Syntax,
    TypeOperation,
    Variable,
    check_depth,
)

_POWERS = {
    power: words.split()
    for power, words in {
        1: "implies",
        2: "or xor",
        3: "and",
        4: "in contains",
        5: "= ~ != !~",
        6: "> < >= <=",
        7: "|",
        8: "is as",
        9: "+ - &",
        10: "* / div mod",
    }.items()
}
_POWER = {word: power for power, words in _POWERS.items() for word in words}
_SIGN_POWER = 11
CALENDAR_UNITS = frozenset(
    ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
)
_UNITS = CALENDAR_UNITS | {f"{unit}s" for unit in CALENDAR_UNITS}
_MOST_LEVELS = 100


_RESERVED = frozenset(("and", "or", "xor", "implies", "div", "mod", "true", "false"))


def parse(expression: str) -> Syntax:
    """Return the tree of an expression.

    Raises:
        Fault: the expression is none; it says what is wrong and where.
    """
    parser = _Parser(tokens_of(expression))
    syntax = parser.expression(0, 0)
    parser.expect("", "an operator or the end")
    check_depth(syntax)
    return syntax


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def expression(self, power: int, level: int) -> Syntax:
        """Parse what binds more strongly than `power`."""
        if level > _MOST_LEVELS:
            raise Fault(f"it nests more than {_MOST_LEVELS} levels", self._token.position)
        left = self._signed(level)
        while True:
            token = self._token
            its_power = _POWER.get(token.text, 0) if token.kind in ("operator", "name") else 0
            if its_power <= power:
                return left
            self._at += 1
            if token.text in ("is", "as"):
                left = TypeOperation(token.text, left, self._type(), token.position)
            else:
                right = self.expression(its_power, level + 1)
                left = Operation(token.text, left, right, token.position)

    def expect(self, text: str, meant: str = "") -> Token:
        """Take a token that must be there."""
        token = self._token
        if token.text != text or token.kind not in ("operator", "end"):
            raise self._unexpected(meant or f"'{text}'")
        self._at += 1
        return token

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _is(self, text: str) -> bool:
        token = self._tokens[self._at]
        return token.text == text and token.kind == "operator"

    def _take(self, text: str) -> bool:
        if self._is(text):
            self._at += 1
            return True
        return False

    def _unexpected(self, meant: str) -> Fault:
        token = self._token
        found = "the end" if token.kind == "end" else f"'{token.text}'"
        if token.kind == "string":
            found = "a text"
        return Fault(f"{meant} is expected, not {found}", token.position)

    def _signed(self, level: int) -> Syntax:
        token = self._token
        if self._take("-") or self._take("+"):
            return Sign(token.text, self.expression(_SIGN_POWER - 1, level + 1), token.position)
        return self._chain(level)

    def _chain(self, level: int) -> Syntax:
        left = self._term(level)
        while True:
            token = self._token
            if self._take("."):
                left = self._invocation(left, level)
            elif self._take("["):
                left = Index(left, self.expression(0, level + 1), token.position)
                self.expect("]")
            else:
                return left

    def _term(self, level: int) -> Syntax:
        token = self._token
        if token.kind == "operator":
            return self._bracketed(level)
        self._at += 1
        if token.kind in ("variable", "external"):
            return Variable(token.text, token.position)
        if token.kind == "number":
            return self._number(token)
        if token.kind in _LITERALS:
            return _literal(token)
        if token.kind == "name" and token.text in ("true", "false"):
            return Literal(token.text == "true", "System.Boolean", token.position)
        self._at -= 1
        return self._invocation(None, level)

    def _bracketed(self, level: int) -> Syntax:
        token = self._token
        if self._take("("):
            inner = self.expression(0, level + 1)
            self.expect(")")
            return inner
        if self._take("{"):
            self.expect("}")
            return Literal(None, "", token.position)
        raise self._unexpected("a value")

    def _number(self, token: Token) -> Literal:
        value = Decimal(token.text)
        unit = self._token
        if unit.kind == "string" or (unit.kind == "name" and unit.text in _UNITS):
            self._at += 1
            written = unit.text if unit.kind == "name" else f"'{unit.text}'"
            return Literal((value, written), "System.Quantity", token.position)
        if "." in token.text:
            return Literal(value, "System.Decimal", token.position)
        return Literal(int(value), "System.Integer", token.position)

    def _invocation(self, target: Syntax | None, level: int) -> Syntax:
        token = self._token
        if token.kind == "variable" and token.text == "$this" and target is not None:
            self._at += 1
            return target
        name = self._name("a value" if target is None else "a name")
        if not self._take("("):
            return Name(target, name, token.position)
        arguments: list[Syntax] = []
        if not self._is(")"):
            arguments.append(self._argument(name, level))
            while self._take(","):
                arguments.append(self._argument(name, level))
        self.expect(")")
        return Call(target, name, tuple(arguments), token.position)

    def _argument(self, function: str, level: int) -> Syntax:
        argument = self.expression(0, level + 1)
        token = self._token
        if function == "sort" and token.kind == "name" and token.text in ("asc", "desc"):
            self._at += 1
            return Sign(token.text, argument, token.position)
        return argument

    def _name(self, meant: str = "a name") -> str:
        token = self._token
        if token.kind == "quoted" or (token.kind == "name" and token.text not in _RESERVED):
            self._at += 1
            return token.text
        fault = self._unexpected(meant)
        if token.kind == "name":
            fault = Fault(f"{fault.message}; as a name it is `{token.text}`", token.position)
        raise fault

    def _type(self) -> str:
        name = self._name()
        while self._take("."):
            name += f".{self._name()}"
        return name


_SAID = {"System.Time": "time", "System.Date": "date", "System.DateTime": "date and time"}
_LITERALS = {"string": "System.String", "time": "System.Time", "date": "System.Date"}


def _literal(token: Token) -> Literal:
    kind = _LITERALS[token.kind]
    text = token.text if token.kind == "string" else token.text[1:]
    if token.kind == "time":
        text = text[1:]
    elif token.kind == "date" and "T" in text:
        kind, text = "System.DateTime", text.removesuffix("T")
    if kind != "System.String":
        from pymedplum_runtime.fhirpath.dates import parse_moment  # noqa: PLC0415 - seldom needed

        if parse_moment(text, is_time=kind == "System.Time") is None:
            raise Fault(f"there is no such {_SAID[kind]} as '{token.text}'", token.position)
    return Literal(text, kind, token.position)

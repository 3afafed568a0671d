"""How expressions are read, and what is said of those that are none."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.fhirpath import compile_expression
from pymedplum_runtime.fhirpath.parser import parse

PIECES = st.sampled_from(
    [
        *(
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ".",
            ",",
            "+",
            "-",
            "*",
            "/",
            "|",
            "&",
            "=",
            "!=",
            "~",
            "!~",
        ),
        *("<", "<=", ">", ">=", "and", "or", "xor", "implies", "is", "as", "in", "contains", "div"),
        *("name", "Patient", "where", "select", "exists", "iif", "sort", "desc", "$this", "$index"),
        *(
            "%resource",
            "%`x-y`",
            "%",
            "'a'",
            "'",
            "`n`",
            "`",
            "1",
            "1.5",
            "4 days",
            "@2020",
            "@T10",
        ),
        *("true", "false", "//", "/*", "*/", "\\", "\n", "'\\u00e9'", "'\\q'", "é", "\0"),
    ]
)


@pytest.mark.parametrize(
    ("expression", "same"),
    [
        ("a or b and c", "a or (b and c)"),
        ("a and b or c", "(a and b) or c"),
        ("a implies b or c", "a implies (b or c)"),
        ("a xor b or c", "(a xor b) or c"),
        ("a and b in c", "a and (b in c)"),
        ("a in b = c", "a in (b = c)"),
        ("a = b > c", "a = (b > c)"),
        ("a > b | c", "a > (b | c)"),
        ("a | b is c", "a | (b is c)"),
        ("a + b is c", "(a + b) is c"),
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a & b + c", "(a & b) + c"),
        ("a * -b.c", "a * (-(b.c))"),
        ("-a * b", "(-a) * b"),
        ("a.b[1].c", "((a.b)[1]).c"),
        ("a // b\n + c", "a + c"),
        ("a /* b + */ + c", "a + c"),
        ("`a`.`b`", "a.b"),
        ("a.$this.b", "a.b"),
    ],
)
def test_operators_bind_as_the_specification_says(expression: str, same: str) -> None:
    assert _without_places(parse(expression)) == _without_places(parse(same))


def _without_places(syntax: object) -> object:
    if hasattr(syntax, "_fields"):
        return (type(syntax).__name__, *map(_without_places, tuple(syntax)[:-1]))  # type: ignore[call-overload]
    return tuple(map(_without_places, syntax)) if isinstance(syntax, tuple) else syntax


@pytest.mark.parametrize(
    ("expression", "position", "word"),
    [
        ("", 0, "end"),
        ("a +", 3, "end"),
        ("a b", 2, "'b'"),
        ("(a", 2, "')'"),
        ("a[1", 3, "']'"),
        ("a.", 2, "name"),
        ("a..b", 2, "name"),
        ("a.b(", 4, "end"),
        ("a.b(,)", 4, "','"),
        ("{1}", 1, "'}'"),
        ("'abc", 0, "does not end"),
        ("`abc", 0, "does not end"),
        ("a = 'b\\q'", 4, "escape"),
        ("a # b", 2, "'#'"),
        ("a is", 4, "name"),
        ("a and and b", 6, "a value is expected, not 'and'"),
        ("@T14:34:28Z.is(Time)", 10, "'Z'"),
        ("@2015Z", 5, "'Z'"),
        ("a = @2015-13", 4, "no such date as '@2015-13'"),
        ("a = @2015-02-30", 4, "no such date as '@2015-02-30'"),
        ("a = @0000", 4, "no such date"),
        ("a = @2015-02-28T24:00", 4, "no such date and time"),
        ("a = @2015-02-28T10:00+15:00", 4, "no such date and time"),
        ("a = @2015-02-28T10:00+01:60", 4, "no such date and time"),
        ("a = @T25:00", 4, "no such time as '@T25:00'"),
        ("a = @20", 4, "after '@'"),
        ("a.nosuch()", 2, "nosuch"),
        ("a.where()", 2, "one argument"),
        ("a.empty(1)", 2, "no argument"),
        ("a.substring(1, 2, 3)", 2, "1 to 2 arguments"),
        ("a.ofType('x')", 2, "name of a type"),
        ("2 + 2 /* not finished", 6, "comment that does not end"),
    ],
)
def test_an_error_says_what_is_wrong_and_where(expression: str, position: int, word: str) -> None:
    with pytest.raises(FHIRPathError) as raised:
        compile_expression(expression)

    assert raised.value.position == position
    assert raised.value.expression == expression
    assert word in str(raised.value)


@pytest.mark.parametrize("expression", ["a is b", "as.is.in.contains", "contains(a)", "is(a) as c"])
def test_words_of_operators_may_be_names(expression: str) -> None:
    compile_expression(expression.replace("contains(a)", "code.contains('a')"))


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "-" * 5000 + "1",
        "a" + ".b" * 5000,
        "a" + "[0]" * 5000,
        "1" + " + 1" * 5000,
        "a" + ".where(a" * 5000 + ")" * 5000,
        "iif(" * 5000,
        "a is b" + " is c" * 5000,
        "'" * 100_001,
        "a " * 60_000,
    ],
)
def test_what_nests_too_deeply_is_refused(expression: str) -> None:
    with pytest.raises(FHIRPathError):
        compile_expression(expression)


@pytest.mark.parametrize(
    "expression", ["(" * 90 + "1" + ")" * 90, " or ".join(["a = 1"] * 150), "a" + ".b" * 150]
)
def test_what_people_write_is_not(expression: str) -> None:
    compile_expression(expression)


@given(st.lists(PIECES, max_size=30).map(" ".join) | st.lists(PIECES, max_size=30).map("".join))
def test_whatever_is_written_compiles_or_is_a_fhirpath_error(expression: str) -> None:
    with suppress(FHIRPathError):
        compile_expression(expression)


@given(st.text(max_size=100))
def test_so_does_any_text(expression: str) -> None:
    with suppress(FHIRPathError):
        compile_expression(expression)


def test_an_expression_is_compiled_once() -> None:
    assert compile_expression("name.given") is compile_expression("name.given")


def test_an_expression_of_unusual_length_is_not_kept() -> None:
    long = "name.given" + " " * 5000

    assert compile_expression(long) is not compile_expression(long)

"""What each function gives, by group."""

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from fhirpath_cases import PATIENT, values

from pymedplum_runtime.fhirpath import Environment, Node, compile_expression

T, F, NONE = [True], [False], list[Any]()
Case = tuple[str, list[Any]]

EXISTENCE: list[Case] = [
    ("name.exists() and link.empty().not() and photo.empty()", T),
    ("name.exists(use = 'usual')", T),
    ("name.exists(use = 'old')", F),
    ("name.all(given.exists())", T),
    ("photo.all(url.exists())", T),
    ("name.select(family.exists()).allTrue()", F),
    ("name.select(family.exists()).anyTrue()", T),
    ("name.select(family.exists()).anyFalse()", T),
    ("name.select(family.exists()).allFalse()", F),
    ("{}.allTrue() and {}.anyTrue().not()", T),
    ("name.first().subsetOf(name) and name.supersetOf(name.last())", T),
    ("name.given.count()", [5]),
    ("name.given.distinct()", ["Peter", "James", "Jim"]),
    ("name.given.isDistinct()", F),
    ("name.isDistinct()", T),
    ("(1 | 1.0 | '1' | true).count()", [3]),
    ("{}.not()", NONE),
    ("(0).not()", F),
]
SUBSETS: list[Case] = [
    ("name.where(family.exists()).use", ["official", "maiden"]),
    ("name.select(given.first())", ["Peter", "Jim", "Peter"]),
    ("contact.repeat($this.name | telecom).count()", [2]),
    ("(1 | 2).repeatAll({}).empty()", T),
    ("name.ofType(HumanName).count()", [3]),
    ("name.given.tail().first() & name.given.last()", ["James"]),
    ("(1 | 2 | 3).skip(1).take(1)", [2]),
    ("(1 | 2).skip(-1)", [1, 2]),
    ("(1 | 2).take(-1)", NONE),
    ("1.combine(1).combine(2).intersect(1 | 3)", [1]),
    ("(1 | 2 | 3).exclude(2)", [1, 3]),
    ("1.combine(1).union(2)", [1, 2]),
    ("name.select(use.union(given)).count()", [8]),
    ("iif(active, 'yes', 1 / 0)", ["yes"]),
    ("iif({}, 'yes')", NONE),
    ("name[0].iif($this.family.exists(), family)", ["Chalmers"]),
    ("photo.iif(empty(), 'none', 'some')", ["none"]),
    ("(1 | 2 | 3).aggregate($this + $total, 0)", [6]),
    ("(3 | 1 | 2).aggregate(iif($total.empty() or $this < $total, $this, $total))", [1]),
    ("(3 | 1 | 2).sort()", [1, 2, 3]),
    ("(3 | 1 | 2).sort(-$this)", [3, 2, 1]),
    ("name.sort(family desc, use).use", ["maiden", "official", "usual"]),
    ("name.sort(family).use", ["usual", "official", "maiden"]),
    ("coalesce({}, photo, name.family.first(), 1 / 0)", ["Chalmers"]),
    ("name.defineVariable('n', given.count()).where(%n > 0).count()", [3]),
    ("defineVariable('who', id).name.first().select(use & %who)", ["officialp1"]),
]
STRINGS: list[Case] = [
    ("'abcb'.indexOf('b') | 'abcb'.lastIndexOf('b') | 'a'.indexOf('z')", [1, 3, -1]),
    ("'abc'.substring(1)", ["bc"]),
    ("'abc'.substring(1, 1)", ["b"]),
    ("'abc'.substring(3)", NONE),
    ("'abc'.substring(-1)", NONE),
    ("'abc'.startsWith('a') and 'abc'.endsWith('bc') and 'abc'.contains('')", T),
    ("{}.startsWith('a')", NONE),
    ("'aB'.upper() & 'aB'.lower()", ["ABab"]),
    ("'abc'.replace('b', '')", ["ac"]),
    ("'abc'.replace('', 'x')", ["xaxbxcx"]),
    ("'ab'.toChars()", ["a", "b"]),
    ("' a '.trim()", ["a"]),
    ("'a,,b'.split(',')", ["a", "", "b"]),
    ("name.given.join(' ')", ["Peter James Jim Peter"]),
    ("'abc'.length()", [3]),
    ("'abc'.matches('B')", F),
    ("'a\\nb'.matches('^a.b$')", T),
    ("'xabcx'.matches('abc')", T),
    ("'xabcx'.matchesFull('abc')", F),
    ("'b'.matchesFull('a|b')", T),
    ("'abc'.matches('^(?!b)(?=ab).*c$')", T),
    ("'a[x]'.matches('^a(\\\\[x])?$')", T),
    ("'a.b.c'.replaceMatches('\\\\..*', '')", ["a"]),
    ("'2020-03'.replaceMatches('(?<y>[0-9]+)-([0-9]+)', '$2/${y}')", ["03/2020"]),
    ("'abc'.replaceMatches('', 'x')", ["abc"]),
    ("%long.replaceMatches('([0-9]{4})-?([0-9]{2})-?([0-9]{2})?', 'd').length()", [2001]),
    ("'a+b'.encode('base64').decode('base64')", ["a+b"]),
    ("'?>'.encode('urlbase64') & 'a'.encode('hex')", ["Pz4=61"]),
    ("'!'.decode('base64')", NONE),
    ("'<\"&>'.escape('html').unescape('html')", ['<"&>']),
    ("'a\"b'.escape('json')", ['a\\"b']),
    ("'a\\\\\"b'.unescape('json')", ['a"b']),
]
MATH: list[Case] = [
    ("(-5).abs() | (-1.1).ceiling() | (-1.1).floor() | (-1.9).truncate()", [5, -1, -2]),
    ("3.14159.round(3)", [Decimal("3.142")]),
    ("2.5.round()", [Decimal(3)]),
    ("(-2.5).round() | (-0.5).round() | (-1.25).round(1)", [-3, -1, Decimal("-1.3")]),
    (
        "(0 / (-1)).toString() & ',' & (-0.4).round().toString() & ',' & (-0.0).toString()",
        ["0,0,0.0"],
    ),
    (
        "(0 * -1.5).toString() & (-(0 'g')).toString() & (-0.4).highBoundary(0).toString()",
        ["0.00 'g'0"],
    ),
    ("16.log(2)", [Decimal(4)]),
    ("2.power(10) | 2.5.power(2)", [1024, Decimal("6.25")]),
    ("(-1).power(0.5) | (-1).sqrt() | 0.ln() | 2.power(100000)", NONE),
    ("81.sqrt() = 9 and 0.exp() = 1 and 1.ln() = 0", T),
]
CONVERSIONS: list[Case] = [
    ("'YES'.toBoolean() and '0'.toBoolean().not() and 1.0.toBoolean()", T),
    ("2.toBoolean()", NONE),
    ("'+7'.toInteger() | '7.0'.toInteger() | true.toInteger()", [7, 1]),
    ("'9999999999'.toInteger()", NONE),
    ("'1.50'.toDecimal()", [Decimal("1.50")]),
    ("1.50.toString() & true.toString() & 1 'mg'.toString()", ["1.50true1 'mg'"]),
    ("2 weeks.toString()", ["2 weeks"]),
    ("'2020-02-30'.toDate()", NONE),
    ("@2020-01-02T10:00:00Z.toDate()", ["2020-01-02"]),
    ("'2020-01-02'.toDateTime()", ["2020-01-02"]),
    ("'T10:30'.toTime()", ["10:30"]),
    ("'25:00'.toTime()", NONE),
    ("'4 days'.toQuantity() = 4 days and '1 wk'.toQuantity().empty()", T),
    ("1.convertsToQuantity('1') and 'x'.convertsToInteger().not()", T),
    ("4 'g'.toQuantity('mg').toString()", ["4000 'mg'"]),
    (
        "250 'mg'.toQuantity('g').toString() & 2 weeks.toQuantity('days').toString()",
        ["0.250 'g'14 days"],
    ),
    (
        "1 year.toQuantity('months').toString() & 1 year.toQuantity('d').toString()",
        ["12 months365 'd'"],
    ),
    (
        "'90 minutes'.toQuantity('hour').toString() & 2.toQuantity('1').toString()",
        ["1.5 hours2 '1'"],
    ),
    ("1 'x'.toQuantity('x').toString() & 36 hours.toQuantity('day').toString()", ["1 'x'1.5 days"]),
    (
        "1.toQuantity('mg') | 1 'x'.toQuantity('mg') | 1 'g'.toQuantity(1) | 1 day.toQuantity('')",
        NONE,
    ),
    ("1 'g'.convertsToQuantity('mg') and 1 'g'.convertsToQuantity('s').not()", T),
    ("4 'g'.toQuantity('mg').exists() and 4 'g'.toQuantity('s').empty()", T),
    ("'1'.convertsToBoolean() and '14:34'.convertsToTime() and {}.convertsToDate().empty()", T),
]
TREES: list[Case] = [
    ("contact.children().count()", [2]),
    ("contact.descendants().count()", [5]),
    ("birthDate.children().url", ["http://example.org/time"]),
    ("descendants().ofType(Organization).name", ["Acme"]),
    ("name[2].given.select(hasValue())", [True, False]),
    ("name[2].given.last().getValue()", NONE),
    ("name[2].given.id", ["x"]),
    ("birthDate.extension('http://example.org/time').value", ["1974-12-25T14:35:45Z"]),
    ("birthDate.extension('http://example.org/other')", NONE),
]
BOUNDARIES: list[Case] = [
    ("1.587.lowBoundary(2) | 1.587.highBoundary(2)", [Decimal("1.58"), Decimal("1.59")]),
    ("(-1.587).lowBoundary()", [Decimal("-1.58750000")]),
    ("1.587.lowBoundary(32)", NONE),
    ("@2020.highBoundary(6) | @2020-02.highBoundary()", ["2020-12", "2020-02-29"]),
    ("@2020-01-01T08.lowBoundary()", ["2020-01-01T08:00:00.000+14:00"]),
    ("@2020-01-01T08.highBoundary()", ["2020-01-01T08:59:59.999-12:00"]),
    ("@T10:30.highBoundary()", ["10:30:59.999"]),
    ("@T10:30:15.lowBoundary(4)", ["10:30"]),
    ("1.58700.precision() | @2014.precision() | @T10:30:00.000.precision()", [5, 4, 9]),
    ("@2014-01-05T10:30:00.precision() | @2014-01-05T10:30:00.000.precision()", [14, 17]),
]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [*EXISTENCE, *SUBSETS, *STRINGS, *MATH, *CONVERSIONS, *TREES, *BOUNDARIES],
)
def test_a_function_gives(expression: str, expected: list[Any]) -> None:
    assert values(expression, long="2020-01-02" * 2000 + "x") == expected


NOON = datetime(2024, 2, 29, 12, 30, 15, 250_000, tzinfo=timezone.utc)


def test_the_time_is_the_same_all_along() -> None:
    environment = Environment(now=NOON)
    expressions = ("now()", "today()", "timeOfDay()")
    found = [compile_expression(e).evaluate(Node(PATIENT), environment) for e in expressions]

    assert [each[0].value for each in found] == [
        "2024-02-29T12:30:15.250+00:00",
        "2024-02-29",
        "12:30:15.250",
    ]


def test_without_a_time_it_is_that_of_the_first_use() -> None:
    environment = Environment()
    first = compile_expression("now()").evaluate(Node(PATIENT), environment)
    second = compile_expression("{} | now()").evaluate(Node(PATIENT), environment)

    assert first[0].value == second[0].value


def test_what_is_traced_is_told_and_passed_on() -> None:
    seen: list[tuple[str, list[Any]]] = []
    environment = Environment(
        trace=lambda name, nodes: seen.append((name, [n.value for n in nodes]))
    )
    expression = compile_expression("name.trace('uses', use).given.trace('given').count()")
    found = expression.evaluate(Node(PATIENT), environment)

    assert found[0].value == 5
    assert [name for name, _ in seen] == ["uses", "given"]
    assert seen[0][1] == ["official", "usual", "maiden"]

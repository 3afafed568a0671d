"""Language tags, media types and units are composed by grammars."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pymedplum_runtime.terminology.grammars import LANGUAGES, MEDIA_TYPES, UNITS, fits
from pymedplum_runtime.terminology.language_tags import is_language_tag
from pymedplum_runtime.terminology.media_types import is_media_type
from pymedplum_runtime.terminology.ucum import dimension, is_commensurable, is_unit
from pymedplum_runtime.terminology.ucum_symbols import METRIC, PREFIXES
from pymedplum_runtime.terminology.ucum_symbols import UNITS as SYMBOLS


@pytest.mark.parametrize(
    "tag",
    [
        "en",
        "EN-us",
        "es-419",
        "zh-Hans-CN",
        "zh-cmn-Hans",
        "sl-rozaj-biske",
        "de-CH-1996",
        "en-a-bbb-x-a-ccc",
        "sr-Latn-RS-u-co-standard",
        "x-whatever",
        "tlh",
        "i-klingon",
        "en-GB-oed",
        "sgn-BE-FR",
        "qaa-Qaaa-QM-x-southern",
    ],
)
def test_language_tags_follow_bcp_47(tag: str) -> None:
    assert is_language_tag(tag)


@pytest.mark.parametrize(
    "tag",
    ["", "e", "xx", "xx-US", "english", "engl", "en_US", "en-", "-en", "en--US", "en-US-GB", "a-b",
     "en-Latn-Cyrl", "x", "x-", "en-x", "en US", "en\n", "én", "419", "i-unheard"],
)  # fmt: skip
def test_what_is_no_language_tag_is_refused(tag: str) -> None:
    assert not is_language_tag(tag)


@pytest.mark.parametrize(
    ("tag", "part"),
    [
        ("zh-cmn", "ext-lang"),
        ("zh-Hans", "script"),
        ("en-US", "region"),
        ("de-1996", "variant"),
        ("en-u-co-standard", "extension"),
        ("en-x-mine", "private-use"),
        ("x-mine", "private-use"),
        ("i-klingon", "variant"),
    ],
)
def test_a_tag_may_have_to_do_without_a_part(tag: str, part: str) -> None:
    others = {"ext-lang", "script", "region", "variant", "extension", "private-use"} - {part}

    assert is_language_tag(tag)
    assert not is_language_tag(tag, frozenset({part}))
    if tag[1] != "-":
        assert is_language_tag(tag, frozenset(others))


@pytest.mark.parametrize(
    "code",
    ["text/plain", "text/plain; charset=utf-8", "text/plain;charset=utf-8;format=flowed",
     "application/fhir+json", "application/vnd.ms-excel", "image/svg+xml", "audio/3gpp2",
     'multipart/mixed; boundary="a b"', "application/x-foo", "xml", "json", "ttl"],
)  # fmt: skip
def test_media_types_follow_bcp_13(code: str) -> None:
    assert is_media_type(code)


@pytest.mark.parametrize(
    "code",
    ["", "pdf", "text/", "/plain", "text/plain/x", "text plain", "text/plain;", "a/b; c",
     "text/plain charset=utf-8", 'a/b; c="d', "a/b\n", "tëxt/plain", ".a/b"],
)  # fmt: skip
def test_what_is_no_media_type_is_refused(code: str) -> None:
    assert not is_media_type(code)


@pytest.mark.parametrize(
    "code",
    ["1", "m", "mm[Hg]", "mg/dL", "10*3/uL", "10*-3", "10^9/L", "/min", "kg/m2", "m.s-2", "%",
     "{score}", "{clock time}", "/100{WBCs}", "mL/min/{1.73_m2}", "mg{creat}/(24.h)", "[in_i'H2O]",
     "cm[H2O]/L/s", "[degF]", "Cel", "mol/kg/s", "ug/kg/h", "m[IU]/mL", "B[10.nV]", "KiBy", "dar",
     "kat", "[m/s2/Hz^(1/2)]", "(m/s).(kg)", "((m))", "{a}/m", "2.m", "cal_[15]", "''", "'"],
)  # fmt: skip
def test_units_follow_ucum(code: str) -> None:
    assert is_unit(code)


@pytest.mark.parametrize(
    "code",
    ["", "mgs", "mg//dL", "mg/", "/", ".", "(", ")", "()", "m)", "(m", "m(s)", "()m", "m..s", "2.",
     "mg dL", " m", "m\n", "m{a}{b}", "{a}m", "m{", "m}", "m{a{b}}", "-1", "m--2", "m+-2", "2m",
     "(m)2", "k[in_i]", "kk", "kkg", "mmHg", "cc", "mcg", "°C", "µg", "m²", "[", "[]", "[x]",
     "Y", "(/m)", "m=s", "mTorr"],
)  # fmt: skip
def test_what_is_no_unit_is_refused(code: str) -> None:
    assert not is_unit(code)


def test_the_symbols_are_as_many_as_ucum_has() -> None:
    assert (len(SYMBOLS), len(METRIC), len(PREFIXES)) == (313, 96, 24)
    assert METRIC.issubset(SYMBOLS)


@pytest.mark.parametrize(
    ("code", "same"),
    [
        ("min", "a"),
        ("ms", "s"),
        ("d{work}", "a"),
        ("/Hz", "s"),
        ("m/(m/s)", "s"),
        ("[in_i]", "m"),
        ("kPa", "mm[Hg]"),
        ("N.m", "J"),
        ("N/m2", "Pa"),
        ("kg.(m/s)/s", "N"),
        ("m2.m-2", "%"),
        ("a/b.b", "a"),
    ],
)
def test_units_that_measure_the_same_are_commensurable(code: str, same: str) -> None:
    assert is_commensurable(code, same)


@pytest.mark.parametrize(
    ("code", "other"), [("m", "a"), ("/s", "s"), ("s2", "s"), ("m/m/s", "s"), ("mgs", "mgs")]
)
def test_units_that_measure_something_else_are_not(code: str, other: str) -> None:
    assert not is_commensurable(code, other)


def test_an_exponent_may_have_many_digits() -> None:
    assert dimension("m" + "9" * 900) is not None


_ATOMS = st.one_of(
    st.sampled_from(sorted(set(SYMBOLS) - {"10*", "10^"})),
    st.sampled_from(sorted(METRIC)),
    st.tuples(st.sampled_from(sorted(PREFIXES)), st.sampled_from(sorted(METRIC))).map("".join),
)
_NOTES = st.text(string.ascii_letters + "#/ .()", max_size=5).map(lambda text: f"{{{text}}}")
_COMPONENTS = st.one_of(
    st.tuples(_ATOMS, st.sampled_from(["", "2", "-1", "+3"]), st.one_of(st.just(""), _NOTES)).map(
        "".join
    ),
    st.integers(0, 999).map(str),
    _NOTES,
)
_TERMS = st.recursive(
    _COMPONENTS,
    lambda terms: st.one_of(
        st.tuples(terms, st.sampled_from("./"), terms).map("".join),
        terms.map(lambda term: f"({term})"),
    ),
    max_leaves=12,
)


@given(_TERMS, st.sampled_from(["", "/"]))
@example("m", "")
def test_everything_that_the_grammar_of_ucum_composes_is_a_unit(term: str, lead: str) -> None:
    assert is_unit(lead + term)


HOSTILE = [
    "(" * 100_000,
    "m" * 100_000,
    "[" * 100_000,
    "{" * 100_000,
    "m." * 50_000,
    "(m." * 300 + "m",
    "10*" * 300,
    "a" + "-aaa" * 100_000,
    "en" + "-12345" * 40 + "!",
    "en" + "-a-bb" * 45 + "-",
    "x" + "-a" * 100_000,
    "a/b" + ";a=b" * 100_000,
    'a/b;a="' + "\\a" * 100_000,
    "a/b;a=" + '"a' * 100_000,
    "a" * 100_000 + "/",
]


@pytest.mark.parametrize("system", [LANGUAGES, MEDIA_TYPES, UNITS])
@pytest.mark.parametrize("code", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_codes_are_refused(system: str, code: str) -> None:
    assert not fits(system, code)


@given(st.text(max_size=60), st.sampled_from([LANGUAGES, MEDIA_TYPES, UNITS]))
def test_any_text_is_judged(text: str, system: str) -> None:
    assert fits(system, text) in (True, False)

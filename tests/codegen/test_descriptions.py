"""FHIR's sentences become docstrings that fit."""

import ast

import pytest

from codegen.ir.text import describe, tidy
from codegen.render.wrap import WIDTH, docstring


def test_the_short_text_describes_an_element() -> None:
    assert describe("A name", "The name that a person is known by.") == "A name"


def test_the_definition_describes_an_element_whose_short_text_lists_codes() -> None:
    assert describe("male | female", "The gender of the person.") == "The gender of the person."


def test_the_definition_describes_an_element_without_a_short_text() -> None:
    assert describe(None, "The gender.") == "The gender."


def test_a_list_of_codes_is_better_than_nothing() -> None:
    assert describe("male | female", None) == "male | female"


def test_an_element_may_have_no_description() -> None:
    assert describe(None, None) == ""


def test_entities_are_decoded_and_white_space_is_folded() -> None:
    assert tidy(" a &lt; b\n\n &amp;  c ") == "a < b & c"


def test_a_short_sentence_stays_on_one_line() -> None:
    assert docstring("A name", 4) == '"""A name"""'


def test_no_line_of_a_docstring_is_longer_than_the_width() -> None:
    texts = [("word " * 60)[:length].strip() for length in range(60, 300)]

    lines = [line for text in texts for line in f"    {docstring(text, 4)}".splitlines()]

    assert max(map(len, lines)) == WIDTH


def test_a_long_sentence_closes_its_quotes_on_a_line_of_their_own() -> None:
    assert docstring("word " * 30, 4).endswith('\n    """')


def test_a_long_url_is_not_broken() -> None:
    url = f"http://example.org/{'a-b/' * 40}"

    assert url in docstring(f"See {url} for more.", 4)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"matches \d+", r"matches \d+"),
        (r"ends in \n", r"ends in \n"),
        ("ends in \\", "ends in \\"),
        ('says "so"', 'says "so" '),
        ('"so" it says', '"so" it says'),
        ('has """ inside', "has ''' inside"),
        ('has """" inside', "has '''\" inside"),
        ("caf\u00e9 \u2013 \u201cso\u201d", "caf\u00e9 \u2013 \u201cso\u201d"),
    ],
)
def test_a_docstring_reads_as_the_sentence_it_was_made_of(text: str, value: str) -> None:
    assert ast.literal_eval(docstring(tidy(text))) == value


@pytest.mark.parametrize("end", ['"', "\\", '""', "'"])
def test_a_wrapped_docstring_may_end_in_anything(end: str) -> None:
    sentence = "word " * 40 + end

    folded = " ".join(ast.literal_eval(docstring(tidy(sentence), 4)).split())

    assert folded == " ".join(sentence.split())

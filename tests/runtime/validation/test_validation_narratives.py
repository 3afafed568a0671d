from typing import Any

import pytest
from made_resources import ada

from pymedplum_runtime.validation import validate

OPENING = '<div xmlns="http://www.w3.org/1999/xhtml">'


def issues(div: Any) -> list[tuple[str, str | None]]:
    """Code and key of each issue of a narrative's text."""
    report = validate(ada(text={"status": "generated", "div": div}))
    assert {i.expression for i in report.issues} <= {"Patient.text.div"}
    return [(i.code, i.key) for i in report.issues]


@pytest.mark.parametrize(
    "inner",
    [
        "words",
        "<p>words</p>",
        '<img src="#x" alt="y"/>',
        '<table border="1"><tbody><tr><td colspan="2">x</td></tr></tbody></table>',
        '<p style="color: red" class="c" xml:lang="en" title="t">x<br/></p>',
        '<a href="https://example.org" name="n">x</a>',
        "a&nbsp;b &lt; &amp; &#x20AC; &euro;",
        "<!-- a comment -->words",
        "<blockquote cite='x'>words</blockquote>",
    ],
)
def test_basic_html_is_good(inner: str) -> None:
    assert issues(f"{OPENING}{inner}</div>") == []


@pytest.mark.parametrize(
    "inner",
    [
        "<script>x</script>",
        "<p onclick='x'>words</p>",
        "<form>x</form>",
        "<iframe src='x'>x</iframe>",
        "<object>x</object>",
        "<p href='x'>words</p>",
        "<h7>x</h7>",
        "<ins>x</ins>",
        "<style>p {}</style>words",
    ],
)
def test_other_elements_and_attributes_break_txt_1(inner: str) -> None:
    assert issues(f"{OPENING}{inner}</div>") == [("invariant", "txt-1")]


@pytest.mark.parametrize("inner", ["", "  \n ", "<p> </p>", "<!-- words -->", "&nbsp;", "<br/>"])
def test_a_narrative_that_shows_nothing_breaks_txt_2(inner: str) -> None:
    assert issues(f"{OPENING}{inner}</div>") == [("invariant", "txt-2")]


@pytest.mark.parametrize(
    "div",
    [
        "words",
        f"{OPENING}<p>words</div>",
        f"{OPENING}words",
        f"{OPENING}words</div>more",
        f"{OPENING}&unheard;</div>",
        f"{OPENING}&</div>",
        "<div>words</div>",
        '<p xmlns="http://www.w3.org/1999/xhtml">words</p>',
        f'<!DOCTYPE div [<!ENTITY x "y">]>{OPENING}&x;</div>',
        f'<!DOCTYPE div SYSTEM "file:///etc/passwd">{OPENING}words</div>',
    ],
)
def test_what_is_no_xhtml_is_an_error(div: str) -> None:
    assert issues(div) == [("structure", None)]


@pytest.mark.parametrize("div", ["", "   ", 7, None])
def test_a_text_without_content_is_reported_once(div: Any) -> None:
    assert issues(div) == [("value", None)]


def test_narratives_are_read_from_the_level_base_on() -> None:
    script = ada(text={"status": "generated", "div": f"{OPENING}<script/>x</div>"})

    assert validate(script, level="structure").ok
    assert not validate(script, level="base").ok

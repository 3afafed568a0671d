"""Docstrings in Google's style, within the width of the file."""

from codegen.ir.api import Argument
from codegen.ir.api_docs import WIDTH, Texts, docstring, first_sentence, long_lines

PLAIN = Texts("Do it.", "", "", (), "")


def said(text: str, *arguments: Argument, example: str = "", **facts: str) -> tuple[str, ...]:
    texts = Texts(text, facts.get("description", ""), facts.get("result", ""), (), "")
    return docstring(texts, arguments, example)


def test_a_summary_alone_stays_on_its_line() -> None:
    assert docstring(PLAIN, (), "") == ("Do it.",)


def test_a_summary_that_leaves_no_room_for_the_quotation_marks_is_closed_on_the_next_line() -> None:
    assert said("x" * (WIDTH - 6)) == ("x" * (WIDTH - 6),)
    assert said("x" * (WIDTH - 5)) == ("x" * (WIDTH - 5), "")


def test_every_section_is_there_when_it_has_something() -> None:
    texts = Texts("Do it.", "More.", "What.", (("ValueError", "It is bad."),), "")
    arguments = [
        Argument("a", "int", None, "The first."),
        Argument("more", "Any", None, "The rest.", "keywords"),
    ]

    assert "\n".join(docstring(texts, arguments, "client.do(1)\n\nclient.do(2)")) == (
        "Do it.\n\nMore.\n\n"
        "Args:\n    a: The first.\n    **more: The rest.\n\n"
        "Returns:\n    What.\n\n"
        "Raises:\n    ValueError: It is bad.\n\n"
        "Example:\n    ```python\n    client.do(1)\n\n    client.do(2)\n    ```\n"
    )


def test_everything_is_wrapped() -> None:
    long = "word " * 60
    lines = said(long, Argument("a", "int", None, long), description=long, result=long)

    assert max(len(line) for line in lines) <= WIDTH
    assert len(lines[0]) <= WIDTH - 3
    start = lines.index("Args:")
    assert [line[:8] for line in lines[start + 1 : start + 3]] == ["    a: w", "        "]


def test_paragraphs_and_lists_of_a_description_are_kept() -> None:
    description = "One\nparagraph.\n\n- an item\n  that goes on\n- another\n\nThe end."

    assert said("Do it.", description=description)[2:-1] == (
        "One paragraph.",
        "",
        "- an item that goes on",
        "- another",
        "",
        "The end.",
    )


def test_backslashes_and_quotation_marks_survive_in_a_docstring() -> None:
    lines = said("A \\d.", example='client.graphql("""\n{ a }\n""")')

    assert lines[0] == r"A \\d."
    assert "    client.graphql('''" in lines


def test_lines_of_an_example_that_do_not_fit_are_numbered() -> None:
    assert list(long_lines("short\n" + "x" * (WIDTH - 4) + "\n" + "x" * (WIDTH - 1))) == [(3, 3)]


def test_a_specification_s_paragraph_is_cut_to_its_first_sentence() -> None:
    assert first_sentence("The date, e.g. today. It is\noptional.") == "The date, e.g. today."
    assert first_sentence("No  full stop") == "No full stop."
    assert first_sentence("") == ""

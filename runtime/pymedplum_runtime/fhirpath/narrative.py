"""What a narrative may hold: the basic elements of XHTML, no scripts, no forms, some content.

Source: https://hl7.org/fhir/R4/narrative.html#xhtml
"""

import re

_ELEMENT_NAMES = """
    a abbr acronym address b big blockquote br caption center cite code col colgroup dd del dfn
    dir div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li map area menu ol p pre q s samp
    small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var nobr
"""
_ATTRIBUTE_NAMES = """
    abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign
    char charoff charset cite class color cols colspan compact coords dir face frame headers
    height href hreflang hspace id lang longdesc name nowrap rel rev rowspan rows rules scope
    shape size span src start style summary tabindex title type usemap valign value vspace
    width xml:lang xmlns xml:space xml:id xsi:schemalocation
"""
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_MARKUP = re.compile(r"<!--.*?-->|<([^<>]*)>|[<>]", re.DOTALL)
_NAME = re.compile(r"/?\s*([A-Za-z][A-Za-z0-9:]*)")
_ATTRIBUTE = re.compile(r"\s+([A-Za-z_][A-Za-z0-9_.:-]*)\s*=\s*(\"[^\"]*\"|'[^']*')")
_SCHEMES = ("javascript:", "vbscript:", "data:text")
_MOST_LEVELS = 1000


def is_safe(text: str) -> bool:
    """Tell whether a narrative is a `div` of what FHIR allows, well nested and with content."""
    open_names: list[str] = []
    has_content, at, is_started = False, 0, False
    for markup in _MARKUP.finditer(text):
        between = text[at : markup.start()].strip()
        at = markup.end()
        if between and not open_names:
            return False
        has_content = has_content or bool(between)
        if markup.group().startswith("<!--"):
            continue
        tag = markup[1]
        name = _tag_name(tag) if tag else None
        if tag is None or name is None or (is_started and not open_names):
            return False
        if not is_started and name != "div":
            return False
        is_started = True
        has_content = has_content or name == "img"
        if not _nested(open_names, tag, name):
            return False
    return is_started and not open_names and has_content and not text[at:].strip()


def _nested(open_names: list[str], tag: str, name: str) -> bool:
    """Open or close an element; false where it was not open, or there are too many."""
    if tag.startswith("/"):
        return bool(open_names) and open_names.pop() == name
    if not tag.rstrip().endswith("/"):
        open_names.append(name)
    return len(open_names) <= _MOST_LEVELS


def _tag_name(tag: str) -> str | None:
    """Return the name of a tag, or None where it or an attribute is not allowed."""
    match = _NAME.match(tag)
    if match is None or match[1].lower() not in _ELEMENTS:
        return None
    at = match.end()
    while (attribute := _ATTRIBUTE.match(tag, at)) is not None:
        name, value = attribute.groups()
        if name.lower() not in _ATTRIBUTES:
            return None
        if value[1:-1].strip().lower().startswith(_SCHEMES):
            return None
        at = attribute.end()
    return match[1].lower() if tag[at:].strip() in ("", "/") else None

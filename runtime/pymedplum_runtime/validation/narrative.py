"""The XHTML of narratives: well formed, and nothing in it that FHIR does not allow.

https://hl7.org/fhir/R4/narrative.html#xhtml. One pass of expat, which takes linear time; document
types, and with them entities of one's own, are refused.
"""

from typing import NamedTuple

XHTML = "http://www.w3.org/1999/xhtml"


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# HTML 4.0, chapters 7 to 11 without 9.4, and 15; anchors and images.
_ELEMENTS = _names(
    "a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div"
    " dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li map ol p pre q samp small span strong sub sup"
    " table tbody td tfoot th thead tr tt ul var"
)
_ATTRIBUTES = _names(
    "abbr accesskey align axis char charoff class colspan dir headers id lang xml:lang rowspan"
    " scope span style tabindex title valign width xmlns"
)
_OWN = {
    "a": "charset coords href hreflang name rel rev shape type",
    "area": "alt coords href nohref shape",
    "blockquote": "cite",
    "img": "alt border height ismap longdesc src usemap width",
    "map": "name",
    "pre": "space xml:space",
    "q": "cite",
    "table": "border cellpadding cellspacing frame rules summary width",
    "td": "nowrap",
    "th": "nowrap",
}
_ALLOWED = {name: _ATTRIBUTES | _names(own) for name, own in _OWN.items()}


class Reading(NamedTuple):
    """What a narrative's text turned out to be."""

    fault: str | None
    """Why it is no XHTML at all."""
    is_basic: bool
    """Whether it holds only elements and attributes that FHIR allows: `txt-1`."""
    has_content: bool
    """Whether it says or shows anything: `txt-2`."""


class _Unfit(Exception):  # noqa: N818 - never seen outside
    pass


def read_narrative(text: str) -> Reading:
    """Read the text of a `div`."""
    from xml.parsers import expat  # noqa: PLC0415 - only for resources with a narrative

    watch = _Watch()
    parser = expat.ParserCreate()
    parser.UseForeignDTD()  # HTML's entities are known by name, not declared
    parser.StartElementHandler = watch.start
    parser.CharacterDataHandler = watch.characters
    parser.SkippedEntityHandler = watch.entity
    parser.StartDoctypeDeclHandler = watch.refuse
    parser.EntityDeclHandler = watch.refuse
    try:
        parser.Parse(text.encode(), True)  # noqa: FBT003 - the last piece; positional only
    except (expat.ExpatError, _Unfit, UnicodeEncodeError):
        return Reading("expected well-formed XHTML", is_basic=True, has_content=True)
    if not watch.is_div:
        fault = f"expected a div of XHTML: <div xmlns='{XHTML}'>"
        return Reading(fault, is_basic=True, has_content=True)
    return Reading(None, watch.is_basic, watch.has_content)


class _Watch:
    """Notes what expat meets."""

    def __init__(self) -> None:
        self.is_div = False
        self.is_basic = True
        self.has_content = False
        self._begun = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._begun:
            self._begun = True
            self.is_div = name == "div" and attributes.get("xmlns") == XHTML
        allowed = _ALLOWED.get(name, _ATTRIBUTES)
        if name not in _ELEMENTS or not allowed.issuperset(attributes):
            self.is_basic = False
        if name == "img":
            self.has_content = True

    def characters(self, text: str) -> None:
        if not self.has_content and not text.isspace():
            self.has_content = True

    def entity(self, name: str, is_parameter: bool) -> None:  # noqa: FBT001 - expat's signature
        from html.entities import name2codepoint  # noqa: PLC0415 - seldom needed

        if is_parameter or name not in name2codepoint:
            raise _Unfit
        if not chr(name2codepoint[name]).isspace():
            self.has_content = True

    def refuse(self, *_: object) -> None:
        raise _Unfit

"""Language tags: BCP 47, https://www.rfc-editor.org/rfc/rfc5646#section-2.1.

A tag is well-formed when the grammar has it. Of the registry only this is known: the languages of
two letters, of which there will be no more, and that none has four letters or more.
"""

import re

# The names that FHIR's filters have for the parts of a tag, by the groups of the expression.
# https://hl7.org/fhir/R4/terminologies-systems.html, https://hl7.org/fhir/R4/codesystem-bcp47.html
_GROUPS = {
    "ext-lang": "extlang",
    "script": "script",
    "region": "region",
    "variant": "variant",
    "extension": "extension",
    "private-use": "private",
}
PARTS = frozenset(_GROUPS)

_TAG = re.compile(
    r"""
    (?:(?P<language>[a-z]{2,3})
       (?P<extlang>(?:-[a-z]{3}(?![a-z0-9])){1,3})?
       (?P<script>-[a-z]{4}(?![a-z0-9]))?
       (?P<region>-(?:[a-z]{2}|[0-9]{3})(?![a-z0-9]))?
       (?P<variant>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3})(?![a-z0-9]))+)?
       (?P<extension>(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)+)?
       (?P<private>-x(?:-[a-z0-9]{1,8})+)?
     | x(?:-[a-z0-9]{1,8})+
    )
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)

# The tags that were registered before the grammar, and do not follow it.
_REGISTERED_TEXT = """
art-lojban cel-gaulish en-gb-oed i-ami i-bnn i-default i-enochian i-hak i-klingon i-lux i-mingo
i-navajo i-pwn i-tao i-tay i-tsu sgn-be-fr sgn-be-nl sgn-ch-de
"""

# ISO 639-1, with the codes that it withdrew.
_ISO_639_1 = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id
ie ig ii ik in io is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li
ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa
pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th
ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""

_REGISTERED = frozenset(_REGISTERED_TEXT.split())
_TWO_LETTERS = frozenset(_ISO_639_1.split())

_LONGEST = 255  # characters; no limit of the grammar


def is_language_tag(code: str, absent: frozenset[str] = frozenset()) -> bool:
    """Tell whether a code is a well-formed language tag without the parts that are named.

    Example:
        >>> is_language_tag("de-CH"), is_language_tag("de-Latn", frozenset({"script"}))
        (True, False)
    """
    if len(code) > _LONGEST:
        return False
    if code.lower() in _REGISTERED:
        return not absent
    match = _TAG.fullmatch(code)
    if match is None or any(match[_GROUPS[part]] for part in absent):
        return False
    language = match["language"]
    if language is None:  # all of it is private use
        return not absent
    return len(language) > 2 or language.lower() in _TWO_LETTERS  # noqa: PLR2004 - ISO 639-1

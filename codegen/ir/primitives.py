"""The primitive types: FHIR's regexes, ranges, and the rules its text adds to them.

The published regexes leave out what the specification says in words (a date is a day of the
calendar, a code has single spaces, a string has some content). Those sharper patterns stand here,
with their source; everything else is read from the definitions.
"""

from codegen.cuts import FHIR_TYPE, REGEX
from codegen.ir.types import Primitive, PythonType
from codegen.load import Json, Source
from codegen.problems import Problem

# Not a FHIR type: the id of a resource that HL7 itself names beyond 64 characters.
LONG_ID = "longId"
SYSTEM = "http://hl7.org/fhirpath/System."

# https://hl7.org/fhir/R4/datatypes.html#string: no control characters but tab, CR and LF; not
# empty. https://hl7.org/fhir/R4/xml.html: some content that is not white space.
_BLANK = r"\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_TEXT = rf"[{_BLANK}]*[^\x00-\x20{_BLANK}][^\x00-\x08\x0b\x0c\x0e-\x1f]*"

# https://hl7.org/fhir/R4/datatypes.html#date: "the dates SHALL be valid dates".
_YEAR = r"(?:[0-9](?:[0-9](?:[0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_LEAP = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    rf"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_MONTH = rf"{_YEAR}-(?:0[1-9]|1[0-2])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"

# https://hl7.org/fhir/R4/datatypes.html#base64Binary: white space may stand between characters.
_B64 = r"[A-Za-z0-9+/]\s*"
_B64_END = rf"(?:{_B64}{_B64}=\s*=\s*|{_B64}{_B64}{_B64}=\s*)"
_BASE64 = rf"\s*(?:(?:{_B64}{_B64}{_B64}{_B64})+{_B64_END}?|{_B64_END})"

# A pattern for what the words say, and the expectation in words, for error messages.
_RULES: dict[str, tuple[str | None, str]] = {
    "base64Binary": (_BASE64, "base64 text"),
    "boolean": (None, "true or false"),
    "canonical": (r"\S+", "a URI without spaces"),
    "code": (r"[^\s]+(?: [^\s]+)*", "a code: no leading, trailing or double spaces"),
    "date": (rf"{_YEAR}|{_MONTH}|{_DAY}", "a date: YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": (
        rf"{_YEAR}|{_MONTH}|{_DAY}(?:T{_CLOCK}{_ZONE})?",
        "a dateTime: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz",
    ),
    "decimal": (None, "a decimal number"),
    "id": (None, "an id: 1 to 64 letters, digits, '-' and '.'"),
    "instant": (rf"{_DAY}T{_CLOCK}{_ZONE}", "an instant: YYYY-MM-DDThh:mm:ss+zz:zz"),
    "integer": (None, "a whole number"),
    "integer64": (r"[0]|[-+]?[1-9][0-9]*", "a whole number written as text"),
    LONG_ID: (r"[A-Za-z0-9\-.]+", "an id: letters, digits, '-' and '.'"),
    "markdown": (_TEXT, "text with some content and no control characters"),
    "oid": (None, "an OID: urn:oid:1.2.3"),
    "positiveInt": (None, "a whole number from 1"),
    "string": (_TEXT, "text with some content and no control characters"),
    "time": (None, "a time: hh:mm:ss"),
    "unsignedInt": (None, "a whole number from 0"),
    "uri": (r"\S+", "a URI without spaces"),
    "url": (r"\S+", "a URI without spaces"),
    "uuid": (None, "a UUID: urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
    "xhtml": (_TEXT, "text with some content and no control characters"),
}

_PYTHON: dict[str, PythonType] = {
    "boolean": "bool",
    "integer": "int",
    "unsignedInt": "int",
    "positiveInt": "int",
    "decimal": "Decimal",
}
# https://hl7.org/fhir/R4/datatypes.html#integer: 32 bits, signed.
_LOWEST = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_HIGHEST = 2**31 - 1
# https://hl7.org/fhir/R4/datatypes.html#string: at most 1 MB (1024*1024 characters).
_LONGEST = {"string": 2**20, "markdown": 2**20}


def build_primitives(
    sources: list[Source], borrowed: dict[str, str]
) -> tuple[tuple[Primitive, ...], list[Problem]]:
    """Give every primitive type of a FHIR release, with those borrowed from a later one."""
    problems: list[Problem] = []
    built: list[Primitive] = []
    for source in sources:
        name = source.json["name"]
        if name in _RULES:
            regex = _published_regex(source.json)
            built.append(_primitive(name, regex, is_extensible=_is_extensible(source.json)))
        else:
            problems.append(
                Problem(source.file, name, "is a primitive type without rules; add it to _RULES")
            )
    known = {p.name for p in built}
    built += [_primitive(name, None) for name in borrowed if name not in known]
    return tuple(sorted(built, key=lambda p: p.name)), problems


def _primitive(name: str, published: str | None, *, is_extensible: bool = True) -> Primitive:
    pattern, expectation = _RULES[name]
    python = _PYTHON.get(name, "str")
    if python == "str":
        pattern = f"^(?:{pattern or published})$"
    return Primitive(
        name=name,
        is_extensible=is_extensible,
        python=python,
        pattern=pattern if python == "str" else None,
        minimum=_LOWEST.get(name),
        maximum=_HIGHEST if python == "int" else None,
        max_length=_LONGEST.get(name),
        expectation=expectation,
    )


def _published_regex(definition: Json) -> str | None:
    for element in definition["element"]:
        for type_ in element.get("type", ()):
            for extension in type_.get("extension", ()):
                if extension["url"] == REGEX:
                    return str(extension["valueString"])
    return None


def _is_extensible(definition: Json) -> bool:
    """Tell whether values may have extensions, and with them a sibling: XHTML may not."""
    extension = f"{definition['name']}.extension"
    return all(e.get("max") != "0" for e in definition["element"] if e["path"] == extension)


def system_type(type_: Json) -> str | None:
    """The FHIR type behind a FHIRPath system type, which is how definitions spell `id` and `url`.

    R4 says `string` there even for `Resource.id`; the caller knows better.
    """
    code = type_.get("code", "")
    if not code.startswith(SYSTEM):
        return None
    for extension in type_.get("extension", ()):
        if extension["url"] == FHIR_TYPE:
            return str(extension.get("valueUrl") or extension.get("valueUri"))
    return {"String": "string", "Boolean": "boolean", "Integer": "integer"}.get(
        code.removeprefix(SYSTEM), "string"
    )

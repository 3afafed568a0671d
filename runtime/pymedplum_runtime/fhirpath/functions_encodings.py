"""Functions that encode and escape texts.

Source: https://hl7.org/fhirpath/2018Sep/index.html and https://build.fhir.org/ig/HL7/FHIRPath/
"""

import html
import json
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping

from pymedplum_runtime.fhirpath.arithmetic import text_node
from pymedplum_runtime.fhirpath.code import NOTHING, Scope
from pymedplum_runtime.fhirpath.functions import Function
from pymedplum_runtime.fhirpath.functions_strings import text_of
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Fault

Change = Callable[[str], str]


def _by_name(changes: Mapping[str, Change]) -> Function:
    def give(items: list[Node], _: Scope, named: list[Node]) -> list[Node]:
        text, name = text_of(items), text_of(named)
        if text is None or name is None:
            return NOTHING
        if name not in changes:
            raise Fault(f"the encoding must be one of {', '.join(changes)}")
        try:
            return text_node(changes[name](text))
        except ValueError:  # binascii.Error and UnicodeDecodeError are, and quote the text
            return NOTHING

    return Function("items", give, 1, 1)


def _escaped_html(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&#39;")


def _unescaped_json(text: str) -> str:
    if '"' in text.replace('\\"', ""):
        return text  # not escaped at all
    found: str = json.loads(f'"{text}"')
    return found


FUNCTIONS = {
    "encode": _by_name(
        {
            "base64": lambda text: b64encode(text.encode()).decode(),
            "urlbase64": lambda text: urlsafe_b64encode(text.encode()).decode(),
            "hex": lambda text: text.encode().hex(),
        }
    ),
    "decode": _by_name(
        {
            "base64": lambda text: b64decode(text, validate=True).decode(),
            "urlbase64": lambda text: urlsafe_b64decode(text).decode(),
            "hex": lambda text: bytes.fromhex(text).decode(),
        }
    ),
    "escape": _by_name(
        {"html": _escaped_html, "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1]}
    ),
    "unescape": _by_name({"html": html.unescape, "json": _unescaped_json}),
}

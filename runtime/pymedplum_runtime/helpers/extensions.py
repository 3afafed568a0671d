"""Reading and changing the `extension` list of any element, dict or model.

https://hl7.org/fhir/R4/extensibility.html. Values are read in FHIR JSON from models too, so that
the same code works on both; whole extensions are returned as they are stored. Changes are made in
place: a dict gets a new list under `extension`, a model a validated assignment.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, cast

from pymedplum_runtime.helpers.members import (
    FHIRData,
    choice,
    choice_value,
    entries,
    is_data,
    member,
    members_of,
    require_data,
)
from pymedplum_runtime.helpers.open_types import value_name
from pymedplum_runtime.helpers.serialization import to_fhir_json


def get_extension(element: FHIRData | None, url: str) -> Any:  # noqa: ANN401 - a dict or a model
    """Return the first extension with a URL as it is stored, or `None`."""
    return next(iter(get_extensions(element, url)), None)


def get_extensions(element: FHIRData | None, url: str) -> list[Any]:
    """Return every extension with a URL, as they are stored."""
    return [entry for entry in _extensions(element) if _url(entry) == url]


def get_extension_value(element: FHIRData | None, url: str) -> Any:  # noqa: ANN401 - any FHIR value
    """Return the `value[x]` of the first extension with a URL, in FHIR JSON.

    Returns:
        The value; `None` where there is no such extension, or where it has nested extensions
        instead, which `get_nested_value` reads.
    """
    extension = get_extension(element, url)
    return None if extension is None else choice_value(members_of(extension))


def get_nested_value(extension: FHIRData | None, child_url: str) -> Any:  # noqa: ANN401 - any FHIR value
    """Return the `value[x]` of the first nested extension with a URL, in FHIR JSON.

    Args:
        extension: a complex extension; `None`, as `get_extension` may return, has no value.
        child_url: the nested extension's URL, often a plain word such as `start`.

    Example:
        >>> period = {"url": "https://x.org/p", "extension": [{"url": "n", "valueInteger": 1}]}
        >>> get_nested_value(period, "n")
        1
    """
    return get_extension_value(extension, child_url)


def set_extension(element: FHIRData, url: str, **value_x: object) -> None:
    """Give an element one extension with a URL, instead of all that it had with it.

    Args:
        element: the dict or model to change.
        url: the extension's URL.
        **value_x: exactly one value, such as `value_string="x"` or `valueString="x"`.

    Raises:
        TypeError: the element is neither a dict nor a model.
        ValueError: not exactly one value, no such `value[x]`, or `None`; a model also refuses
            what does not fit the type.

    Example:
        >>> set_extension(patient, "https://example.org/vip", value_boolean=True)
    """
    require_data(element)
    if len(value_x) != 1:
        raise ValueError(f"expected exactly one value, such as value_string=; got {len(value_x)}")
    [(keyword, value)] = value_x.items()
    name = value_name(keyword)
    if value is None:
        raise ValueError("the value must not be None; remove_extension takes an extension away")
    stored = _plain(value) if isinstance(element, dict) else value
    _replace(element, {"url": url, name: stored}, lambda entry: _url(entry) == url)


def upsert_extension(element: FHIRData, extension: FHIRData, *, key_url: str) -> None:
    """Put an extension in the place of the one with the same key, or at the end.

    Two extensions have the same key when their URLs are equal and so are the values of their
    nested extensions with `key_url`. Without such a nested extension the URL `key_url` is the
    key: pass the extension's own URL to keep one extension per URL. Further extensions with the
    same key are dropped.

    Args:
        element: the dict or model to change.
        extension: the whole extension.
        key_url: the URL of the nested extension that tells the extensions of one URL apart.

    Raises:
        TypeError: the element or the extension is neither a dict nor a model.
        ValueError: the extension has no URL, or a model refuses it.

    Example:
        >>> upsert_extension(patient, membership, key_url="plan-id")
    """
    require_data(element)
    require_data(extension)
    url, key = _url(extension), _nested_choice(extension, key_url)
    if url is None:
        raise ValueError("the extension has no url")
    stored = to_fhir_json(extension) if isinstance(element, dict) else extension

    def has_same_key(entry: object) -> bool:
        if key is None:
            return _url(entry) == key_url
        return _url(entry) == url and _nested_choice(entry, key_url) == key

    _replace(element, stored, has_same_key)


def remove_extension(element: FHIRData, url: str) -> bool:
    """Take every extension with a URL away.

    Returns:
        Whether there was one.

    Raises:
        TypeError: the element is neither a dict nor a model.
    """
    require_data(element)
    before = _extensions(element)
    kept = [entry for entry in before if _url(entry) != url]
    if len(kept) == len(before):
        return False
    _store(element, kept)
    return True


def _extensions(element: FHIRData | None) -> list[Any]:
    if element is not None:
        require_data(element)
    return entries(member(element, "extension"))


def _url(extension: object) -> str | None:
    url = member(extension, "url")
    return url if isinstance(url, str) and url else None


def _nested_choice(extension: object, child_url: str) -> tuple[str, Any] | None:
    """Return the name and JSON value of a nested `value[x]`: `1` and `true` are not the same."""
    if not is_data(extension):
        return None
    child = get_extension(extension, child_url)
    name, value = choice({} if child is None else to_fhir_json(child))
    return (name, value) if name else None


def _replace(element: FHIRData, extension: object, is_replaced: Callable[[object], bool]) -> None:
    before = _extensions(element)
    places = [place for place, entry in enumerate(before) if is_replaced(entry)]
    at = places[0] if places else len(before)
    after = [entry for entry in before[at:] if not is_replaced(entry)]
    _store(element, [*before[:at], extension, *after])


def _store(element: FHIRData, extensions: list[Any]) -> None:
    """Store the list; FHIR JSON has no empty lists."""
    changed = cast("Any", element)  # a dict, or a model that has an extension to assign
    if not isinstance(element, dict):
        changed.extension = extensions or None
    elif extensions:
        changed["extension"] = extensions
    else:
        changed.pop("extension", None)


def _plain(value: object) -> object:
    """Return what a dict holds instead of a model or Python's own dates, as models read them."""
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ValueError("a datetime needs a time zone")
    if isinstance(value, date | time):
        return value.isoformat()
    return to_fhir_json(value) if is_data(value) and not isinstance(value, Mapping) else value

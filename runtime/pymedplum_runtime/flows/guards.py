"""Optimistic locking of the entries of a bundle."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, cast

from pymedplum_runtime.flows.bodies import body_of, entity_tag, if_match_of, version_test
from pymedplum_runtime.helpers.members import members_of
from pymedplum_runtime.http.wire import decode_or_none
from pymedplum_runtime.models.strict_json import encode


def guarded_entry(entry: dict[str, Any], place: int, if_match: bool | str) -> dict[str, Any]:
    """Return an entry that is guarded by the version of its resource, as far as it can be.

    Args:
        entry: of a batch or transaction.
        place: of the entry, for error messages.
        if_match: whether an update without `ifMatch` gets the version of its resource;
            "required" refuses one that has none.

    Raises:
        MissingVersionIdError: a guard is required, and the resource has no version.
        ValueError: `ifMatch` is no entity tag, or a guarded patch cannot be read.
    """
    request = entry.get("request")
    if not isinstance(request, Mapping):
        return entry
    wanted = cast("Mapping[str, Any]", request)
    method, tag = wanted.get("method"), wanted.get("ifMatch")
    if tag is not None:
        entity_tag(tag, f"ifMatch of entry {place}")
        return _guarded_patch(entry, place, tag) if method == "PATCH" else entry
    if method != "PUT" or if_match is False or not entry.get("resource"):
        return entry
    found = if_match_of(body_of(entry["resource"], name=f"the resource of entry {place}"), if_match)
    return entry if found is None else {**entry, "request": {**wanted, "ifMatch": found}}


def _guarded_patch(entry: dict[str, Any], place: int, tag: str) -> dict[str, Any]:
    """Put the guard into the patch itself: the server ignores it elsewhere."""
    binary = members_of(entry.get("resource"))
    try:
        operations: Any = decode_or_none(base64.b64decode(binary["data"], validate=True))
    except (KeyError, TypeError, binascii.Error):
        operations = None
    if not isinstance(operations, list):
        raise ValueError(f"entry {place}: a patch is a Binary whose data is a JSON Patch in base64")  # noqa: TRY004 - the data, not its type
    guarded = encode([version_test(tag), *cast("list[object]", operations)])
    return {**entry, "resource": {**binary, "data": base64.b64encode(guarded).decode()}}

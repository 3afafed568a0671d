"""Resources on their way to the server: what they are, and what is laid over them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymedplum_runtime.client.types import ResourceLike
from pymedplum_runtime.errors import MissingVersionIdError
from pymedplum_runtime.helpers.members import is_data, member, members_of
from pymedplum_runtime.helpers.serialization import to_fhir_json
from pymedplum_runtime.http.urls import id_segment, type_segment
from pymedplum_runtime.models import codec
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.models.strict_json import encode

_ACCOUNT = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')  # RFC 9110, section 8.8.3


@dataclass(frozen=True, slots=True, repr=False)
class Body:
    """A resource that is sent."""

    value: Any
    """A model, or a dict that is the caller's: never changed."""
    resource_type: str

    @property
    def resource_id(self) -> str:
        """The id.

        Raises:
            ValueError: it has none, or one that no URL may hold.
        """
        found = member(self.value, "id")
        if not found:
            raise ValueError(f"the {self.resource_type} has no id; create it first")
        return id_segment(found, "the resource's id")

    @property
    def version_id(self) -> str | None:
        """The version that was read."""
        meta = member(self.value, "meta")
        name = "version_id" if hasattr(meta, "version_id") else "versionId"
        return member(meta, name) or None


def body_of(
    resource: ResourceLike, accounts: str | Sequence[str] | None = None, *, name: str = "resource"
) -> Body:
    """Check what a resource is, and set its accounts in a copy.

    Raises:
        TypeError: it is neither a dict nor a model.
        ValueError: it has no `resourceType`, or an account is no reference.
    """
    if not is_data(resource):
        raise TypeError(f"{name} must be a dict or a model, got {type(resource).__name__}")
    value: Any = resource
    if not isinstance(resource, FHIRModel | dict):
        value = to_fhir_json(resource)  # a model of another package, a mapping
    key = "resource_type" if isinstance(value, FHIRModel) else "resourceType"
    resource_type = member(value, key)
    if not resource_type:
        raise ValueError(f"{name} has no resourceType")
    checked = type_segment(resource_type, "resourceType")
    return Body(value if accounts is None else with_accounts(value, accounts), checked)


def with_accounts(resource: Any, accounts: str | Sequence[str]) -> dict[str, Any]:  # noqa: ANN401 - a dict or a model
    """Return the resource as a dict with these accounts in `meta.accounts`, in place of any.

    Raises:
        ValueError: an account is no reference.
    """
    references = account_references(accounts)
    is_model = isinstance(resource, FHIRModel)
    members: dict[str, Any] = codec.decode(encode(resource)) if is_model else resource
    meta = {**members_of(members.get("meta")), "accounts": references}
    return {**members, "meta": meta}


def account_references(accounts: str | Sequence[str]) -> list[dict[str, str]]:
    """Return accounts as References, each once.

    Raises:
        TypeError: they are no texts.
        ValueError: one is no reference.
    """
    if isinstance(accounts, Mapping) or not isinstance(accounts, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        kind = type(accounts).__name__
        raise TypeError(f"accounts must be a reference text or a list of them, got {kind}")
    given = [accounts] if isinstance(accounts, str) else list(accounts)
    if not given:
        raise ValueError("accounts must not be empty; leave it out to change none")
    for each in given:
        if not isinstance(each, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"an account must be a reference text, got {type(each).__name__}")
        if not _ACCOUNT.fullmatch(each):
            raise ValueError("an account must be a reference such as Organization/123")
    return [{"reference": each} for each in dict.fromkeys(given)]


def entity_tag(text: str, name: str = "if_match") -> str:
    """Return an entity tag that the server will heed.

    Raises:
        TypeError: it is no text.
        ValueError: it is none; the server would ignore it, and write unguarded.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be a str, got {type(text).__name__}")
    if not _ENTITY_TAG.fullmatch(text):
        raise ValueError(f"""{name} must be an entity tag such as W/"5", quotes included""")
    return text


def version_in(tag: str) -> str:
    """Return the version that an entity tag names."""
    return tag.removeprefix("W/").strip('"')


def version_test(tag: str) -> dict[str, Any]:
    """Return the operation of a JSON Patch that fails where another version is stored."""
    return {"op": "test", "path": "/meta/versionId", "value": version_in(tag)}


def if_match_of(body: Body, if_match: object) -> str | None:
    """Return the entity tag that guards an update; `None` for an unguarded one.

    Raises:
        MissingVersionIdError: a guard is required, and the resource has no version.
        TypeError: it is neither bool nor str.
        ValueError: it is no entity tag.
    """
    if isinstance(if_match, str) and if_match != "required":
        return entity_tag(if_match)
    if not isinstance(if_match, bool) and if_match != "required":
        raise TypeError(f"if_match must be a bool or a str, got {type(if_match).__name__}")
    if if_match is False:
        return None
    if body.version_id:
        return f'W/"{body.version_id}"'
    if if_match is True:
        return None
    raise MissingVersionIdError(
        f"the {body.resource_type} has no meta.versionId to guard the write with; read it from "
        "the server first, or pass if_match='W/\"<version>\"'"
    )

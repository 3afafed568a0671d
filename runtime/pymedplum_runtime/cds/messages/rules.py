"""What the members of a message say of each other: bases that the generated models name.

https://cds-hooks.hl7.org/2.0/. The generated classes say what the members are.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from pydantic import (
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from pymedplum_runtime.cds.messages.model import CDSModel
from pymedplum_runtime.cds.messages.resources import is_reading

if TYPE_CHECKING:
    from pymedplum_runtime.models import FHIRModel

_TO_MINUTES = len("2026-05-04T12:30")


def _refuse(member: str, message: str) -> PydanticCustomError:
    words: Any = message  # declared as a literal string there
    return PydanticCustomError("cds_rule", words, {"member": member})


class RequestRules(CDSModel):
    """A request: its token belongs to a server, and an absent prefetch reads as an empty one."""

    if TYPE_CHECKING:
        hook: Any
        fhir_server: Any
        fhir_authorization: Any

    @model_validator(mode="after")
    def _check_request(self) -> Self:
        if is_reading() and "hook" not in self.model_fields_set:
            raise _refuse("hook", "Field required")
        if self.fhir_authorization is not None and self.fhir_server is None:
            raise _refuse(
                "fhirServer", "is needed with fhirAuthorization: it says whose token it is"
            )
        return self

    @model_serializer(mode="wrap")
    def _write_request(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        if "prefetch" not in self.model_fields_set and not written.get("prefetch", True):
            del written["prefetch"]
        return written


class OrderSelectRules(CDSModel):
    """The context of `order-select`: which of the drafts were selected."""

    if TYPE_CHECKING:
        selections: Any
        draft_orders: Any

    def selected_orders(self) -> list[Any]:
        """Return the orders of `draft_orders` that `selections` name, in the order of the bundle.

        Example:
            >>> [order.resource_type for order in context.selected_orders()]
            ['MedicationRequest']
        """
        wanted = set(self.selections)
        return [order for order in _resources(self.draft_orders) if _reference(order) in wanted]


class AppointmentBookRules(CDSModel):
    """The context of `appointment-book`: appointments as a Bundle or a plain list."""

    @field_validator("appointments", mode="before", check_fields=False)
    @classmethod
    def _read_list(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        entries = [{"resource": each} for each in cast("list[object]", value)]
        return {"resourceType": "Bundle", "type": "collection", "entry": entries}


class CardRules(CDSModel):
    """A card: its suggestions say how many of them may be taken."""

    if TYPE_CHECKING:
        suggestions: Any
        selection_behavior: Any

    @model_validator(mode="after")
    def _check_suggestions(self) -> Self:
        if not self.suggestions:
            return self
        if self.selection_behavior is None:
            message = "is needed with suggestions: 'at-most-one' or 'any'"
            raise _refuse("selectionBehavior", message)
        recommended = sum(bool(each.is_recommended) for each in self.suggestions)
        if recommended > 1 and self.selection_behavior == "at-most-one":
            message = "only one may be recommended where selectionBehavior is 'at-most-one'"
            raise _refuse("suggestions", message)
        return self


class SourceRules(CDSModel):
    """A source: its topic is a Coding of CDS Hooks, which has a code."""

    if TYPE_CHECKING:
        topic: Any

    @model_validator(mode="after")
    def _check_topic(self) -> Self:
        _check_coding("topic", self.topic)
        return self


class SuggestionRules(CDSModel):
    """A suggestion: its actions say in words what they do."""

    if TYPE_CHECKING:
        actions: Any

    @model_validator(mode="after")
    def _check_actions(self) -> Self:
        if any(action.description is None for action in self.actions or ()):
            raise _refuse("actions", "each action of a suggestion needs a description")
        return self


class ActionRules(CDSModel):
    """An action: a resource to create or update, or the reference of one to delete."""

    if TYPE_CHECKING:
        type: Any
        resource: Any
        resource_id: Any

    @field_validator("resource", mode="before", check_fields=False)
    @classmethod
    def _refuse_id(cls, value: object) -> object:
        if isinstance(value, str):
            words: Any = (
                "expected a resource; an id in its place is deprecated and not accepted: name what "
                "to delete in resourceId"
            )
            raise PydanticCustomError("cds_rule", words)
        return value

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        if self.type == "delete":
            if self.resource is not None:
                message = "is for create and update; name what to delete in resourceId"
                raise _refuse("resource", message)
            if self.resource_id is None:
                raise _refuse("resourceId", "is needed to delete: a relative reference")
        elif self.resource is None:
            raise _refuse("resource", f"is needed to {self.type}")
        return self


class LinkRules(CDSModel):
    """A link: only SMART applications are told something at their start."""

    if TYPE_CHECKING:
        type: Any
        app_context: Any

    @model_validator(mode="after")
    def _check_context(self) -> Self:
        if self.app_context is not None and self.type != "smart":
            raise _refuse("appContext", "is for links of type 'smart' only")
        return self


class FeedbackRules(CDSModel):
    """Feedback: what was accepted is named, and the moment is one."""

    if TYPE_CHECKING:
        outcome: Any
        accepted_suggestions: Any

    @field_validator("outcome_timestamp", check_fields=False)
    @classmethod
    def _check_moment(cls, value: str) -> str:
        try:
            datetime.fromisoformat(value[:_TO_MINUTES])
        except ValueError:
            pass  # its text quotes the value
        else:
            return value
        words: Any = "names no date and time that there are"
        raise PydanticCustomError("cds_rule", words)

    @model_validator(mode="after")
    def _check_outcome(self) -> Self:
        if self.outcome == "accepted" and not self.accepted_suggestions:
            raise _refuse("acceptedSuggestions", "is needed where the outcome is 'accepted'")
        return self


class FeedbackReasonRules(CDSModel):
    """The reason for an override: at least something is said, and a Coding has a code."""

    if TYPE_CHECKING:
        reason: Any

    @model_validator(mode="after")
    def _check_reason(self) -> Self:
        if not self.model_fields_set:
            words: Any = "must not be empty; leave the member out instead"
            raise PydanticCustomError("cds_rule", words)
        _check_coding("reason", self.reason)
        return self


def _check_coding(member: str, coding: object) -> None:
    if coding is not None and not _member(coding, "code"):
        raise _refuse(member, "needs a code")


def _resources(bundle: object) -> "Iterator[FHIRModel]":
    for entry in getattr(bundle, "entry", None) or ():
        if (resource := _member(entry, "resource")) is not None:
            yield cast("FHIRModel", resource)


def _reference(resource: object) -> str:
    kind = _member(resource, "resource_type") or _member(resource, "resourceType")
    return f"{kind}/{_member(resource, 'id')}"


def _member(data: object, name: str) -> object:
    if isinstance(data, Mapping):
        return cast("Mapping[str, object]", data).get(name)
    return getattr(data, name, None)

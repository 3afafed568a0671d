"""The limits of CDS Hooks, each refused where it is and without its value."""

from typing import Any

import pytest
from cds_messages import AUTHORIZATION, CARD, FEEDBACK, INSTANCE, PATIENT, request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from pymedplum import cds_models
from pymedplum.cds_models import (
    REQUESTS,
    Action,
    Card,
    CDSResponse,
    Discovery,
    Feedback,
    FeedbackRequest,
    FHIRAuthorization,
    Link,
    Source,
    Suggestion,
)
from pymedplum_runtime.cds.messages.model import CDSModel

Json = dict[str, Any]

SECRET = "Mrs Smith"
LINK = {"label": "More", "url": "https://x.example", "type": "absolute"}
SMART = {"label": "Open", "url": "https://x.example", "type": "smart"}
DELETE = {"type": "delete", "description": "Delete it", "resourceId": "MedicationRequest/1"}
CREATE = {"type": "create", "description": "Create it", "resource": PATIENT}
SERVICE = {"hook": "patient-view", "description": "Greets", "id": "greeter"}
ACCEPTED = FEEDBACK["feedback"][0]
OVERRIDDEN = FEEDBACK["feedback"][1]
REASON = {"code": "known", "display": "Known"}
PLAIN = {"summary": "a", "indicator": "info", "source": {"label": "us"}}


def wrong(cls: type[BaseModel], data: Json) -> list[tuple[str, str]]:
    """Return the places and messages of what is wrong with a message."""
    with pytest.raises(ValidationError) as caught:
        cls.model_validate(data)
    assert SECRET not in str(caught.value)
    return [(".".join(map(str, error["loc"])), error["msg"]) for error in caught.value.errors()]


@pytest.mark.parametrize("length", [1, 2, 138, 139])
def test_a_summary_has_fewer_than_140_characters(length: int) -> None:
    assert Card.model_validate(PLAIN | {"summary": "é" * length})


@pytest.mark.parametrize(
    ("cls", "data", "place", "message"),
    [
        (Card, PLAIN | {"summary": SECRET * 16}, "summary", "at most 139 characters"),
        (Card, PLAIN | {"summary": "x" * 140}, "summary", "at most 139 characters"),
        (Card, PLAIN | {"summary": ""}, "summary", "at least 1 character"),
        (Card, PLAIN | {"indicator": SECRET}, "indicator", "'info', 'warning' or 'critical'"),
        (Card, PLAIN | {"indicator": "hard-stop"}, "indicator", "'info', 'warning' or 'critical'"),
        (Card, {"indicator": "info", "source": {"label": "us"}}, "summary", "Field required"),
        (Card, PLAIN | {"source": {}}, "source.label", "Field required"),
        (Card, PLAIN | {"source": SECRET}, "source", "expected a JSON object"),
        (Card, PLAIN | {"detail": ""}, "detail", "at least 1 character"),
        (Card, PLAIN | {"detail": None}, "detail", "must not be null; leave the member out"),
        (Card, PLAIN | {"links": []}, "links", "at least 1 item"),
        (Card, PLAIN | {"links": [LINK, SECRET]}, "links.1", "expected a JSON object"),
        (Card, PLAIN | {"suggestions": [{"label": "a"}]}, "selectionBehavior", "is needed with"),
        (Card, CARD | {"selectionBehavior": "all"}, "selectionBehavior", "'at-most-one' or 'any'"),
        (Card, PLAIN | {"overrideReasons": [{"code": "a"}]}, "overrideReasons.0.display", "requir"),
        (Card, PLAIN | {"overrideReasons": [{"display": "a"}]}, "overrideReasons.0.code", "requir"),
        (Source, {"label": "us", "url": "/guide"}, "url", "an absolute URL of http or https"),
        (Source, {"label": "us", "icon": "data:image/png,x"}, "icon", "an absolute URL of http"),
        (Source, {"label": "us", "topic": {"display": SECRET}}, "topic", "needs a code"),
        (Source, {"label": "us", "topic": {"code": ""}}, "topic", "needs a code"),
        (Suggestion, {"label": "a", "isRecommended": "yes"}, "isRecommended", "valid boolean"),
        (Suggestion, {"label": "a", "isRecommended": 1}, "isRecommended", "valid boolean"),
        (Suggestion, {"label": "a", "actions": [{"type": "delete", "resourceId": "A/1"}]},
         "actions", "each action of a suggestion needs a description"),
        (Link, LINK | {"type": "relative"}, "type", "'absolute' or 'smart'"),
        (Link, LINK | {"url": "javascript:alert(1)"}, "url", "an absolute URL of http or https"),
        (Link, LINK | {"url": "https://"}, "url", "an absolute URL of http or https"),
        (Link, LINK | {"url": "https://x.example/a b"}, "url", "an absolute URL of http"),
        (Link, LINK | {"url": "https://x.example/\n"}, "url", "an absolute URL of http or https"),
        (Link, LINK | {"appContext": SECRET}, "appContext", "for links of type 'smart' only"),
        (Link, SMART | {"appContext": ""}, "appContext", "at least 1 character"),
        (Action, CREATE | {"type": "replace"}, "type", "'create', 'update' or 'delete'"),
        (Action, {"type": "create", "description": "a"}, "resource", "is needed to create"),
        (Action, {"type": "update", "description": "a"}, "resource", "is needed to update"),
        (Action, {"type": "delete", "description": "a"}, "resourceId", "is needed to delete"),
        (Action, DELETE | {"resource": PATIENT}, "resource", "is for create and update"),
        (Action, DELETE | {"resourceId": "1"}, "resourceId", "a relative reference, such as"),
        (Action, DELETE | {"resourceId": ["A/1"]}, "resourceId", "valid string"),
        (Action, DELETE | {"resourceId": 7}, "resourceId", "valid string"),
        (Action, DELETE | {"resourceId": f"https://x.example/{SECRET}"}, "resourceId", "relative"),
        (Action, {"type": "delete", "description": "a", "resource": f"Patient/{SECRET}"},
         "resource", "deprecated and not accepted: name what to delete in resourceId"),
        (CDSResponse, {}, "cards", "Field required"),
        (CDSResponse, {"cards": [], "systemActions": []}, "systemActions", "at least 1 item"),
        (CDSResponse, {"cards": {}}, "cards", "valid list"),
        (CDSResponse, {"cards": [], "extension": {}}, "extension", "at least 1 item"),
        (Discovery, {}, "services", "Field required"),
        (Discovery, {"services": [{"hook": "a", "id": "b"}]}, "services.0.description", "required"),
        (Discovery, {"services": [SERVICE | {"id": "a/b"}]}, "services.0.id", "a part of an addre"),
        (Discovery, {"services": [SERVICE | {"prefetch": {}}]}, "services.0.prefetch", "least 1"),
        (Discovery, {"services": [SERVICE | {"prefetch": {"a": 1}}]}, "services.0.prefetch.a",
         "valid string"),
        (FeedbackRequest, {"feedback": []}, "feedback", "at least 1 item"),
        (Feedback, ACCEPTED | {"outcome": "ignored"}, "outcome", "'accepted' or 'overridden'"),
        (Feedback, ACCEPTED | {"acceptedSuggestions": []}, "acceptedSuggestions", "at least 1"),
        (Feedback, ACCEPTED | {"acceptedSuggestions": [{}]}, "acceptedSuggestions.0.id", "requir"),
        (Feedback, OVERRIDDEN | {"outcome": "accepted"}, "acceptedSuggestions", "is needed where"),
        (Feedback, OVERRIDDEN | {"outcomeTimestamp": "2026-03-01"}, "outcomeTimestamp", "ISO 8601"),
        (Feedback, OVERRIDDEN | {"outcomeTimestamp": "2026-03-01T10:00:00"}, "outcomeTimestamp",
         "in UTC"),
        (Feedback, OVERRIDDEN | {"outcomeTimestamp": "2026-03-01T10:00:00-05:00"},
         "outcomeTimestamp", "in UTC"),
        (Feedback, OVERRIDDEN | {"outcomeTimestamp": "2026-02-30T10:00:00Z"}, "outcomeTimestamp",
         "no date and time that there are"),
        (Feedback, OVERRIDDEN | {"outcomeTimestamp": "2026-02-03T24:01Z"}, "outcomeTimestamp",
         "no date and time that there are"),
        (Feedback, OVERRIDDEN | {"outcomeTimestamp": "2026-02-03T10:00:99Z"}, "outcomeTimestamp",
         "in UTC"),
        (Feedback, OVERRIDDEN | {"overrideReason": {}}, "overrideReason", "must not be empty"),
        (Feedback, OVERRIDDEN | {"overrideReason": {"reason": {"display": SECRET}}},
         "overrideReason.reason", "needs a code"),
        (FHIRAuthorization, AUTHORIZATION | {"token_type": "MAC"}, "token_type", "'Bearer'"),
        (FHIRAuthorization, AUTHORIZATION | {"expires_in": "300"}, "expires_in", "valid integer"),
        (FHIRAuthorization, AUTHORIZATION | {"expires_in": -1}, "expires_in", "greater than or eq"),
        (FHIRAuthorization, AUTHORIZATION | {"access_token": ""}, "access_token", "at least 1"),
        (FHIRAuthorization, {"access_token": SECRET}, "expires_in", "Field required"),
    ],
)  # fmt: skip
def test_a_limit_is_kept(cls: type[BaseModel], data: Json, place: str, message: str) -> None:
    found = dict(wrong(cls, data))

    assert place in found
    assert message in found[place]


def test_only_one_of_at_most_one_suggestion_is_recommended() -> None:
    two = [{"label": "a", "isRecommended": True}, {"label": "b", "isRecommended": True}]
    card = PLAIN | {"suggestions": two, "selectionBehavior": "at-most-one"}

    assert wrong(Card, card) == [
        ("suggestions", "only one may be recommended where selectionBehavior is 'at-most-one'")
    ]
    assert Card.model_validate(card | {"selectionBehavior": "any"})
    two[1]["isRecommended"] = False
    assert Card.model_validate(card)


def test_what_is_enough_is_accepted() -> None:
    assert Card.model_validate(PLAIN)
    assert Suggestion.model_validate({"label": "a", "actions": [DELETE, CREATE]})
    assert Action.model_validate({"type": "update", "resource": PATIENT})
    assert Feedback.model_validate({k: v for k, v in OVERRIDDEN.items() if k != "overrideReason"})
    assert Link.model_validate(LINK | {"url": "HTTPS://X.example:8443/a?b#c"})


REQUEST_FAULTS: list[tuple[str, Json, str, str]] = [
    ("patient-view", {"hookInstance": "1"}, "hookInstance", "a UUID, such as"),
    ("patient-view", {"hookInstance": f"urn:uuid:{INSTANCE}"}, "hookInstance", "a UUID, such as"),
    ("patient-view", {"fhirServer": "ehr.example"}, "fhirServer", "an absolute URL of http"),
    ("patient-view", {"fhirServer": "file:///etc/passwd"}, "fhirServer", "absolute URL of http"),
    ("patient-view", {"fhirAuthorization": AUTHORIZATION}, "fhirServer", "is needed with fhirAuth"),
    ("patient-view", {"context": None}, "context", "must not be null"),
    ("patient-view", {"context": []}, "context", "expected a JSON object"),
    ("patient-view", {"prefetch": None}, "prefetch", "must not be null"),
    ("patient-view", {"prefetch": [1]}, "prefetch", "expected a JSON object"),
    ("com.example.any", {"context": "text"}, "context", "expected a JSON object"),
    ("com.example.any", {"hook": ""}, "hook", "at least 1 character"),
]


@pytest.mark.parametrize(("hook", "members", "place", "message"), REQUEST_FAULTS)
def test_a_fault_of_a_request_is_named(hook: str, members: Json, place: str, message: str) -> None:
    cls = REQUESTS.get(hook, cds_models.CDSRequest)
    found = dict(wrong(cls, request(hook) | members))

    assert message in found[place]


@pytest.mark.parametrize("hook", sorted(REQUESTS))
def test_required_members_of_a_context_are_named(hook: str) -> None:
    context: Any = REQUESTS[hook].model_fields["context"].annotation
    expected = {
        f"context.{field.alias or name}"
        for name, field in context.model_fields.items()
        if field.is_required()
    }

    found = wrong(REQUESTS[hook], request(hook, context={}))

    assert {"context.userId", "context.patientId"} <= expected
    assert found == [(place, "Field required") for place, _ in found]
    assert {place for place, _ in found} == expected


USERS = ("Practitioner/1", "PractitionerRole/1", "Patient/1", "RelatedPerson/1")
BY_PATIENTS_TOO = {"patient-view", "appointment-book"}


@pytest.mark.parametrize("hook", sorted(REQUESTS))
@pytest.mark.parametrize("user", USERS)
def test_who_the_user_is_depends_on_the_hook(hook: str, user: str) -> None:
    data = request(hook)
    data["context"] = data["context"] | {"userId": user}

    if hook in BY_PATIENTS_TOO or user.startswith("Practitioner"):
        assert REQUESTS[hook].model_validate(data).context.user_id == user
    else:
        assert [place for place, _ in wrong(REQUESTS[hook], data)] == ["context.userId"]


@pytest.mark.parametrize(
    "user",
    [
        "1",
        "Practitioner",
        "Practitioner/",
        "Practitioner/a b",
        SECRET,
        "https://x.example/Practitioner/1",
        "Practitioner/1\n",
    ],
)
def test_a_user_is_a_relative_reference(user: str) -> None:
    data = request("patient-view", context={"userId": user, "patientId": "1"})

    assert [place for place, _ in wrong(REQUESTS["patient-view"], data)] == ["context.userId"]


@pytest.mark.parametrize("name", ["patientId", "encounterId"])
@pytest.mark.parametrize("value", ["Patient/1", "", "a b", "x" * 65, 1, "1\n"])
def test_ids_are_ids_of_fhir(name: str, value: object) -> None:
    context = {"userId": "Patient/1", "patientId": "1"} | {name: value}
    found = wrong(REQUESTS["patient-view"], request("patient-view", context=context))

    assert [place for place, _ in found] == [f"context.{name}"]


@pytest.mark.parametrize("selections", [[], ["1"], [None], "MedicationRequest/1", [{}], None])
def test_selections_are_references(selections: object) -> None:
    data = request("order-select")
    data["context"] = data["context"] | {"selections": selections}

    found = wrong(REQUESTS["order-select"], data)

    assert all(place.startswith("context.selections") for place, _ in found)


def test_more_problems_than_can_be_read_are_counted_only() -> None:
    found = wrong(FeedbackRequest, {"feedback": [SECRET] * 1001})

    assert found == [("", "more than 1000 things are wrong with it")]
    assert len(wrong(FeedbackRequest, {"feedback": [SECRET] * 1000})) == 1000


_NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_SCALARS = st.none() | st.booleans() | _NUMBERS | st.just(SECRET)
_NAMES = st.sampled_from(
    ["hook", "hookInstance", "context", "prefetch", "cards", "summary", "source", "suggestions",
     "actions", "type", "resource", "resourceId", "resourceType", "userId", "draftOrders", "entry",
     "selections", "appointments", "feedback", "outcome", "services", "id", "extension", "links"]
)  # fmt: skip
_JSON = st.recursive(
    _SCALARS | st.sampled_from(["Bundle", "Patient", "delete", "create", "order-select"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=20,
)
_MESSAGES = (*REQUESTS.values(), cds_models.CDSRequest, CDSResponse, Discovery, FeedbackRequest)


def _read_or_refused(cls: type[CDSModel], data: object) -> CDSModel | None:
    """Return what was read; whatever was said of it quotes nothing."""
    said = ""
    read = None
    try:
        read = cls.model_validate(data)
    except ValidationError as error:
        said = f"{error} {error!r} {error.__cause__!r}"
        assert error.__suppress_context__  # noqa: PT017 - either outcome is right
    assert SECRET not in f"{said} {read} {read!r}"
    return read


@given(data=_JSON, cls=st.sampled_from(_MESSAGES))
def test_any_json_is_read_or_refused_without_quoting_it(data: object, cls: type[CDSModel]) -> None:
    read = _read_or_refused(cls, data)

    assert read is None or cls.model_validate(read.model_dump()) == read


@given(member=_JSON, hook=st.sampled_from(sorted(REQUESTS)), data=st.data())
def test_any_member_of_a_request_may_be_anything(
    member: object, hook: str, data: st.DataObject
) -> None:
    message = request(hook)
    place = data.draw(st.sampled_from(sorted(message["context"])))
    message["context"] = message["context"] | {place: member}

    read = _read_or_refused(REQUESTS[hook], message)

    if read is not None:
        text = read.model_dump_json()
        assert REQUESTS[hook].model_validate_json(text).model_dump_json() == text

"""Messages of CDS Hooks: read, built and written, in both spellings."""

import copy
import json
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import pytest
from cds_messages import (
    AUTHORIZATION,
    CARD,
    CONTEXTS,
    DISCOVERY,
    DRAFTS,
    FEEDBACK,
    INSTANCE,
    PATIENT,
    RESPONSE,
    request,
)
from pydantic import BaseModel, Field, SecretStr, TypeAdapter, ValidationError

from pymedplum import cds
from pymedplum.cds_models import (
    REQUESTS,
    Card,
    CDSRequest,
    CDSResponse,
    CDSService,
    Discovery,
    FeedbackRequest,
    FHIRAuthorization,
    Link,
    OrderSelectRequest,
    OverrideReason,
    PatientViewContext,
    PatientViewRequest,
    Source,
    Suggestion,
)
from pymedplum.fhir import Coding
from pymedplum_runtime.cds.messages.model import CDSModel

WHOLE: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (Discovery, DISCOVERY),
    (CDSResponse, RESPONSE),
    (CDSResponse, {"cards": []}),
    (Discovery, {"services": []}),
    (FeedbackRequest, FEEDBACK),
    (CDSRequest, request("com.example.any", prefetch={"patient": PATIENT, "none": None})),
    (PatientViewRequest, request("patient-view", fhirServer="https://ehr.example/fhir/R4")),
    (
        PatientViewRequest,
        request(
            "patient-view",
            fhirServer="http://localhost:9080",
            fhirAuthorization=AUTHORIZATION,
            extension={"com.example": {"a": [None, 1]}},
        ),
    ),
]


@pytest.mark.parametrize(("cls", "data"), WHOLE, ids=lambda each: getattr(each, "__name__", ""))
def test_what_is_read_is_written_back(cls: type[BaseModel], data: dict[str, Any]) -> None:
    text = json.dumps(data)

    assert json.loads(cls.model_validate_json(text).model_dump_json()) == data
    assert cls.model_validate(data).model_dump() == data
    assert data == json.loads(text)


@pytest.mark.parametrize("hook", sorted(CONTEXTS))
def test_every_hook_has_a_request_of_its_own(hook: str) -> None:
    read = REQUESTS[hook].model_validate(request(hook))

    assert isinstance(read, CDSRequest)
    assert read.hook == hook
    assert read.context.patient_id == "p-1"
    assert type(read.context).__name__ == type(read).__name__.replace("Request", "Context")


def test_unknown_hooks_are_read_with_an_open_context() -> None:
    read = CDSRequest.model_validate(request("com.example.any"))

    assert read.context == {"anything": [1]}


def test_a_request_of_another_hook_is_refused() -> None:
    with pytest.raises(ValidationError, match="expected `patient-view`"):
        PatientViewRequest.model_validate(request("order-sign"))


def test_a_request_names_its_hook_on_the_wire_but_not_in_the_constructor() -> None:
    data = request("patient-view")
    del data["hook"]

    with pytest.raises(ValidationError, match=r"hook\n  Field required"):
        PatientViewRequest.model_validate(data)

    built = PatientViewRequest(hook_instance=INSTANCE, context=data["context"])
    assert built.model_dump() == request("patient-view")


def test_constructors_take_both_spellings() -> None:
    one = PatientViewContext(user_id="Practitioner/1", patient_id="1")
    spelled: dict[str, Any] = {"userId": "Practitioner/1", "patientId": "1"}

    assert PatientViewContext(**spelled) == one
    assert one.model_dump() == spelled
    assert one.model_dump(by_alias=False) == {"user_id": "Practitioner/1", "patient_id": "1"}


def test_constructors_refuse_both_spellings_at_once_and_names_that_there_are_not() -> None:
    both: dict[str, Any] = {"selection_behavior": "any", "selectionBehavior": "any"}
    source = Source(label="us")

    with pytest.raises(ValidationError, match="both spellings at once"):
        Card(summary="a", indicator="info", source=source, **both)
    misspelt: dict[str, Any] = {"selectionBehaviour": "any"}
    with pytest.raises(ValidationError, match="did you mean 'selectionBehavior'"):
        Card(summary="a", indicator="info", source=source, **misspelt)
    instead: dict[str, Any] = {"sumary": "a", "indicator": "info"}
    with pytest.raises(ValidationError, match=r"sumary\n  is not .*did you mean 'summary'"):
        Card(source=source, **instead)
    inside: dict[str, Any] = {"source": {"label": "us", "link": "x"}}
    with pytest.raises(ValidationError, match=r"source.link\n  is not a member of Source"):
        Card(summary="a", indicator="info", **inside)


def test_what_the_wire_has_beyond_the_specification_is_kept() -> None:
    data = CARD | {"com.example.color": "red", "source": CARD["source"] | {"rank": 1}}

    card = Card.model_validate(data)

    assert card.model_dump() == data
    card.summary = "Another"
    assert card.model_dump() == data | {"summary": "Another"}


def test_parts_may_be_models_or_dicts() -> None:
    suggestion = CARD["suggestions"][0]
    parts: dict[str, Any] = {"suggestions": [suggestion], "source": Source(label="us")}
    card = Card(summary="a", indicator="info", selection_behavior="any", **parts)

    assert isinstance(card.suggestions, list)
    assert isinstance(card.suggestions[0], Suggestion)
    assert card.suggestions[0].model_dump() == suggestion
    assert card.source.model_dump() == {"label": "us"}


def test_absent_members_are_none_and_are_not_written() -> None:
    service = CDSService(hook="patient-view", description="Greets", id="greeter", title=None)

    assert service.title is None
    assert service.prefetch is None
    assert service.model_dump_json() == (
        '{"hook":"patient-view","description":"Greets","id":"greeter"}'
    )
    assert service.model_dump_json(indent=2).splitlines()[1] == '  "hook": "patient-view",'


def test_an_absent_prefetch_reads_as_an_empty_one_and_is_not_written() -> None:
    one = PatientViewRequest.model_validate(request("patient-view"))
    other = PatientViewRequest.model_validate(request("patient-view"))

    assert one.prefetch == {}
    assert one.prefetch is not other.prefetch
    assert "prefetch" not in one.model_dump()
    assert (
        "prefetch"
        in PatientViewRequest.model_validate(one.model_dump() | {"prefetch": {}}).model_dump()
    )


def test_a_token_is_hidden_until_it_is_asked_for_or_sent() -> None:
    built = FHIRAuthorization(
        access_token=SecretStr("opaque-text"),
        expires_in=300,
        scope="patient/Patient.read",
        subject="cds-client-1",
    )

    assert built.model_dump() == AUTHORIZATION
    assert "opaque-text" not in f"{built} {built!r} {built.access_token}"
    assert built.access_token.get_secret_value() == "opaque-text"
    assert FHIRAuthorization.model_validate(AUTHORIZATION) == built


def test_assignments_are_checked_and_leave_the_message_as_it_was_when_refused() -> None:
    link = Link(label="More", url="https://x.example", type="smart", app_context="a")
    before = link.model_dump()

    with pytest.raises(ValidationError, match="for links of type 'smart' only"):
        link.type = "absolute"
    with pytest.raises(ValidationError, match="expected an absolute URL"):
        link.url = "more"

    assert link.model_dump() == before
    link.app_context = None
    link.type = "absolute"
    assert link.model_dump() == {"label": "More", "url": "https://x.example", "type": "absolute"}


def test_models_say_where_users_import_them_from_and_keep_their_words() -> None:
    assert cds.Link is Link
    assert Link.__module__ == "pymedplum.cds"
    with pytest.raises(ValidationError, match="expected an absolute URL"):
        cds.Link(label="More", url="more", type="absolute")


def test_a_pattern_of_a_user_is_refused_too() -> None:
    class Bed(CDSModel):
        ward: Annotated[str, Field(pattern="^[A-F]$")]

    with pytest.raises(ValidationError, match="expected text of another form"):
        Bed(ward="Z")


def test_unknown_attributes_say_what_is_meant() -> None:
    card: Any = Card.model_validate(CARD)

    with pytest.raises(AttributeError, match="use 'selection_behavior'"):
        _ = card.selectionBehavior
    with pytest.raises(AttributeError, match="use 'selection_behavior'"):
        card.selectionBehavior = "any"
    with pytest.raises(AttributeError, match="did you mean 'summary'"):
        card.sumary = "a"
    with pytest.raises(AttributeError, match="did you mean 'selection_behavior'"):
        _ = card.selectionbehavior


def _deep() -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(20_000):
        value = {"a": value}
    return value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), "\ud800", _deep()])
def test_what_json_has_not_is_not_written(value: object) -> None:
    message = CDSRequest(hook="own", hook_instance=INSTANCE, context={"a": value})

    with pytest.raises(ValueError, match=r"no NaN|surrogate|too deeply"):
        message.model_dump_json()


def _pickled(message: Any) -> Any:
    return pickle.loads(pickle.dumps(message))  # noqa: S301 - our own


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, _pickled])
def test_messages_are_copied_and_pickled(copied: Callable[[Any], Any]) -> None:
    read = OrderSelectRequest.model_validate(
        request("order-select", fhirServer="https://a.example", fhirAuthorization=AUTHORIZATION)
    )

    again = copied(read)

    assert again == read
    assert again.model_dump() == read.model_dump()


def test_codes_are_plain_and_topics_are_codings() -> None:
    card = Card.model_validate(CARD)

    assert card.override_reasons == [
        OverrideReason(code="known", system="https://x.example", display="Known")
    ]
    assert isinstance(card.source.topic, Coding)
    assert card.source.topic.code == "ddi"


def test_every_message_has_a_json_schema() -> None:
    classes: list[type[BaseModel]] = [Discovery, CDSResponse, FeedbackRequest, *REQUESTS.values()]
    for cls in classes:
        schema = cls.model_json_schema()
        assert schema["title"] == cls.__name__
    assert Card.model_json_schema()["properties"]["selectionBehavior"]


def test_a_list_of_messages_is_read_by_a_type_adapter() -> None:
    assert TypeAdapter(list[Card]).validate_python([CARD])[0].uuid == "card-1"


def test_users_may_derive_requests_for_hooks_of_their_own() -> None:
    class Context(BaseModel):
        bed: int

    class BedRequest(CDSRequest):
        context: Context

    read = BedRequest.model_validate(request("com.example.bed", context={"bed": 4}))

    assert read.context.bed == 4
    assert read.model_dump()["context"] == {"bed": 4}
    assert DRAFTS  # the shared data stays as it is

"""FHIR inside messages: models of their types, readable even where they break FHIR's rules."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cds_messages import (
    CONTEXTS,
    DIET,
    DRAFTS,
    DRUG,
    DRUG_AS_READ,
    INSTANCE,
    PATIENT,
    RESPONSE,
    USER,
    VISIT,
    request,
)
from pydantic import BaseModel, ValidationError

from pymedplum.cds_models import (
    Action,
    AppointmentBookContext,
    AppointmentBookRequest,
    CDSRequest,
    CDSResponse,
    OrderSelectContext,
    OrderSelectRequest,
    OrderSignRequest,
    PatientViewRequest,
    Source,
)
from pymedplum.fhir import (
    Appointment,
    Bundle,
    Coding,
    MedicationRequest,
    NutritionOrder,
    Patient,
    Reference,
    Resource,
)

VALID: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"resource": DRUG | {"dosageInstruction": [{"text": "one a day"}]}}],
}


def signed(drafts: object) -> OrderSignRequest:
    """Return the request to sign some orders, as it is read."""
    context = CONTEXTS["order-sign"] | {"draftOrders": drafts}
    return OrderSignRequest.model_validate(request("order-sign", context=context))


def first(bundle: Bundle) -> Any:
    """Return the first resource of a bundle."""
    assert bundle.entry
    return bundle.entry[0].resource


def test_valid_resources_are_the_models_that_they_are_elsewhere() -> None:
    assert signed(VALID).context.draft_orders == Bundle.model_validate(VALID)


def test_drafts_that_break_the_rules_are_typed_as_far_as_they_go() -> None:
    orders = signed(DRAFTS).context.draft_orders

    assert orders.type is None
    assert orders.entry
    diet, drug = (entry.resource for entry in orders.entry)
    assert isinstance(diet, NutritionOrder)
    assert isinstance(drug, MedicationRequest)
    assert diet.oral_diet is not None
    assert diet.oral_diet.type is not None
    assert diet.oral_diet.type[0].text == "Soft food"
    assert isinstance(drug.subject, Reference)
    assert drug.dosage_instruction is not None
    assert drug.dosage_instruction[0].text == "one a day"


def test_what_breaks_the_rules_is_written_back_with_every_digit() -> None:
    text = json.dumps(request("order-sign")).replace('"value": 5,', '"value": 5.10,')

    written = OrderSignRequest.model_validate_json(text).model_dump_json()

    assert '"value":5.10' in written
    assert json.loads(written)["context"]["draftOrders"]["entry"] == [
        {"resource": DIET},
        {"resource": json.loads(json.dumps(DRUG_AS_READ).replace("5,", "5.10,"))},
    ]


def test_a_single_object_where_fhir_has_a_list_is_a_list_of_one() -> None:
    orders: Any = signed(DRAFTS).context.draft_orders

    dose = orders.entry[1].resource.dosage_instruction[0].dose_and_rate[0]
    assert dose.dose_quantity.value == 5
    assert orders.model_dump()["entry"][1] == {"resource": DRUG_AS_READ}


def test_text_that_breaks_the_rules_of_its_type_is_text() -> None:
    odd = PATIENT | {"birthDate": "soon", "gender": "?", "given": None, "active": None}
    orders = signed({"resourceType": "Bundle", "type": "any", "entry": {"resource": odd}})

    patient = first(orders.context.draft_orders)

    assert isinstance(patient, Patient)
    assert (patient.birth_date, patient.gender, patient.active) == ("soon", "?", None)
    assert patient.model_dump() == PATIENT | {"birthDate": "soon", "gender": "?"}


def test_siblings_of_primitives_are_read_too() -> None:
    name = {"given": ["Ann", None], "_given": [None, {"id": "a"}], "_family": {"id": "b"}}
    odd = PATIENT | {"gender": "?", "name": [name]}
    orders = signed({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": odd}]})

    assert first(orders.context.draft_orders).model_dump() == odd


@pytest.mark.parametrize(
    ("odd", "place", "message"),
    [
        ({"active": "yes"}, "active", "expected true or false"),
        ({"gender": 7}, "gender", "expected text"),
        ({"gender": ["a"]}, "gender", "expected text"),
        ({"multipleBirthInteger": True}, "multipleBirthInteger", "expected an integer"),
        ({"multipleBirthInteger": 1.5}, "multipleBirthInteger", "expected an integer"),
        ({"name": "Ann"}, "name", "expected a JSON object"),
        ({"name": [{"given": [{}]}]}, "name.0.given.0", "expected text"),
        ({"name": [None]}, "name.0", "expected a JSON object"),
        ({"name": [[{}]]}, "name.0", "expected a JSON object"),
        ({"maritalStatus": [{}]}, "maritalStatus", "expected a JSON object"),
        ({"_birthDate": "x"}, "_birthDate", "expected a JSON object"),
        ({"contained": [{"id": "1"}]}, "contained.0", "resourceType is missing"),
        ({"extension": [{"valueDecimal": "1"}]}, "extension.0.valueDecimal", "a decimal number"),
    ],
)
def test_where_json_has_another_type_than_fhir_it_is_refused(
    odd: dict[str, Any], place: str, message: str
) -> None:
    entry = {"resource": PATIENT | odd}

    with pytest.raises(ValidationError, match=message) as caught:
        signed({"resourceType": "Bundle", "type": "collection", "entry": [entry]})

    (error,) = caught.value.errors()
    found = ".".join(map(str, error["loc"]))
    assert found == f"context.draftOrders.entry.0.resource.{place}"


def test_a_resource_that_breaks_rules_does_not_spoil_the_others() -> None:
    broken = {"resourceType": "Patient", "birthDate": "soon"}
    entries = [{"resource": broken}, {"resource": PATIENT}]

    orders = signed({"resourceType": "Bundle", "type": "collection", "entry": entries})

    assert orders.context.draft_orders.entry
    one, other = (entry.resource for entry in orders.context.draft_orders.entry)
    assert isinstance(one, Patient)
    assert one.birth_date == "soon"
    assert other == Patient.model_validate(PATIENT)


def test_types_of_other_versions_of_fhir_are_bare_resources() -> None:
    old = {"resourceType": "MedicationOrder", "id": "o-1", "status": "draft"}
    request_ = signed(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": old}]}
    )

    order = first(request_.context.draft_orders)

    assert type(order) is Resource
    assert order.id == "o-1"
    assert request_.model_dump()["context"]["draftOrders"]["entry"] == [{"resource": old}]


@pytest.mark.parametrize(
    ("drafts", "message"),
    [
        (PATIENT, "expected a Bundle: resourceType names another type"),
        ("Bundle/1", "expected a JSON object"),
        ([DRUG], "expected a JSON object"),
        (None, "must not be null"),
    ],
)
def test_what_is_no_bundle_is_refused(drafts: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        signed(drafts)

    assert [error["loc"] for error in caught.value.errors()] == [("context", "draftOrders")]


def test_resources_without_a_type_are_refused_where_any_type_may_be() -> None:
    with pytest.raises(ValidationError, match="resourceType is missing") as caught:
        Action.model_validate({"type": "create", "resource": {"id": "1"}})

    assert caught.value.errors()[0]["loc"] == ("resource",)


def test_data_that_is_nested_without_end_is_refused() -> None:
    data: dict[str, Any] = {"resourceType": "Patient", "gender": "?"}
    for _ in range(150):
        data = {"resourceType": "Patient", "gender": "?", "contained": [data]}

    with pytest.raises(ValidationError, match="nested too deeply"):
        signed({"resourceType": "Bundle", "entry": [{"resource": data}]})


def test_constructors_keep_to_the_rules_of_fhir() -> None:
    wrong: dict[str, Any] = {"resource": {"resourceType": "Patient", "birthDate": "soon"}}

    with pytest.raises(ValidationError, match="expected a date") as caught:
        Action(type="create", description="Create it", **wrong)
    assert caught.value.errors()[0]["loc"] == ("resource", "birthDate")

    parts: dict[str, Any] = {"draft_orders": DRAFTS}
    with pytest.raises(ValidationError, match="Field required"):
        OrderSelectContext(
            user_id="Practitioner/1", patient_id="1", selections=["Patient/1"], **parts
        )


def test_resources_of_any_type_are_written_whole() -> None:
    order = MedicationRequest.model_validate(VALID["entry"][0]["resource"])

    action = Action(type="create", description="Create it", resource=order)

    assert action.resource is order
    assert action.model_dump()["resource"] == VALID["entry"][0]["resource"]
    assert json.loads(action.model_dump_json())["resource"] == VALID["entry"][0]["resource"]


def test_messages_inside_models_of_others_are_written_in_the_spelling_of_the_wire() -> None:
    class Record(BaseModel):
        request: OrderSelectRequest

    text = json.dumps(request("order-select", prefetch={"patient": PATIENT}))
    record = Record(request=OrderSelectRequest.model_validate_json(text.replace(": 5,", ": 5.5,")))

    written = json.loads(record.model_dump_json(exclude_none=True))["request"]

    assert written["prefetch"] == {"patient": PATIENT}
    assert written["hookInstance"] == INSTANCE
    doses = json.loads(json.dumps(DRUG_AS_READ).replace(": 5,", ": 5.5,"))
    assert written["context"]["draftOrders"]["entry"][1] == {"resource": doses}


def test_actions_of_an_answer_hold_models() -> None:
    actions = CDSResponse.model_validate(RESPONSE).system_actions

    assert actions
    assert isinstance(actions[0].resource, Patient)
    assert actions[0].resource.gender == "female"


def test_a_topic_that_breaks_the_rules_is_readable_too() -> None:
    read = Source.model_validate({"label": "us", "topic": {"code": " a ", "display": "Drugs"}})

    assert isinstance(read.topic, Coding)
    assert read.topic.display == "Drugs"
    assert read.model_dump() == {"label": "us", "topic": {"code": " a ", "display": "Drugs"}}


def test_the_selected_orders_are_those_that_the_selections_name() -> None:
    context = OrderSelectRequest.model_validate(request("order-select")).context

    assert [order.id for order in context.selected_orders()] == ["drug-1"]
    context.selections = ["MedicationRequest/drug-1", "NutritionOrder/diet-1", "Device/none"]
    assert [order.id for order in context.selected_orders()] == ["diet-1", "drug-1"]


def test_drafts_may_have_longer_ids_than_fhir_has() -> None:
    drug = DRUG | {"id": "ez067mnwOAKP5z1.YJwRAsd9gCwdOzQ8-" * 6}
    context = OrderSelectContext.model_validate(
        USER
        | {
            "selections": [f"MedicationRequest/{drug['id']}"],
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": drug}]},
        }
    )

    assert [order.id for order in context.selected_orders()] == [drug["id"]]


def test_selected_orders_of_an_empty_bundle_are_none() -> None:
    context = OrderSelectContext(
        user_id="Practitioner/1",
        patient_id="1",
        selections=["MedicationRequest/1"],
        draft_orders=Bundle(type="collection"),
    )

    assert context.selected_orders() == []


def test_a_list_of_appointments_is_read_as_a_bundle_of_them() -> None:
    read = AppointmentBookRequest.model_validate(request("appointment-book")).context.appointments

    assert read.type == "collection"
    assert read.entry
    assert [type(entry.resource) for entry in read.entry] == [Appointment, Appointment]
    assert first(read).status == "proposed"
    assert read.model_dump()["entry"] == [{"resource": VISIT}, {"resource": VISIT}]


def test_a_bundle_of_appointments_stays_what_it_is() -> None:
    bundle = Bundle(type="collection")

    context = AppointmentBookContext(user_id="Patient/1", patient_id="1", appointments=bundle)

    assert context.appointments is bundle


def test_prefetched_values_are_models_null_or_plain_json() -> None:
    found = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": DIET}]}
    given = {"patient": PATIENT, "diets": found, "nothing": None, "user": "u-1", "odd": {"a": 1}}

    read = PatientViewRequest.model_validate(request("patient-view", prefetch=given))

    assert isinstance(read.prefetch["patient"], Patient)
    assert read.prefetch["patient"].birth_date == "1961-07-09"
    assert isinstance(read.prefetch["diets"], Bundle)
    assert isinstance(first(read.prefetch["diets"]), NutritionOrder)
    assert read.prefetch["nothing"] is None
    assert read.prefetch["user"] == "u-1"
    assert read.prefetch["odd"] == {"a": 1}
    assert read.model_dump()["prefetch"] == given
    assert json.loads(read.model_dump_json())["prefetch"] == given


def test_a_prefetched_value_of_another_shape_is_named_by_its_key() -> None:
    prefetch = {"a": PATIENT, "b": {"resourceType": "Patient", "name": 1}}

    with pytest.raises(ValidationError, match="expected a JSON object") as caught:
        PatientViewRequest.model_validate(request("patient-view", prefetch=prefetch))

    assert [error["loc"] for error in caught.value.errors()] == [("prefetch", "b", "name")]


def test_prefetched_models_are_kept_and_written() -> None:
    patient = Patient.model_validate(PATIENT)
    built = PatientViewRequest(
        hook_instance=INSTANCE,
        context=PatientViewRequest.model_validate(request("patient-view")).context,
        prefetch={"patient": patient, "none": None},
    )

    assert built.prefetch["patient"] is patient
    assert built.model_dump()["prefetch"] == {"patient": PATIENT, "none": None}


def test_a_caller_is_told_what_is_wrong_with_what_it_prefetched() -> None:
    prefetch: dict[str, Any] = {"patient": {"resourceType": "Patient", "birthDate": "soon"}}

    with pytest.raises(ValidationError, match="expected a date"):
        CDSRequest(hook="a", hook_instance=INSTANCE, context={}, prefetch=prefetch)


class Late(Mapping[str, Any]):
    """Values that are made when they are asked for."""

    def __getitem__(self, key: str) -> Any:
        return {"patient": Patient.model_validate(PATIENT)}[key]

    def __iter__(self) -> Iterator[str]:
        return iter(["patient"])

    def __len__(self) -> int:
        return 1


def test_another_mapping_takes_the_place_of_prefetched_values() -> None:
    read = PatientViewRequest.model_validate(request("patient-view"))
    late = Late()

    read.prefetch = late

    assert read.prefetch is late
    assert read.model_dump()["prefetch"] == {"patient": PATIENT}

"""What every supported interpreter has to do with the installed wheel; runs without pytest."""

import asyncio
import json
import sys
from importlib.metadata import version
from pathlib import Path

import pymedplum

TEXT = (
    b'{"resourceType":"Patient","id":"p1","_birthDate":{"id":"b"},"birthDate":"1990-01",'
    b'"name":[{"family":"Osei","_given":[null,{"id":"g"}],"given":["Ama","B."]}]}'
)
QUANTITY = b'{"value":0.10000000000000000005,"unit":"mg"}'


def check_the_import() -> None:
    """The package comes from the wheel, knows its version, and loads nothing heavy."""
    assert Path(pymedplum.__file__).is_relative_to(sys.prefix), pymedplum.__file__
    heavy = {"pydantic", "pydantic_core", "httpx", "msgspec"} & set(sys.modules)
    assert not heavy, heavy
    assert pymedplum.__version__ == version("pymedplum")


def check_the_public_names() -> None:
    """Every name that the packages offer is there, on this interpreter too."""
    import pymedplum.fhir  # noqa: PLC0415 - not before check_the_import

    for package in (pymedplum, pymedplum.fhir):
        for name in package.__all__:
            getattr(package, name)


def check_models() -> None:
    """First models, both spellings, exact round trips, errors that name the member."""
    from pydantic import ValidationError  # noqa: PLC0415 - not before check_the_import

    from pymedplum.fhir import HumanName, Patient, Quantity  # noqa: PLC0415 - the same

    patient = Patient.model_validate_json(TEXT)
    assert json.loads(patient.model_dump_json()) == json.loads(TEXT)
    assert Quantity.model_validate_json(QUANTITY).model_dump_json().encode() == QUANTITY
    assert Patient(birth_date="1990-01-15") == Patient(birthDate="1990-01-15")
    assert Patient(name=[HumanName(family="Osei")]).name == [HumanName(family="Osei")]
    try:
        Patient.model_validate({"resourceType": "Patient", "active": "yes"})
    except ValidationError as error:
        places = [problem["loc"] for problem in error.errors()]
    else:
        places = []
    assert places == [("active",)], places


def check_importing_the_clients() -> None:
    """A client brings the base of the models, but no resource; a group comes when asked for."""
    assert pymedplum.MedplumClient.__name__ == "MedplumClient"
    assert pymedplum.AsyncMedplumClient.__name__ == "AsyncMedplumClient"
    loaded = {name.rpartition(".")[2] for name in sys.modules if name.startswith("pymedplum.fhir.")}
    assert not loaded & {"patient", "observation", "bundle", "humanname"}, loaded
    groups = {name for name in sys.modules if name.startswith("pymedplum.groups.")}
    assert not groups, groups


def check_the_clients() -> None:
    """Both clients make one call, with a model and without."""
    import httpx  # noqa: PLC0415 - not before check_the_import

    from pymedplum.fhir import Patient  # noqa: PLC0415 - the same

    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=TEXT)

    transport = httpx.MockTransport(answer)
    base, token = "https://fhir.example.com/", "t0"
    with httpx.Client(transport=transport) as http:
        client = pymedplum.MedplumClient(base, access_token=token, http_client=http)
        assert client.read_resource("Patient", "p1") == json.loads(TEXT)

    async def later() -> Patient:
        async with httpx.AsyncClient(transport=transport) as http:
            client = pymedplum.AsyncMedplumClient(base, access_token=token, http_client=http)
            return await client.read_resource("Patient", "p1", as_fhir=Patient)

    assert asyncio.run(later()) == Patient.model_validate_json(TEXT)
    assert {(str(r.url), r.headers["Authorization"]) for r in asked} == {
        (f"{base}fhir/R4/Patient/p1", f"Bearer {token}")
    }


def check_helpers() -> None:
    """Helpers read models and dicts alike."""
    from pymedplum.fhir import Patient  # noqa: PLC0415 - not before check_the_import

    assert pymedplum.build_reference("Patient", "p1") == "Patient/p1"
    for patient in (json.loads(TEXT), Patient.model_validate_json(TEXT)):
        assert "Osei" in pymedplum.get_patient_display_name(patient)
    assert pymedplum.to_fhir_json(Patient.model_validate_json(TEXT)) == json.loads(TEXT)


def check_a_users_subclass() -> None:
    """A subclass adds a field and a validator of its own."""
    from pydantic import ValidationError, field_validator  # noqa: PLC0415 - see above

    from pymedplum.fhir import Patient  # noqa: PLC0415 - the same

    class WardPatient(Patient):
        ward: "str | None" = None

        @field_validator("ward")
        @classmethod
        def refuse_no_ward(cls, ward: str) -> str:
            if not ward:
                raise ValueError("which ward?")
            return ward

    patient = WardPatient(ward="7b", birth_date="1990-01")
    assert json.loads(patient.model_dump_json())["ward"] == "7b"
    try:
        WardPatient(ward="")
    except ValidationError:
        refused = True
    else:
        refused = False
    assert refused


def check_validation() -> None:
    """Rules, profiles, value sets and FHIRPath come with the wheel, and need no Pydantic."""
    blood_pressure = "http://hl7.org/fhir/StructureDefinition/bp"
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "BP"}}
    report = pymedplum.validate(observation, profile=blood_pressure)
    missing = {issue.expression for issue in report.errors}
    assert {"Observation.category", "Observation.subject"} <= missing, missing
    report = pymedplum.validate({"resourceType": "Patient", "gender": "x", "contact": [{}]})
    assert [issue.key for issue in report.errors if issue.key] == ["pat-1"], report
    assert pymedplum.fhirpath(observation, "code.text.upper()") == ["BP"]
    assert "pydantic" not in sys.modules


if __name__ == "__main__":
    check_the_import()
    check_validation()
    check_importing_the_clients()
    check_models()
    check_the_clients()
    check_helpers()
    check_a_users_subclass()
    check_the_public_names()
    print("smoke passed")

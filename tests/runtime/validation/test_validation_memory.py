import gc
from weakref import ref

from made_resources import SD, ada

from pymedplum_runtime.profiles.definitions import packaged
from pymedplum_runtime.profiles.tables import DefinitionTable
from pymedplum_runtime.validation import validate
from pymedplum_runtime.validation.paths import FHIRPath

ADULT = "http://example.org/StructureDefinition/adult"


def adult(least: int) -> DefinitionTable:
    return {
        "url": ADULT,
        "type": "Patient",
        "profile": True,
        "base": f"{SD}Patient",
        "root": {"elements": {"birthDate": {"min": least}}},
    }


def test_a_set_of_definitions_that_was_used_is_freed() -> None:
    definitions = packaged().extended([adult(1)])
    patient = ada(gender="f", contact=[{"gender": "male"}])
    assert ADULT in validate(patient, profile=ADULT, definitions=definitions).profiles
    assert FHIRPath("name.family").evaluate(patient, definitions=definitions) == ["Lovelace"]
    freed = ref(definitions)

    del definitions
    gc.collect()

    assert freed() is None


def test_what_is_added_to_a_set_counts_at_once() -> None:
    definitions = packaged().extended([adult(0)])
    patient = ada()
    del patient["birthDate"]
    assert validate(patient, profile=ADULT, definitions=definitions).ok

    definitions.add([adult(1)])

    assert not validate(patient, profile=ADULT, definitions=definitions).ok


def test_a_type_that_is_added_to_a_set_counts_at_once() -> None:
    definitions = packaged().extended()
    resource = {"resourceType": "Odd", "part": "a"}
    assert not validate(resource, definitions=definitions).ok

    odd: DefinitionTable = {
        "url": f"{SD}Odd",
        "type": "Odd",
        "kind": "resource",
        "base": f"{SD}Resource",
        "root": {"elements": {"part": {"types": [{"code": "string"}]}}},
    }
    for most in (1, 0):
        odd["root"]["elements"]["part"]["max"] = most
        definitions.add([odd])
        assert validate(resource, definitions=definitions).ok is bool(most)

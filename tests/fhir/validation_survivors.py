"""Rules of profiles whose breaking is no error, one by one, and why.

A pattern stands for `profile element rule`; the tests hold the tables exact.
"""

_URL = (
    "the url tells the slices apart: an extension with another url is another extension, which "
    "the profile's open slicing allows"
)
_CODING = (
    "code and system tell the codings apart: another coding is of no slice, which the profile's "
    "open slicing allows, and the slice may be absent"
)
# The rule is reported as unchecked: nothing says that the value breaks it.
_VSAC = "the value set is of the VSAC, of which no list is public: left unchecked"
_PROFILE = "the package has not all of the profiles that the target may have: left unchecked"
UNCHECKED: dict[str, str] = {
    "us-core-genderIdentity Extension.value[[]x] binding extensible": _VSAC,
    "us-core-medicationrequest MedicationRequest.medication[[]x] binding extensible": _VSAC,
    "us-core-medicationrequest MedicationRequest.reported[[]x] target profile *": _PROFILE,
    "us-core-medicationrequest MedicationRequest.medication[[]x] target profile *": _PROFILE,
    "us-core-medicationrequest MedicationRequest.encounter target profile *": _PROFILE,
    "us-core-medicationrequest MedicationRequest.requester target profile *": _PROFILE,
}
# With the rule broken as far as it can be, the resource is still valid.
VALID: dict[str, str] = {
    "us-core-race Extension.url fixed": _URL,
    "us-core-race Extension.extension:ombCategory.url fixed": _URL,
    "us-core-race Extension.extension:detailed.url fixed": _URL,
    "us-core-ethnicity Extension.url fixed": _URL,
    "us-core-ethnicity Extension.extension:ombCategory.url fixed": _URL,
    "us-core-ethnicity Extension.extension:detailed.url fixed": _URL,
    "us-core-birthsex Extension.url fixed": _URL,
    "us-core-genderIdentity Extension.url fixed": _URL,
    "us-core-medicationrequest MedicationRequest.category:us-core binding required": (
        "the value set tells the categories apart: one with another code is of no slice"
    ),
    "vitalspanel Observation.code.coding:VitalsPanelCode.system fixed": _CODING,
    "vitalspanel Observation.code.coding:VitalsPanelCode.code fixed": _CODING,
    "vitalspanel Observation.value[[]x] must support": "it may not be there: its maximum is 0",
}
SURVIVORS = {**UNCHECKED, **VALID}

# Valid by FHIR's rules, not by Medplum's: it finds no slice by a value in slices of its elements.
_BP = "http://hl7.org/fhir/StructureDefinition/bp"
BEYOND_MEDPLUM = {
    (_BP, f"Incorrect number of values provided for slice '{name}': expected 1..1, but found 0")
    for name in ("SystolicBP", "DiastolicBP")
}

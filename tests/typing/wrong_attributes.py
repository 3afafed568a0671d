"""Names that are not there, and what the checkers say: see diagnostics.py."""

from pymedplum import to_fhir_jsn  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownVariableType, reportUnusedImport
from pymedplum.fhir import Bundle, Pateint, Patient, codes, parse_resource  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownVariableType, reportUnusedImport

patient = Patient()
print(patient.birthDate)  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType
print(patient.nmae)  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType
patient.birthDate = "1990"  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue
patient.nmae = 3  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue
patient.gender = "x"  # expect mypy: assignment; pyright: reportAttributeAccessIssue
patient.active = "yes"  # expect mypy: assignment; pyright: reportAttributeAccessIssue
patient.medplum_account = "Organization/1"  # expect mypy: misc; pyright: reportAttributeAccessIssue
patient.resource_type = "Person"  # expect mypy: assignment; pyright: reportAttributeAccessIssue
patient.model_dmp()  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownMemberType
print(patient.birth_date.upper())  # expect mypy: union-attr; pyright: reportOptionalMemberAccess
print(patient.name[0])  # expect mypy: index; pyright: reportOptionalSubscript, reportUnknownArgumentType
print(codes.AdministrativGender)  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType
print(parse_resource(1))  # expect mypy: arg-type; pyright: reportArgumentType
for entry in Bundle(type="batch").entry or []:
    print(entry.resource.name)  # expect mypy: union-attr, union-attr; pyright: reportAttributeAccessIssue, reportOptionalMemberAccess, reportUnknownArgumentType, reportUnknownMemberType
Patient.model_validate({}, extra="maybe")  # expect mypy: arg-type; pyright: reportArgumentType

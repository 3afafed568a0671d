"""Pure functions between FHIR data and plain Python, for dicts and models alike.

Knows no client and no generated model, and never imports Pydantic.
"""

from pymedplum_runtime.helpers.accounts import (
    extract_account_references,
    get_resource_accounts,
    resource_has_account,
)
from pymedplum_runtime.helpers.codings import coding_parts, get_code_by_system, get_code_display
from pymedplum_runtime.helpers.extensions import (
    get_extension,
    get_extension_value,
    get_extensions,
    get_nested_value,
    remove_extension,
    set_extension,
    upsert_extension,
)
from pymedplum_runtime.helpers.names import extract_identifier, get_patient_display_name
from pymedplum_runtime.helpers.parameters import (
    get_parameter,
    get_parameter_resource,
    parameters_to_dict,
)
from pymedplum_runtime.helpers.references import build_reference, parse_reference, resolve_id
from pymedplum_runtime.helpers.serialization import to_fhir_json
from pymedplum_runtime.helpers.slots import (
    SERVICE_TYPE_REFERENCE_URL,
    read_service_type_references,
    service_type_reference_extension,
)

__all__ = [
    "SERVICE_TYPE_REFERENCE_URL",
    "build_reference",
    "coding_parts",
    "extract_account_references",
    "extract_identifier",
    "get_code_by_system",
    "get_code_display",
    "get_extension",
    "get_extension_value",
    "get_extensions",
    "get_nested_value",
    "get_parameter",
    "get_parameter_resource",
    "get_patient_display_name",
    "get_resource_accounts",
    "parameters_to_dict",
    "parse_reference",
    "read_service_type_references",
    "remove_extension",
    "resolve_id",
    "resource_has_account",
    "service_type_reference_extension",
    "set_extension",
    "to_fhir_json",
    "upsert_extension",
]

"""Administration of a project: inviting people.

https://www.medplum.com/docs/user-management
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pymedplum_runtime.access import normalize_access_entry, normalize_access_policy_reference
from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import AccessEntry
from pymedplum_runtime.errors import OperationOutcomeError
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.urls import id_segment, type_segment
from pymedplum_runtime.http.wire import JSON


def invite_user(
    session: Session,
    project_id: str,
    resource_type: str,
    first_name: str,
    last_name: str,
    email: str,
    password: str | None = None,
    send_email: bool = True,
    admin: bool = False,
    scope: str = "project",
    access_policy: str | None = None,
    *,
    access: Sequence[AccessEntry] | None = None,
    membership: Mapping[str, Any] | None = None,
    external_id: str | None = None,
    patient: str | None = None,
    upsert: bool = False,
    force_new_membership: bool = False,
    mfa_required: bool = False,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Invite a person into a project, and return the ProjectMembership.

    Raises:
        TypeError: a name or the address is no text.
        ValueError: it is empty.
    """
    _check_texts(first_name=first_name, last_name=last_name, email=email)
    given: dict[str, Any] = {
        "resourceType": type_segment(resource_type),
        "firstName": first_name,
        "lastName": last_name,
        "email": email,
        "password": password,
        "sendEmail": send_email,
        "admin": admin,
        "scope": scope,
        "accessPolicy": normalize_access_policy_reference(access_policy) if access_policy else None,
        "access": None if access is None else [normalize_access_entry(each) for each in access],
        "membership": membership,
        "externalId": external_id,
        "patient": {"reference": patient} if patient else None,
        "upsert": upsert or None,
        "forceNewMembership": force_new_membership or None,
        "mfaRequired": mfa_required or None,
    }
    call = Call(
        method="POST",
        url=session.server.plain(
            "admin", "projects", id_segment(project_id, "project_id"), "invite"
        ),
        body={name: value for name, value in given.items() if value is not None},
        content_type=JSON,
        accept=JSON,
        options=options,
    )
    answer = yield from session.call(call)
    found = object_of(answer)
    if found.get("resourceType") == "OperationOutcome":  # invited, and the message was not sent
        raise OperationOutcomeError(None, answer.status, outcome=found, possibly_committed=True)
    return found


def _check_texts(**given: object) -> None:
    for name, value in given.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a str, got {type(value).__name__}")
        if not value.strip():
            raise ValueError(f"{name} must not be empty")

"""The accounts that a resource is assigned to: Medplum's `meta.account` and `meta.accounts`.

https://www.medplum.com/docs/access/multi-tenant-access-policy: the singular is deprecated, but
resources from before `meta.accounts` carry it alone.
"""

from pymedplum_runtime.helpers.members import FHIRData, entries, is_data, members_of, objects, text


def get_resource_accounts(resource: FHIRData) -> list[str]:
    """Return the references of all accounts that a resource is assigned to.

    Example:
        >>> get_resource_accounts({"meta": {"accounts": [{"reference": "Organization/1"}]}})
        ['Organization/1']
    """
    meta = members_of(resource).get("meta")
    return extract_account_references(meta if is_data(meta) else None)


def extract_account_references(meta: FHIRData | None) -> list[str]:
    """Return the references of all accounts in a `meta`: the singular first, each once.

    Entries without a reference are skipped.
    """
    members = members_of(meta)
    accounts = objects([members.get("account"), *entries(members.get("accounts"))])
    found = [text(account.get("reference")) for account in accounts]
    return list(dict.fromkeys(reference for reference in found if reference))


def resource_has_account(resource: FHIRData, account_ref: str) -> bool:
    """Say whether a resource is assigned to an account, such as `Organization/1`."""
    return account_ref in get_resource_accounts(resource)

"""The extra that services need: looked for when one is made, so that importing needs nothing."""

from pymedplum_runtime.lazy import require_extra


def require_cds(what: str) -> None:
    """Refuse to go on without the packages that a CDS service is served with.

    Raises:
        ImportError: starlette, joserfc or cryptography is not installed.
    """
    require_extra(what, "cds", ("starlette", "joserfc", "cryptography"))

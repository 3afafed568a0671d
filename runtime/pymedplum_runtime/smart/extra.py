"""The extra that keys need: looked for when one is used, so that importing needs nothing."""

from pymedplum_runtime.lazy import require_extra


def require_smart(what: str) -> None:
    """Refuse to go on without the packages that keys are read and used with.

    Raises:
        ImportError: joserfc or cryptography is not installed.
    """
    require_extra(what, "smart", ("joserfc", "cryptography"))

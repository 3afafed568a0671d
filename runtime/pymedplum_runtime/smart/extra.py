"""The extra that keys need: looked for when one is used, so that importing needs nothing."""

from importlib.util import find_spec


def require_smart(what: str) -> None:
    """Refuse to go on without the packages that keys are read and used with.

    Raises:
        ImportError: joserfc or cryptography is not installed.
    """
    for name in ("joserfc", "cryptography"):
        if find_spec(name) is None:
            raise ImportError(f"{what} needs the extra: pip install 'pymedplum[smart]'", name=name)

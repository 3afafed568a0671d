"""The extra that services need: looked for when one is made, so that importing needs nothing."""

from importlib.util import find_spec


def require_cds(what: str) -> None:
    """Refuse to go on without the packages that a CDS service is served with.

    Raises:
        ImportError: starlette, joserfc or cryptography is not installed.
    """
    for name in ("starlette", "joserfc", "cryptography"):
        if find_spec(name) is None:
            raise ImportError(f"{what} needs the extra: pip install 'pymedplum[cds]'", name=name)

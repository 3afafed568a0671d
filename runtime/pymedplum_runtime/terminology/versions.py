"""The versions that canonical URLs carry after `|`."""

import re

_NUMBERS = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})(?:\.[0-9]{1,9})?(?:-[0-9A-Za-z.-]{1,64})?")


def split_canonical(canonical: str) -> tuple[str, str]:
    """Return the URL and the version of a canonical; the version is empty where it has none."""
    url, _, version = canonical.partition("|")
    return url, version


def versions_agree(asked: str, there: str) -> bool:
    """Tell whether a definition of one version may stand for another that is asked for.

    Only numbers can disagree (`4.3.0` and `4.0.1`), and not on the third: FHIR's own bindings name
    its release where the value set is dated (`v3-NullFlavor|4.0.1`, which is of 2014-03-26).
    """
    if not asked or not there or asked == there:
        return True
    one, other = _NUMBERS.fullmatch(asked), _NUMBERS.fullmatch(there)
    return one is None or other is None or one.groups() == other.groups()


def version_number(version: object) -> str:
    """Return a version that can disagree with another, or nothing."""
    return version if isinstance(version, str) and _NUMBERS.fullmatch(version) else ""

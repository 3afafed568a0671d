"""What to do about a profile that is not known: the end of a sentence."""

from pymedplum_runtime.profiles.definitions import Definitions


def version_hint(canonical: str, definitions: Definitions) -> str:
    """Return which version of a profile is known instead, or nothing."""
    url, _, version = canonical.partition("|")
    known = definitions.table(url) if version else None
    if known is None:
        return ""
    return f" in this version, only in version {known.get('version', 'without a name')}"


def hint_for(canonical: str, definitions: Definitions) -> str:
    """Return the known version, or the URL that may have been meant, or nothing."""
    url = canonical.partition("|")[0]
    if definitions.table(url) is not None:
        return version_hint(canonical, definitions)
    # By the last part alone: all URLs begin alike, so that whole ones are always close.
    names = {each.rpartition("/")[2]: each for each in sorted(definitions.urls)}
    import difflib  # noqa: PLC0415 - for messages alone

    close = difflib.get_close_matches(url.rpartition("/")[2], names, n=1, cutoff=0.7)
    return f"; did you mean '{names[close[0]]}'?" if close else ""

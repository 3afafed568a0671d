"""Measures reading all pages of a search: how long it takes, and how much is held meanwhile."""

from tests.benchmarks.children import alternate, snippet
from tests.benchmarks.client_rows import AT_MOST_AS_LONG, RIVALS, medians_of
from tests.benchmarks.contestants import OURS
from tests.benchmarks.rows import Report, Row, Target, notes_of

PAGES = 50  # of a thousand
FEW = 5
KINDS = {"Patient": "Patients", "Observation": "Observations with decimals"}
FORMS = {"dict": "dicts", "typed": "models"}
ONE_PAGE = Target("<= 1.1 x that of 5 pages", "floor", 1.1)


def measure_paging(rounds: int) -> Report:
    """Time both clients of both packages over the same pages."""
    commands = {
        f"{c.name} {kind} {form}": snippet(c.python, "paged_read.py", kind, str(PAGES), form)
        for kind in KINDS
        for form in FORMS
        for c in RIVALS
    }
    runs, failures = alternate(commands, rounds, warm_up=False)
    seconds = {name: medians_of(each) for name, each in runs.items()}
    rows = [
        Row(
            measure=f"{'async ' if client == 'async' else ''}paging, {PAGES}k {said}, {as_what}",
            unit="s",
            values={
                c.name: seconds[key][client]
                for c in RIVALS
                if (key := f"{c.name} {kind} {form}") in seconds
            },
            target=AT_MOST_AS_LONG,
        )
        for client in ("sync", "async")
        for kind, said in KINDS.items()
        for form, as_what in FORMS.items()
    ]
    return Report(tuple(rows), notes_of(failures))


def measure_paging_memory() -> Report:
    """Measure what is held at most over many pages; what ours holds over a few is the floor."""
    numbers = str(FEW), str(PAGES)
    commands = {
        f"{c.name} {form}": snippet(c.python, "paged_memory.py", "Observation", *numbers, form)
        for form in FORMS
        for c in RIVALS
    }
    runs, failures = alternate(commands, 1, warm_up=False)
    peaks = {name: medians_of(each) for name, each in runs.items()}
    rows = [_memory_row(peaks, form) for form in FORMS]
    return Report(tuple(rows), notes_of(failures))


def _memory_row(peaks: dict[str, dict[str, float]], form: str) -> Row:
    found = {c.name: peaks[key] for c in RIVALS if (key := f"{c.name} {form}") in peaks}
    ours = found.get(OURS.name)
    return Row(
        measure=f"most held in {PAGES} pages of Observations, {FORMS[form]} (floor: in {FEW})",
        unit="MiB",
        floor=ours[str(FEW)] if ours else None,
        values={name: each[str(PAGES)] for name, each in found.items()},
        target=ONE_PAGE,
        counts={n: f"{each[str(PAGES)] / each['page']:.1f} pages" for n, each in found.items()},
    )

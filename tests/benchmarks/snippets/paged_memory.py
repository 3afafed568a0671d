"""The most memory that Python held while a search was read, in MiB, and what one page takes.

Usage: paged_memory.py KIND PAGES... dict|typed. Each number of pages is read from the start.
"""

import gc
import importlib
import json
import sys
import tracemalloc

from tests.benchmarks.snippets.canned import sync_client
from tests.benchmarks.snippets.pages import Pages


def peak(kind: str, number: int, model: type | None) -> float:
    """Return the peak above what was held before the first page."""
    client, _ = sync_client(Pages(kind, number))
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    for _ in client.search_resource_pages(kind, as_fhir=model):
        pass
    return (tracemalloc.get_traced_memory()[1] - before) / 2**20


def page(kind: str) -> float:
    """Return what one page takes as the dicts that `json.loads` makes."""
    text = Pages(kind, 1).text
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    kept = json.loads(text)
    taken = tracemalloc.get_traced_memory()[0] - before
    assert kept
    return taken / 2**20


def main(kind: str, *rest: str) -> None:
    *numbers, form = rest
    fhir = importlib.import_module("pymedplum.fhir")
    model: type | None = getattr(fhir, kind) if form == "typed" else None
    peak(kind, 1, model)  # models are built, caches filled
    tracemalloc.start()
    peaks = {number: peak(kind, int(number), model) for number in numbers}
    print(json.dumps({"page": page(kind), **peaks}))


main(*sys.argv[1:])

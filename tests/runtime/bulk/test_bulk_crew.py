import threading
from contextlib import suppress
from typing import Any

import pytest
from export_talk import ExportClock

from pymedplum_runtime.bulk.crew import Crew, StoppedError
from pymedplum_runtime.http.flow import Flow, Wait

PATIENCE = 10  # seconds: a thread that is not woken fails the test instead of holding it up


def served(crew: Crew) -> None:
    """Do what a driver does."""
    flow = crew.serve()
    answer: Any = None
    with suppress(StopIteration):
        while True:
            effect = flow.send(answer)
            assert isinstance(effect, Wait)
            answer = effect.future.result(PATIENCE)


def test_a_thread_may_fail_while_the_errand_of_another_is_run() -> None:
    crew = Crew(2, ExportClock())
    is_begun, is_woken = threading.Event(), threading.Event()
    works = iter([True, False])

    def errand() -> Flow[str]:
        is_begun.set()
        assert is_woken.wait(PATIENCE)
        return "late"
        yield

    def work() -> bool:
        if next(works):
            try:
                crew.ask(errand())
            except StoppedError:
                is_woken.set()
                raise
        assert is_begun.wait(PATIENCE)
        raise LookupError("mine")

    crew.start(work)
    with pytest.raises(LookupError, match="mine"):
        served(crew)


def test_what_comes_after_the_end_is_stopped() -> None:
    crew = Crew(1, ExportClock())
    crew.stop()
    with pytest.raises(StoppedError):
        crew.ask(iter(()))  # type: ignore[arg-type]
    with pytest.raises(StoppedError):
        crew.sleep(1.0)

"""What became of cards reaches the function that wants to know."""

import pytest
from cds_calls import (
    a_card,
    post,
)
from cds_handlers import SekretError, raising, serving

from pymedplum.cds_models import Feedback


def test_feedback_reaches_its_function_as_models() -> None:
    services = serving(a_card)
    learned: list[Feedback] = []

    @services.on_feedback("greet")
    def learn(feedback: list[Feedback]) -> None:
        learned.extend(feedback)

    one = {"card": "c1", "outcome": "overridden", "outcomeTimestamp": "2026-05-04T12:30:00Z"}
    two = one | {"outcome": "accepted", "acceptedSuggestions": [{"id": "s1"}]}

    answer = post(services, {"feedback": [one, two]}, "greet/feedback")

    assert answer.status_code == 200
    assert [each.outcome for each in learned] == ["overridden", "accepted"]
    accepted = learned[1].accepted_suggestions
    assert accepted is not None
    assert accepted[0].id == "s1"


def test_wrong_feedback_is_refused_whole() -> None:
    services = serving(a_card)
    services.on_feedback("greet")(raising(AssertionError()))

    answer = post(services, {"feedback": [{"card": "c1", "outcome": "ignored"}]}, "greet/feedback")

    assert answer.status_code == 400
    paths = {problem["path"] for problem in answer.json()["problems"]}
    assert {"feedback.0.outcome", "feedback.0.outcomeTimestamp"} <= paths


def test_a_failure_to_take_feedback_leaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    services = serving(a_card)
    services.on_feedback("greet")(raising(SekretError("Sekret")))
    one = {"card": "c1", "outcome": "overridden", "outcomeTimestamp": "2026-05-04T12:30:00Z"}

    answer = post(services, {"feedback": [one]}, "greet/feedback")

    assert answer.status_code == 500
    assert answer.json() == {"error": "taking the feedback failed"}
    assert "Sekret" not in caplog.text.replace("SekretError", "")


def test_feedback_of_a_service_that_wants_none_is_a_404() -> None:
    services = serving(a_card)
    services.on_feedback("another")(lambda _: None)

    assert post(services, {"feedback": []}, "greet/feedback").status_code == 404
    assert post(services, {"feedback": []}, "another/feedback").status_code == 404

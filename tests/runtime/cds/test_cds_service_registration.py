"""Wrong registrations and wrong settings are refused at once."""

from typing import Any

import pytest
from cds_calls import (
    JWKS_URL,
    a_card,
    an_ehr,
    anonymous_services,
)
from cds_handlers import serving

from pymedplum.cds_models import Card
from pymedplum_runtime.cds.service.services import CDSServices
from pymedplum_runtime.cds.service.trust import TrustedEHR

WRONG: list[dict[str, Any]] = [
    {"id": ""},
    {"id": "a/b"},
    {"id": ".."},
    {"id": "ü"},
    {"id": "x" * 129},
    {"description": ""},
    {"timeout": 0},
    {"timeout": float("inf")},
    {"timeout": float("nan")},
    {"timeout": True},
    {"prefetch": {"p": "Patient/{{context.nobody}}"}},
    {"prefetch": {"p": "https://evil.example/Patient"}},
    {"optional": ["p"]},
]


@pytest.mark.parametrize("options", WRONG, ids=str)
def test_wrong_registrations_are_refused_at_once(options: dict[str, Any]) -> None:
    given: dict[str, Any] = {"id": "greet", "description": "d", **options}

    with pytest.raises(ValueError, match=r"."):
        anonymous_services().service("patient-view", **given)


@pytest.mark.parametrize("hook", ["", "a hook", "a\nhook"])
def test_a_hook_must_have_a_name(hook: str) -> None:
    with pytest.raises(ValueError, match="hook must be"):
        anonymous_services().service(hook, id="greet", description="d")


@pytest.mark.parametrize("request_class", [dict, Card, "CDSRequest"])
def test_requests_are_of_a_class_of_requests(request_class: Any) -> None:
    with pytest.raises(TypeError, match="subclass of CDSRequest"):
        anonymous_services().service("x", id="x", description="d", request=request_class)


def test_a_text_alone_is_one_text_and_not_its_letters() -> None:
    ehr = TrustedEHR(
        "https://ehr.test", jwks_url=JWKS_URL, audiences="all", fhir_servers="https://ehr.test/fhir"
    )
    services = anonymous_services(origins="https://ehr.test", fhir_servers="https://ehr.test/fhir")

    assert ehr.audiences == {"all"}
    assert ehr.fhir_servers == ("https://ehr.test/fhir",)
    assert services.app().user_middleware[0].kwargs["allow_origins"] == ["https://ehr.test"]


def test_the_same_service_twice_is_refused() -> None:
    services = serving(a_card)

    with pytest.raises(ValueError, match="two services 'greet' for the hook patient-view"):
        services.service("patient-view", id="greet", description="d")(a_card)
    services.on_feedback("greet")(a_card)
    with pytest.raises(ValueError, match="two functions for feedback"):
        services.on_feedback("greet")(a_card)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "who may call"),
        ({"trusted": [an_ehr()], "allow_anonymous": True}, "who may call"),
        ({"trusted": []}, "at least one"),
        ({"trusted": [an_ehr()]}, "give base_url"),
        ({"trusted": [an_ehr()], "base_url": "http://cds.test"}, "https"),
        ({"trusted": [an_ehr()], "base_url": "https://cds.test?x"}, "plain URL"),
        (
            {"trusted": [an_ehr()], "base_url": "https://c.test", "fhir_servers": ["https://f"]},
            "each TrustedEHR",
        ),
        ({"allow_anonymous": True, "public_discovery": False}, "needs trusted"),
        ({"allow_anonymous": True, "origins": ["https://a.test/"]}, "an origin is"),
        ({"allow_anonymous": True, "max_body": 0}, "max_body"),
        ({"allow_anonymous": True, "threads": 0}, "threads"),
        ({"allow_anonymous": True, "fhir_servers": ["http://fhir.test"]}, "https"),
    ],
)
def test_who_may_call_must_be_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CDSServices(**options)

"""The EHR's token goes to the EHR's server alone; nothing else is asked, kept or logged."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from cds_calls import (
    BASE,
    SECRET,
    RecordingEHR,
    StillClock,
    a_card,
    a_request,
    an_ehr,
    anonymous_services,
    authorized,
    bearer,
    post,
    recording_ehr,
    respond,
    token,
    trusting_services,
)
from prefetch_calls import PATIENT, SEARCH, TEMPLATES, a_none, bundle, faults, said, serving

from pymedplum.fhir import Patient
from pymedplum_runtime.cds.messages.prefetch import prefetched_resource


def test_the_token_of_the_call_goes_to_the_ehr_and_the_ehrs_signed_token_does_not() -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        services = trusting_services(an_ehr(fhir_servers=[ehr.base]))
        services.service("encounter-start", id="greet", description="d", prefetch=TEMPLATES)(
            lambda request: a_card(prefetched_resource(request, "patient", Patient).id or "")
        )
        context = {"userId": "Practitioner/7", "patientId": "p1", "encounterId": "e1"}
        ehr.answers[SEARCH] = bundle()
        body = a_request(hook="encounter-start", context=context, **authorized(ehr))
        signed = token()
        answer = post(
            services, body, headers={**bearer(signed), "Cookie": "session=1", "X-Own": "1"}
        )

    assert said(answer) == "p1"
    assert ehr.tokens == {f"Bearer {SECRET}"}
    sent = str([headers for _, headers in ehr.requests])
    assert signed not in sent
    assert "session" not in sent
    assert "x-own" not in sent


def test_two_calls_at_once_use_each_its_own_token() -> None:
    answers = {f"/fhir/Patient/{each * 8}": {**PATIENT, "id": each * 8} for each in "ab"}
    with recording_ehr(answers) as ehr:
        services = anonymous_services(fhir_servers=[ehr.base])
        template = {"patient": TEMPLATES["patient"]}
        services.service("patient-view", id="greet", description="d", prefetch=template)(a_none)

        async def calls() -> None:
            transport = httpx.ASGITransport(services)
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
                await asyncio.gather(
                    *(
                        http.post("/cds-services/greet", json=a_patient(ehr, letter))
                        for letter in "abababab"
                    )
                )

        asyncio.run(calls())

    pairs = {(path[-1], headers["authorization"][-1]) for path, headers in ehr.requests}
    assert pairs == {("a", "a"), ("b", "b")}
    assert len(ehr.requests) == 8


def a_patient(ehr: RecordingEHR, letter: str) -> dict[str, Any]:
    context = {"userId": "Practitioner/7", "patientId": letter * 8}
    return a_request(context=context, **authorized(ehr, access_token=f"token-{letter}"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["elsewhere", "here"])
def test_redirects_are_not_followed(status: int, where: str) -> None:
    with recording_ehr() as thief, recording_ehr() as ehr:
        target = (thief if where == "elsewhere" else ehr).base + "/Patient/stolen"
        ehr.answers["/fhir/Patient/p1"] = lambda handler: respond(
            handler, status, {}, {"Location": target}
        )
        ehr.answers[SEARCH] = bundle()
        found = faults(post(serving(ehr), a_request(**authorized(ehr))))

    assert list(found) == ["prefetch.patient"]
    assert "redirect" in found["prefetch.patient"]
    assert thief.requests == []
    assert "/fhir/Patient/stolen" not in ehr.paths


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("127.0.0.1", "127.0.0.2"),
        lambda url: url.replace("127.0.0.1", "localhost"),
        lambda url: url.replace("/fhir", ""),
        lambda url: url.replace("/fhir", "/fhirs"),
        lambda url: url.replace("/fhir", "/other/../fhir"),
        lambda url: url.replace("/fhir", "/%66hir"),
        lambda url: url + "/../admin",
        lambda url: url + "/%2e%2e/admin",
        lambda url: url + "?x=",
        lambda url: url + "#",
        lambda url: url + "\\@evil.test",
        lambda url: url.replace("://", "://evil.test@"),
        lambda url: url.replace("http://", "http://evil.test/"),
        lambda url: url.replace("http", "https", 1),
        lambda url: "https://evil.test/?" + url,
        lambda _: "http://169.254.169.254/latest/meta-data",
        lambda _: "http://[::1]/",
        lambda _: "https://evil.test",
    ],
)
def test_nothing_is_sent_to_a_server_that_is_not_allowed(change: Any) -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT, SEARCH: bundle()}) as ehr:
        body = a_request(**authorized(ehr))
        body["fhirServer"] = change(ehr.base)
        answer = post(serving(ehr), body)

    assert answer.status_code in {400, 412}
    assert ehr.requests == []


@pytest.mark.parametrize("change", [lambda url: url + "/", lambda url: url + "/tenant"])
def test_a_slash_more_and_what_is_below_are_the_same_server(change: Any) -> None:
    with recording_ehr() as ehr:
        body = a_request(**authorized(ehr))
        body["fhirServer"] = change(ehr.base)
        below = "/tenant" if body["fhirServer"].endswith("tenant") else ""
        ehr.answers = {
            f"/fhir{below}/Patient/p1": PATIENT,
            SEARCH.replace("/fhir", f"/fhir{below}"): bundle(),
        }

        assert said(post(serving(ehr), body)) == "0 weights, 2 keys"


def test_another_ehrs_server_is_not_asked_for_an_ehr() -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT}) as other:
        services = trusting_services(an_ehr(fhir_servers=["https://own.test/fhir"]))
        template = {"patient": TEMPLATES["patient"]}
        services.service("encounter-start", id="greet", description="d", prefetch=template)(a_card)
        context = {"userId": "Practitioner/7", "patientId": "p1", "encounterId": "e1"}
        body = a_request(hook="encounter-start", context=context, **authorized(other))
        found = faults(post(services, body, headers=bearer(token())))

    assert "none that this service may ask" in found["prefetch.patient"]
    assert other.requests == []


def test_nothing_is_fetched_without_a_token() -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        found = faults(post(serving(ehr), a_request(fhirServer=ehr.base)))

    assert set(found) == {"prefetch.patient", "prefetch.weights"}
    assert "no fhirServer with a fhirAuthorization" in found["prefetch.patient"]
    assert ehr.requests == []


@pytest.mark.parametrize("text", ["a\r\nX-Own: 1", "a b", "a\n", "ü", "a;b", "a" * 9000, '"'])
def test_a_token_that_could_end_a_header_is_not_sent(text: str) -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        found = faults(post(serving(ehr), a_request(**authorized(ehr, access_token=text))))

    assert "no bearer token" in found["prefetch.patient"]
    assert text not in str(found)
    assert ehr.requests == []


@pytest.mark.parametrize("patient_id", ["../admin", "p1/../../x", "p1?x=1", "p1#", "a b", ".."])
def test_an_id_that_would_change_the_url_is_not_sent(patient_id: str) -> None:
    with recording_ehr({SEARCH: bundle()}) as ehr:
        body = a_request(**authorized(ehr))
        body |= {"context": {"userId": "Practitioner/7", "patientId": patient_id}}
        answer = post(serving(ehr), body)

    assert answer.status_code in {400, 412}
    assert patient_id == ".." or patient_id not in answer.text
    assert all(path.startswith("/fhir/Observation?patient=") for path in ehr.paths)


def test_cookies_are_neither_kept_nor_sent_back() -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        ehr.answers[SEARCH] = lambda handler: respond(
            handler, 200, bundle("a", following=f"{ehr.base}?page=2"), {"Set-Cookie": "s=1; Path=/"}
        )
        ehr.answers["/fhir?page=2"] = bundle("b")

        assert said(post(serving(ehr), a_request(**authorized(ehr)))) == "2 weights, 2 keys"

    assert all("cookie" not in headers for _, headers in ehr.requests)


def test_a_proxy_of_the_environment_does_not_see_what_stays_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with recording_ehr() as proxy, recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        ehr.answers[SEARCH] = bundle()
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.base.removesuffix("/fhir"))

        assert said(post(serving(ehr), a_request(**authorized(ehr)))) == "0 weights, 2 keys"

    assert proxy.requests == []


def test_pages_at_another_server_are_not_fetched() -> None:
    with recording_ehr() as thief, recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        ehr.answers[SEARCH] = bundle("a", following=f"{thief.base}/Observation?page=2")
        found = faults(post(serving(ehr), a_request(**authorized(ehr))))

    assert "another server" in found["prefetch.weights"]
    assert thief.requests == []


def test_fetching_counts_towards_the_time_of_the_service() -> None:
    clock = StillClock()

    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            clock.is_up = True
            await asyncio.Event().wait()
            raise AssertionError(request.method)

    services = anonymous_services(
        clock=clock, transport=Silent(), fhir_servers=["https://ehr.test/fhir"]
    )
    template = {"patient": TEMPLATES["patient"]}
    services.service("patient-view", id="greet", description="d", prefetch=template)(a_card)
    with recording_ehr() as ehr:
        body = a_request(**authorized(ehr)) | {"fhirServer": "https://ehr.test/fhir"}

    assert post(services, body).status_code == 504


def test_no_more_than_six_requests_are_under_way_at_once() -> None:
    under_way: list[int] = [0, 0]

    class Counting(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            under_way[0] += 1
            under_way[1] = max(under_way)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            under_way[0] -= 1
            return httpx.Response(404, stream=httpx.ByteStream(b""), request=request)

    services = anonymous_services(transport=Counting(), fhir_servers=["https://ehr.test/fhir"])
    templates = {f"p{number}": TEMPLATES["patient"] for number in range(30)}
    services.service("patient-view", id="greet", description="d", prefetch=templates)(a_none)
    with recording_ehr() as ehr:
        body = a_request(**authorized(ehr)) | {"fhirServer": "https://ehr.test/fhir"}

    assert post(services, body).status_code == 200
    assert under_way == [0, 6]


def test_logs_and_answers_show_neither_token_nor_patient(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with recording_ehr({"/fhir/Patient/p1": PATIENT, SEARCH: 500}) as ehr:
        answer = post(serving(ehr), a_request(**authorized(ehr)))

    assert answer.status_code == 412
    shown = caplog.text + answer.text
    assert "HTTP Request: GET" in shown, "httpx logs what is sent"
    for part in (SECRET, "Sekret", "patient=p1", "29463-7"):
        assert part not in shown

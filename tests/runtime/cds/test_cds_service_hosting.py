"""Services in browsers, in other applications, and alone on a real server."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from cds_calls import BASE, a_card, a_request, bearer, post, token, trusting_services
from cds_handlers import asked, greeting
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from pymedplum_runtime.cds.service.services import CDSServices

BROWSER = "https://ehr.test"


def preflight(services: Any, origin: str, method: str = "POST") -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    return asked(services, "OPTIONS", "/cds-services/greet", headers=headers)


def test_browsers_of_allowed_origins_may_call() -> None:
    services = greeting(origins=[BROWSER])

    answer = preflight(services, BROWSER)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == BROWSER
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "null", f"{BROWSER}.evil.test", "http://ehr.test"]
)
def test_browsers_of_other_origins_may_not(origin: str) -> None:
    services = greeting(origins=[BROWSER])

    answers = [preflight(services, origin), post(services, a_request(), headers={"Origin": origin})]

    for answer in answers:
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert answers[0].status_code == 400


def test_no_browser_may_call_where_none_is_named() -> None:
    assert "Access-Control-Allow-Origin" not in preflight(greeting(), BROWSER).headers


def test_a_browser_sees_refusals_too() -> None:
    services = trusting_services(origins=[BROWSER])

    answer = post(services, a_request(), headers={"Origin": BROWSER})

    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == BROWSER


def test_a_preflight_needs_no_token_and_runs_nothing() -> None:
    assert preflight(trusting_services(origins=[BROWSER]), BROWSER).status_code == 200


def test_any_origin_may_be_allowed() -> None:
    answer = preflight(greeting(origins=["*"]), "https://any.test")

    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def fastapi_around(services: CDSServices, path: str) -> Any:
    app = FastAPI()

    @app.get("/own")
    def own() -> str:
        return "own"

    app.mount(path, services)
    return app


@pytest.mark.parametrize("path", ["", "/cds"])
@pytest.mark.parametrize("kind", ["fastapi", "starlette"])
def test_services_mount_in_other_applications(kind: str, path: str) -> None:
    services = trusting_services(base_url=f"{BASE}{path}")
    app: Any = fastapi_around(services, path or "/")
    if kind == "starlette":
        app = Starlette(routes=[Mount(path or "/", app=services)])
    text = token(aud=f"{BASE}{path}/cds-services/greet")

    assert asked(app, "GET", f"{path}/cds-services").status_code == 200
    called = asked(
        app, "POST", f"{path}/cds-services/greet", json=a_request(), headers=bearer(text)
    )
    assert called.status_code == 200
    if kind == "fastapi":
        assert asked(app, "GET", "/own").json() == "own"


def test_the_application_is_one_and_the_same() -> None:
    services = greeting()

    assert services.app() is services.app()
    services.service("encounter-start", id="late", description="d")(a_card)
    assert len(asked(services, "GET", "/cds-services").json()["services"]) == 2


@contextmanager
def running(app: Any) -> Iterator[str]:
    """Run an application on a port of this machine, as users do."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = uvicorn.Config(app, log_level="error", lifespan="on", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


def test_uvicorn_serves_the_services_alone() -> None:
    services = CDSServices(allow_anonymous=True)
    services.service("patient-view", id="greet", description="d")(lambda _: a_card())

    with running(services) as url, httpx.Client(base_url=url) as http:
        found = http.get("/cds-services")
        called = http.post("/cds-services/greet", json=a_request())
        head = http.head("/cds-services")
        refused = http.post("/cds-services/greet", content=b"[", headers={"Content-Type": "x"})

    assert found.json()["services"][0]["id"] == "greet"
    assert called.json()["cards"][0]["summary"] == "Take care"
    assert (head.status_code, head.content) == (200, b"")
    assert refused.status_code == 415

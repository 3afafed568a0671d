"""profile, as a process: implementation guides become modules, from disk and from a registry."""

import base64
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from command_runs import BETWEEN_PIPES, Runner

pytestmark = BETWEEN_PIPES
OFFLINE: dict[str, str | None] = {"MEDPLUM_BASE_URL": "http://127.0.0.1:9/", "NO_COLOR": "1"}
HOME = "http://example.org/fhir/StructureDefinition/"


def definition(name: str, *elements: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": HOME + name,
        "name": name,
        "type": "Patient",
        "kind": "resource",
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": {"element": list(elements)},
    }


NAMED = definition("named", {"id": "Patient.name", "path": "Patient.name", "min": 1})
LINKED = definition(
    "linked",
    {
        "id": "Patient.link.other",
        "path": "Patient.link.other",
        "type": [{"code": "Reference", "targetProfile": [HOME + "named"]}],
    },
)
OTHER = definition("other", {"id": "Patient.active", "path": "Patient.active", "min": 1})
BROKEN = definition("broken", {"id": "Patient.nam", "path": "Patient.nam", "min": 1})


def package(*definitions: dict[str, Any]) -> bytes:
    manifest = {"name": "tiny.guide", "version": "1.2.3"}
    files = {"package.json": manifest} | {f"{d['name']}.json": d for d in definitions}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


GUIDE = package(NAMED, LINKED, OTHER)


@contextmanager
def registry(**dist: str) -> Iterator[str]:
    """Serve the guide as an npm registry does; yield where."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path)
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        digest = base64.b64encode(hashlib.sha512(GUIDE).digest()).decode()
        said = {"tarball": f"{address}/tiny.tgz", "integrity": f"sha512-{digest}"} | dist
        about = {"name": "tiny.guide", "version": "1.2.3", "dist": said}
        answers = {
            "/tiny.guide/1.2.3": json.dumps(about).encode(),
            "/tiny.guide/9.9.9": json.dumps(about).encode(),
            "/tiny.tgz": GUIDE,
        }
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield address
        server.shutdown()


def urls(module: Path) -> list[str]:
    space: dict[str, Any] = {}
    exec(module.read_text(), space)  # noqa: S102 - what the command wrote
    return [json.loads(line)["url"].removeprefix(HOME) for line in space["PROFILES"]]


def test_a_package_becomes_a_module(run: Runner) -> None:
    (run.folder / "tiny.tgz").write_bytes(GUIDE)

    ran = run("profile", "tiny.tgz", "--output", "guide.py", env=OFFLINE)

    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "3 profiles, 0 value sets: guide.py\n"
    assert urls(run.folder / "guide.py") == ["linked", "named", "other"]
    assert '"""Profiles of tiny.guide 1.2.3,' in (run.folder / "guide.py").read_text()


def test_without_a_file_the_module_goes_to_stdout(run: Runner) -> None:
    (run.folder / "named.json").write_text(json.dumps(NAMED))

    ran = run("profile", "named.json", env=OFFLINE)
    again = run("profile", ".", env=OFFLINE)

    assert (ran.code, ran.err) == (0, "1 profile, 0 value sets\n")
    assert ran.out.startswith('"""Profiles of an implementation guide,')
    assert again.out == ran.out


def test_only_some_profiles_and_what_they_need_can_be_kept(run: Runner) -> None:
    (run.folder / "tiny.tgz").write_bytes(GUIDE)
    only = ("--only", HOME + "linked", "-o", "guide.py")

    assert run("profile", "tiny.tgz", *only, env=OFFLINE).code == 0
    assert urls(run.folder / "guide.py") == ["linked", "named"]

    ran = run("profile", "tiny.tgz", "--only", HOME + "nmed", env=OFFLINE)
    assert (ran.code, ran.out) == (2, "")
    assert f"did you mean '{HOME}named'?" in ran.err


def test_a_broken_profile_is_told_and_nothing_written(run: Runner) -> None:
    (run.folder / "tiny.tgz").write_bytes(package(NAMED, BROKEN))

    ran = run("profile", "tiny.tgz", "--output", "guide.py", env=OFFLINE)

    assert (ran.code, ran.out) == (1, "")
    assert f"{HOME}broken, Patient.nam: there is no such element in the base" in ran.err
    assert "did you mean 'name'?" in ran.err
    assert not (run.folder / "guide.py").exists()


def test_a_package_can_be_downloaded(run: Runner) -> None:
    with registry() as address:
        asked = ("profile", "tiny.guide@1.2.3", "--registry", address, "--output", "guide.py")
        ran = run(*asked, env=OFFLINE)

    assert (ran.code, ran.out) == (0, ""), ran.err
    assert urls(run.folder / "guide.py") == ["linked", "named", "other"]


@pytest.mark.parametrize(
    ("name", "dist", "code", "message"),
    [
        ("tiny.guide@1.2.3", {"integrity": "sha512-AAAA"}, 1, "not what the registry's hash says"),
        ("tiny.guide@1.2.3", {"integrity": "sha1-AAAA"}, 1, "not what the registry's hash says"),
        ("tiny.guide@1.2.3", {"tarball": "http://127.0.0.1:1/t"}, 1, "outside the registry"),
        ("tiny.guide@9.9.9", {}, 1, "answer is not about it"),
        ("other.guide@1.2.3", {}, 4, "other.guide@1.2.3: the registry has no such package"),
    ],
)
def test_another_package_than_was_asked_for_is_not_taken(
    run: Runner, name: str, dist: dict[str, str], code: int, message: str
) -> None:
    with registry(**dist) as address:
        ran = run("profile", name, "--registry", address, "--output", "guide.py", env=OFFLINE)

    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert not (run.folder / "guide.py").exists()


def test_a_registry_that_does_not_answer_is_told(run: Runner) -> None:
    ran = run("profile", "tiny.guide@1.2.3", "--registry", "http://127.0.0.1:9", env=OFFLINE)

    assert ran.code == 5
    assert "tiny.guide@1.2.3: ConnectError at http://127.0.0.1:9" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.tgz",), "nowhere.tgz: there is no such file"),
        (("a@1.0.0", "--registry", "http://example.org"), "expected an https URL"),
        (("named.json", "--output", "guide.txt"), "expected the name of a module"),
    ],
)
def test_what_makes_no_sense_is_told(run: Runner, arguments: tuple[str, ...], message: str) -> None:
    (run.folder / "named.json").write_text(json.dumps(NAMED))

    ran = run("profile", *arguments, env=OFFLINE)

    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err

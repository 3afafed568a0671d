"""The golden cases: a small spec each, and the files that it must give.

Every case stands on the definitions in `shared/spec`, whose whole tree is `shared/expected`; the
`expected` of a case holds what it adds to that tree and what it changes in it. A case with a folder
`api` has clients too, one with a folder `messages` the models of messages.
"""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from codegen.ir.build import Release
from codegen.load_api import ApiSources
from codegen.pipeline import build

FOLDER = Path(__file__).parent
SHARED = "shared"
EXPORTS = FOLDER / "exports.toml"
RELEASE = Release(
    label="r4",
    version="4.0.1",
    resources={"View": "Resource"},
    long_ids=frozenset({"Wordy"}),
    open_value_sets={"http://example.org/ValueSet/languages": "there is no closed list"},
)


def names() -> list[str]:
    """Name the cases: each is a folder with a spec."""
    return sorted(path.parent.name for path in FOLDER.glob("*/spec"))


def expected_folder(name: str) -> Path:
    """Return the folder of the files that a case must give."""
    return FOLDER / name / "expected"


def generate(name: str) -> dict[str, str]:
    """Return what a case gives beyond the shared definitions."""
    if name == SHARED:
        return _build(SHARED)
    shared = _build(SHARED)
    whole = _build(SHARED, name)
    lost = shared.keys() - whole.keys()
    if lost:
        raise AssertionError(f"{name} loses the shared files {sorted(lost)}")
    return {path: text for path, text in whole.items() if shared.get(path) != text}


@cache
def _build(*cases: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases:
            shutil.copytree(FOLDER / case / "spec", scratch, dirs_exist_ok=True)
        api, messages = _api(cases[-1]), _messages(cases[-1])
        return build(Path(scratch), RELEASE, EXPORTS, api, message_file=messages)


def _api(case: str) -> ApiSources | None:
    folder = FOLDER / case / "api"
    if not folder.is_dir():
        return None
    return ApiSources(folder / "openapi.yaml", (folder / "OperationDefinition",))


def _messages(case: str) -> Path | None:
    file = FOLDER / case / "messages" / "openapi.yaml"
    return file if file.is_file() else None

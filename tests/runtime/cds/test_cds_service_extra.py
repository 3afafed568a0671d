"""What needs the extra says so, and nothing else needs it."""

import json
import subprocess
import sys

import pytest
from cds_calls import ISSUER, JWKS_URL

from pymedplum_runtime.cds.service.services import CDSServices
from pymedplum_runtime.cds.service.trust import TrustedEHR


@pytest.mark.parametrize("missing", ["starlette", "joserfc", "cryptography"])
def test_without_the_extra_its_name_is_said(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == missing else name)

    with pytest.raises(ImportError, match=r"pip install 'pymedplum\[cds\]'") as caught:
        CDSServices(allow_anonymous=True)
    assert caught.value.name == missing
    with pytest.raises(ImportError, match=r"pymedplum\[cds\]"):
        TrustedEHR(ISSUER, jwks_url=JWKS_URL)


_PROGRAM = """
import json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("starlette", "joserfc", "cryptography"):
            raise ImportError(name)

sys.meta_path.insert(0, Blocked())
from pymedplum.cds import CDSServices, EHRVerifier, FileReplayStore, Prefetch, TrustedEHR
print(json.dumps(CDSServices.__module__))
"""


def test_importing_needs_no_extra() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout) == "pymedplum.cds"


def test_importing_the_package_imports_none_of_this() -> None:
    program = (
        "import json, sys; import pymedplum, pymedplum.client; "
        "print(json.dumps([n for n in sys.modules if 'cds' in n or 'starlette' in n]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout) == []

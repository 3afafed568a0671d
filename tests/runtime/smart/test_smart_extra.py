"""The extra: `pymedplum.smart` is there without it, and says what is missing when it is used."""

import subprocess
import sys

import pytest

USES = {
    "new_key_pair('ES384')": "making keys",
    "PrivateKeyJwtAuth('id', 'key')": "signing with a key",
    "PrivateKeyJwtAuth('id', bytes, key_id='k')": "signing with a key",
    "public_jwks('key')": "reading keys",
}
IMPORTED = """
import sys
import pymedplum.smart
from pymedplum.smart import *
from pymedplum import MedplumClient
MedplumClient("https://medplum.test/", client_id="a", client_secret="b").close()
print(sorted({"joserfc", "cryptography"} & sys.modules.keys()))
"""


def _run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_it_imports_no_extra() -> None:
    assert _run(IMPORTED) == "[]\n"


@pytest.mark.parametrize("missing", ["joserfc", "cryptography"])
def test_using_it_without_the_extra_says_how_to_install_it(missing: str) -> None:
    lines = ["import sys", f"sys.modules[{missing!r}] = None", "from pymedplum.smart import *"]
    for use in USES:
        lines += ["try:", f"    {use}", "except ImportError as error:", "    print(error)"]
    expected = [f"{each} needs the extra: pip install 'pymedplum[smart]'" for each in USES.values()]
    assert _run("\n".join(lines)).splitlines() == expected

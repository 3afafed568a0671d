import subprocess
import sys

import pymedplum_runtime.helpers


def test_all_is_sorted_and_complete() -> None:
    names = pymedplum_runtime.helpers.__all__
    assert names == sorted(names)
    assert all(hasattr(pymedplum_runtime.helpers, name) for name in names)


def test_importing_the_helpers_does_not_import_pydantic() -> None:
    code = (
        "import sys, pymedplum_runtime.helpers as h;"
        "h.set_extension({}, 'http://x.org', value_string='x');"
        "assert not {'pydantic', 'pydantic_core', 'typing_extensions'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

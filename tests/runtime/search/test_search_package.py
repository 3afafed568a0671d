import subprocess
import sys

import pymedplum_runtime.search


def test_all_is_sorted_and_complete() -> None:
    names = pymedplum_runtime.search.__all__
    assert names == sorted(names)
    assert all(hasattr(pymedplum_runtime.search, name) for name in names)


def test_searching_imports_neither_pydantic_nor_httpx() -> None:
    code = (
        "import sys, pymedplum_runtime.access, pymedplum_runtime.search as s;"
        "s.encode_query(s.Search().where('a', {'reference': 'Patient/1'}));"
        "list(s.FHIRBundle({'resourceType': 'Bundle'}));"
        "assert not {'pydantic', 'httpx', 'typing_extensions'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

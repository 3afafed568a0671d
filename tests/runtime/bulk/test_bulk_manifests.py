from contextlib import suppress
from typing import Any

import pytest
from export_talk import AT, file_of, manifest_of
from hypothesis import given
from hypothesis import strategies as st

from pymedplum import BulkExportError
from pymedplum_runtime.bulk.manifest import read_manifest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("transactionTime", "request", "requiresAccessToken", "output", "error", "deleted", "link")


def test_what_is_known_is_typed_and_the_rest_is_kept() -> None:
    manifest = read_manifest(
        manifest_of(
            file_of(count=2, extension=[1]),
            deleted=[file_of("2", "Bundle")],
            error=[file_of("3", "OperationOutcome")],
            outputOrganizedBy="Patient",
        )
    )
    assert (manifest.transaction_time, manifest.requires_access_token) == (AT, False)
    assert [each.kind for each in manifest.files] == ["output", "deleted", "error"]
    assert manifest.output[0].count == 2
    assert manifest.output[0].members == {"extension": [1]}
    assert manifest.members == {"outputOrganizedBy": "Patient"}


def test_deleted_error_and_the_need_of_a_token_may_be_absent() -> None:
    whole = manifest_of()
    manifest = read_manifest(
        {name: whole[name] for name in ("transactionTime", "request", "output")}
    )
    assert (manifest.files, manifest.requires_access_token) == ((), False)


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"output": {}}, "output"),
        ({"output": None}, "output"),
        ({"transactionTime": 1}, "transactionTime"),
        ({"output": ["x"]}, r"output\[0\]"),
        ({"output": [file_of(), {"type": "Patient"}]}, r"output\[1\].url"),
        ({"output": [file_of(), file_of() | {"url": 5}]}, r"output\[1\].url"),
        ({"output": [file_of(kind="../../etc/x")]}, r"output\[0\].type"),
        ({"output": [file_of(kind="Patient.x")]}, r"output\[0\].type"),
        ({"output": [file_of(kind="")]}, r"output\[0\].type"),
        ({"error": [file_of(count=-1)]}, r"error\[0\].count"),
        ({"deleted": [file_of(count="1")]}, r"deleted\[0\].count"),
        ({"output": [file_of(count=True)]}, r"output\[0\].count"),
        ({"requiresAccessToken": "false"}, "requiresAccessToken"),
        ({"request": ""}, "request"),
    ],
)
def test_a_wrong_shape_is_named_by_its_place(members: dict[str, Any], place: str) -> None:
    with pytest.raises(BulkExportError, match=place):
        read_manifest({**manifest_of(), **members})


@pytest.mark.parametrize("decoded", [None, [], "x", 1, {}])
def test_other_json_is_no_manifest(decoded: object) -> None:
    with pytest.raises(BulkExportError, match="manifest"):
        read_manifest(decoded)


@given(JSON)
def test_whatever_json_comes_is_read_or_refused(decoded: object) -> None:
    with suppress(BulkExportError):
        read_manifest(decoded)


@given(st.sampled_from(NAMES), JSON)
def test_whatever_stands_in_a_member_is_read_or_refused(name: str, value: object) -> None:
    with suppress(BulkExportError):
        assert "hush" not in repr(read_manifest({**manifest_of(file_of()), name: value}))


def test_printing_shows_no_key() -> None:
    manifest = read_manifest(manifest_of(file_of()))
    assert "hush" not in repr(manifest) + repr(manifest.output[0]) + str(manifest.output)

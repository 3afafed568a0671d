"""Guides are read from whatever holds them, and loaded whole or not at all."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from guides import IPS, MCODE, archive_of, folder_of
from tiny_profiles import HOME, Json, element, profile

from pymedplum.fhir import StructureDefinition
from pymedplum_runtime.errors import ProfileError
from pymedplum_runtime.profiles import Definitions, files, packaged
from pymedplum_runtime.validation.profile_loading import load_profile

URL = HOME + "tiny"
CODES = "http://example.org/fhir/ValueSet/colours"
SYSTEM = "http://example.org/colours"


def made(**members: Any) -> Json:
    bound = {"strength": "required", "valueSet": CODES}
    code = element("Observation.code", binding=bound)
    return profile(element("Observation.subject", min_=1), code, **members)


def value_set(**members: Any) -> Json:
    return {
        "resourceType": "ValueSet",
        "url": CODES,
        "compose": {"include": [{"system": SYSTEM}]},
    } | members


def code_system(*codes: str) -> Json:
    return {
        "resourceType": "CodeSystem",
        "url": SYSTEM,
        "content": "complete",
        "concept": [{"code": code} for code in codes],
    }


def archive(content: Mapping[str, bytes | Json], **sizes: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, value in content.items():
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            member = tarfile.TarInfo(name)
            member.size = sizes.get(name, len(data))
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def known() -> Definitions:
    return packaged().extended()


GUIDE: dict[str, bytes | Json] = {
    "package/package.json": {"name": "tiny.guide", "version": "1.2.3"},
    "package/StructureDefinition-tiny.json": made(),
    "package/nested/ValueSet-colours.json": value_set(),
    "package/CodeSystem-colours.json": code_system("red", "blue"),
    "package/example/StructureDefinition-tiny.json": made(version="an example"),
    "package/other/broken.json": b"{",
    "package/readme.md": b"no json",
}


def check(loaded: tuple[str, ...], known: Definitions) -> None:
    assert loaded == (URL,)
    table = known.table(URL)
    assert table is not None
    assert table.get("root", {})["elements"]["subject"]["min"] == 1
    assert "version" not in table


def as_archive(folder: Path) -> Path:
    (folder / "tiny.tgz").write_bytes(archive(GUIDE))
    return folder / "tiny.tgz"


def as_folder(folder: Path) -> Path:
    for name, content in GUIDE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return folder


@pytest.mark.parametrize("place", [as_archive, as_folder])
def test_a_package_is_loaded_with_its_value_sets(
    place: Callable[[Path], Path], tmp_path: Path, known: Definitions
) -> None:
    check(load_profile(place(tmp_path), definitions=known), known)

    assert known.value_set(CODES) == {"url": CODES, "systems": {SYSTEM: ["red", "blue"]}}


def test_a_text_is_a_path(tmp_path: Path, known: Definitions) -> None:
    check(load_profile(str(as_archive(tmp_path)), definitions=known), known)


def test_a_dict_a_model_and_several_are_taken() -> None:
    model = StructureDefinition.model_validate(made() | {"status": "draft", "abstract": False})
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": made()}]}

    for source in (made(), model, bundle, [made()], iter([value_set(), made()])):
        fresh = packaged().extended()
        assert load_profile(source, definitions=fresh) == (URL,)


def test_a_file_may_hold_one_many_or_a_bundle(tmp_path: Path) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": made()}, {"fullUrl": "x"}, 1]}
    for number, content in enumerate([made(), [made(), 1], bundle]):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(content), encoding="utf-8-sig")
        fresh = packaged().extended()
        check(load_profile(file, definitions=fresh), fresh)


def test_what_is_loaded_is_known_to_the_process_unless_said_otherwise() -> None:
    url = load_profile(made(name="everywhere"))[0]

    assert packaged().table(url) is not None


def test_a_guide_is_loaded_whole_or_not_at_all(known: Definitions) -> None:
    broken = profile(element("Observation.nowhere", min_=1), name="broken")
    other = profile(element("Patient.nowhere", min_=1), name="other")

    with pytest.raises(ProfileError) as raised:
        load_profile([made(), broken, value_set(), other], definitions=known)

    assert [p.profile for p in raised.value.problems] == [HOME + "broken", HOME + "other"]
    assert known.table(URL) is None
    assert known.value_set(CODES) is None


def test_dependencies_may_come_from_elsewhere(known: Definitions) -> None:
    parent = profile(element("Observation.note", max_="1"), name="parent")
    child = profile(element("Observation.subject", min_=1), base=HOME + "parent")
    asked: list[str] = []

    def resolve(canonical: str) -> Json | None:
        asked.append(canonical)
        return parent if canonical == HOME + "parent" else None

    assert load_profile(child, definitions=known, resolve=resolve) == (URL,)
    assert asked == [HOME + "parent"]
    assert known.table(HOME + "parent") is None


def test_a_guides_value_set_may_include_one_of_fhirs(known: Definitions) -> None:
    included = {
        "compose": {
            "include": [{"valueSet": ["http://hl7.org/fhir/ValueSet/administrative-gender"]}]
        }
    }

    load_profile([made(), value_set(**included)], definitions=known)

    table = known.value_set(CODES)
    assert table is not None
    [(system, codes)] = table["systems"].items()
    assert system == "http://hl7.org/fhir/administrative-gender"
    assert {*codes} == {"female", "male", "other", "unknown"}


def test_a_value_set_that_cannot_be_listed_is_left_unknown(known: Definitions) -> None:
    load_profile([made(), value_set()], definitions=known)

    codes = known.value_set(CODES)
    assert codes is None or codes.get("open")


def test_published_guides_load(known: Definitions) -> None:
    from_archive = load_profile(archive_of(MCODE), definitions=known)
    from_folder = load_profile(folder_of(IPS), definitions=known)

    assert (len(from_archive), len(from_folder)) == (53, 29)
    stages = known.value_set("http://hl7.org/fhir/us/mcode/ValueSet/mcode-tnm-stage-group-vs")
    assert stages is not None
    assert stages.get("open") == ["http://snomed.info/sct"]  # not to be had offline


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x1f\x8bbroken", "no npm package"),
        (b"", "no npm package"),
        (b"{}", "no npm package"),
        (gzip.compress(b"not a tar"), "no npm package"),
        (archive(GUIDE)[:-40], "no npm package"),
        (archive(GUIDE)[:-8], "no npm package"),  # no more than its checksum is missing
        (archive(GUIDE)[:-8] + bytes(8), "no npm package"),
        (archive({}), "holds no StructureDefinition"),
        (archive({"package/a.json": b"{"}), "package/a.json: it is no JSON"),
        (archive({"package/a.json": b"[" * 100_000}), "package/a.json: it is no JSON"),
        (archive({"package/a.json": b'"\xff"'}), "package/a.json: it is no JSON"),
    ],
)
def test_a_damaged_package_is_told(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "damaged.tgz"
    path.write_bytes(content)

    with pytest.raises(ProfileError, match=message):
        load_profile(path)


def test_a_broken_file_is_told_without_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.write_text('{"resourceType": "Patient", "name": "Lovelace')

    with pytest.raises(ProfileError) as raised:
        load_profile(path)

    assert str(raised.value) == "secret.json: it is no JSON"
    assert raised.value.__context__ is None


@pytest.mark.parametrize("limit", ["MAX_FILE_BYTES", "MAX_BYTES", "MAX_FILES"])
def test_a_package_cannot_fill_the_memory(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.tgz"
    path.write_bytes(archive({f"package/{n}.json": b" " * 20_000 + b"1" for n in range(20)}))
    monkeypatch.setattr(files, limit, 10 if limit == "MAX_FILES" else 15_000)

    with pytest.raises(ProfileError, match="more than"):
        load_profile(path)


def test_a_large_file_of_a_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 100)

    with pytest.raises(ProfileError, match="more than 100 bytes"):
        load_profile(as_folder(tmp_path))


def test_links_in_a_package_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text(json.dumps(made()))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        member = tarfile.TarInfo("package/StructureDefinition-tiny.json")
        member.type, member.linkname = tarfile.SYMTYPE, str(tmp_path / "outside.json")
        tar.addfile(member)
    path = tmp_path / "linked.tgz"
    path.write_bytes(buffer.getvalue())

    with pytest.raises(ProfileError, match="holds no StructureDefinition"):
        load_profile(path)


def test_what_is_no_source_is_told(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="got int"):
        load_profile(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="got int"):
        load_profile([5])  # type: ignore[list-item]
    with pytest.raises(FileNotFoundError):
        load_profile(tmp_path / "nowhere.tgz")
    with pytest.raises(ProfileError, match="holds no StructureDefinition"):
        load_profile({"resourceType": "Patient"})
    with pytest.raises(ProfileError, match="holds no StructureDefinition"):
        load_profile({"resourceType": "Bundle", "entry": 5})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (' {"resourceType": "StructureDefinition", "name": "Lovelace"}', "the source: it is JSON"),
        ("[" * 5000, "the source: it is JSON"),
        (HOME + "tiny", "it is a URL, which is not fetched"),
    ],
)
def test_a_text_that_is_no_path_is_told(text: str, message: str) -> None:
    with pytest.raises(ProfileError, match=message) as raised:
        load_profile(text)

    assert "Lovelace" not in str(raised.value)

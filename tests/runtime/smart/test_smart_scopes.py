"""Scopes: both syntaxes read, asked for, and what was granted."""

from typing import Any, get_args

import httpx
import pytest
from backend_calls import BOTH, CLIENT, TOKEN_URL, Backend, pem, private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from pymedplum_runtime.auth.scopes import Context, Permission
from pymedplum_runtime.smart import ClientCredentials, PrivateKeyJwtAuth, Scope, Scopes

PERMISSIONS = get_args(Permission)
LETTERS = dict(zip("crud", PERMISSIONS, strict=False)) | {"s": "search"}
CONTEXTS = st.sampled_from(get_args(Context))
TYPES = st.sampled_from(["Patient", "Observation", "*"])


def test_version_1_is_read() -> None:
    for text, permissions in (
        ("patient/Observation.read", {"read", "search"}),
        ("user/*.write", {"create", "update", "delete"}),
        ("system/Patient.*", set(PERMISSIONS)),
    ):
        found = Scope.parse(text)
        context, _, rest = text.partition("/")
        assert (found.context, found.resource) == (context, rest.partition(".")[0])
        assert found.permissions == permissions
        assert found.query == ""


def test_version_2_is_read_with_its_query() -> None:
    query = "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory&a=b"
    found = Scope.parse(f"system/Observation.rs?{query}")
    assert found == Scope(
        f"system/Observation.rs?{query}",
        "system",
        "Observation",
        frozenset({"read", "search"}),
        query,
    )


@given(CONTEXTS, TYPES, st.sets(st.sampled_from("cruds"), min_size=1))
@settings(deadline=None)
def test_letters_in_their_order_are_permissions(
    context: str, resource: str, letters: set[str]
) -> None:
    text = "".join(each for each in "cruds" if each in letters)
    scopes = Scopes.parse(f"{context}/{resource}.{text}")
    for permission in PERMISSIONS:
        expected = permission in {LETTERS[each] for each in letters}
        assert scopes.allows("Patient", permission, context=context) == (  # type: ignore[arg-type]
            expected and resource in {"Patient", "*"}
        )
    for other in set(get_args(Context)) - {context}:
        assert not any(scopes.allows("Patient", each, context=other) for each in PERMISSIONS)


@pytest.mark.parametrize(
    "text",
    [
        "openid", "fhirUser", "offline_access", "launch", "launch/patient", "patient/Patient",
        "patient/Patient.", "patient/Patient.sr", "patient/Patient.rr", "patient/Patient.rx",
        "group/Patient.rs", "patient/patient.rs", "patient/Patient.rs?", "Patient.rs",
        "system/Patient.read.write", "https://example.com/scope",
    ],
)  # fmt: skip
def test_any_other_scope_is_kept_and_permits_nothing(text: str) -> None:
    found = Scope.parse(text)
    assert (found.text, found.context, found.resource, found.permissions) == (
        text, None, None, frozenset(),
    )  # fmt: skip
    assert text in Scopes.parse(f"openid {text}")


@given(st.text())
@settings(deadline=None)
def test_reading_loses_nothing_but_white_space_and_repetition(text: str) -> None:
    scopes = Scopes.parse(text)
    assert [each.text for each in scopes] == list(dict.fromkeys(text.split()))
    assert Scopes.parse(str(scopes)) == scopes
    assert len(scopes) == len(set(scopes))


def test_scopes_are_a_set_in_an_order() -> None:
    scopes = Scopes.parse("openid system/*.rs openid")
    assert scopes == Scopes.parse("system/*.rs openid")
    assert hash(scopes) == hash(Scopes.parse("system/*.rs openid"))
    assert scopes != Scopes.parse("openid")
    assert str(scopes) == "openid system/*.rs"
    assert repr(scopes) == "Scopes('openid system/*.rs')"
    assert "openid" in scopes
    assert Scope.parse("system/*.rs") in scopes
    assert "profile" not in scopes
    assert not Scopes()


def test_questions_that_make_no_sense_are_refused() -> None:
    scopes = Scopes.parse("system/*.*")
    with pytest.raises(ValueError, match="permission"):
        scopes.allows("Patient", "write")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="context"):
        scopes.allows("Patient", "read", context="group")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Scopes.parse(["openid"])  # type: ignore[arg-type]


def _auths(scope: Any) -> list[Any]:
    return [
        PrivateKeyJwtAuth(CLIENT, pem(private_key()), scope=scope),
        ClientCredentials(CLIENT, "hush", scope=scope),
    ]


@pytest.mark.parametrize(
    "scope",
    [
        "system/Patient.rs  system/Observation.read",
        ["system/Patient.rs", "system/Observation.read"],
        (Scope.parse(each) for each in ["system/Patient.rs", "system/Observation.read"]),
        Scopes.parse("system/Patient.rs system/Observation.read"),
    ],
    ids=["text", "texts", "iterator", "scopes"],
)
def test_scopes_are_asked_for_in_any_shape(scope: Any) -> None:
    backend = Backend()
    backend.sign_in("sync", PrivateKeyJwtAuth(CLIENT, pem(private_key()), scope=scope))
    assert backend.forms()[0]["scope"] == "system/Patient.rs system/Observation.read"


def test_no_scope_asks_for_none() -> None:
    for scope in (None, "", []):
        for auth in _auths(scope):
            backend = Backend()
            backend.sign_in("sync", auth)
            assert "scope" not in backend.forms()[0]
            assert auth.granted is None


@pytest.mark.parametrize("scope", ['system/"a"', "system\\a", "systém/*.*", "a\x00b"])
def test_characters_that_no_scope_has_are_refused(scope: str) -> None:
    with pytest.raises(ValueError, match="visible ASCII"):
        _auths(scope)
    with pytest.raises(TypeError):
        _auths([5])
    with pytest.raises(TypeError):
        _auths(5)


@BOTH
@pytest.mark.parametrize(
    ("answered", "granted"),
    [
        ({"scope": "system/Patient.r"}, "system/Patient.r"),
        ({"scope": ""}, ""),
        ({}, "system/Patient.cruds"),
        ({"scope": None}, "system/Patient.cruds"),
        ({"scope": 5}, ""),
        ({"scope": ["system/Patient.r"]}, ""),
    ],
)
def test_what_was_granted_can_be_read(colour: str, answered: dict[str, Any], granted: str) -> None:
    for auth in _auths("system/Patient.cruds"):
        token = {"access_token": "granted", **answered}
        assert auth.granted is None
        Backend(**{TOKEN_URL: httpx.Response(200, json=token)}).sign_in(colour, auth)
        assert auth.granted == Scopes.parse(granted)

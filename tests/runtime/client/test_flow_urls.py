"""What may be put into a URL, and which URLs are the server's own: urls.py."""

from urllib.parse import urlsplit

import httpx
import pytest
from flow_steps import BASE, FHIR
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.errors import InsecureTransportError, UnsafeRedirectError
from pymedplum_runtime.http.shape import shape_of
from pymedplum_runtime.http.urls import (
    Server,
    id_segment,
    operation_segment,
    plain_segment,
    server,
    type_segment,
)

SERVER = server("https://medplum.test", "fhir/R4/")
HOME = urlsplit(BASE)
CHECKS = [id_segment, type_segment, operation_segment, lambda text: plain_segment(text, "key")]
tricky = st.text(st.sampled_from("./\\?#%@:&=;$ 2eEfF\t\r\n\x00\u2025\uff0fAa1-"), max_size=12)
FOREIGN = [
    "https://evil.test/fhir/R4/Patient",
    "//evil.test/x",
    "https:/\\evil.test",
    "https:\\\\evil.test/",
    "\\\\evil.test\\x",
    "/\\evil.test/x",
    "https://medplum.test@evil.test/",
    "https://user@medplum.test/",
    "https://:pw@medplum.test/",
    "https://medplum.test.evil.test/",
    "https://medplum.test:8443/",
    "http://medplum.test/",
    "HTTP://MEDPLUM.TEST/",
    "http://medplum.test:443/",
    "https://medplum.test:99999/",
    "https://[::1/",
    "ftp://medplum.test/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "file:///etc/passwd",
    "https://ⓜedplum.test/",
    "https://medplum.test。evil.test/",
    "\thttps://evil.test/",
    "https://evil.test\n/",
    "ht\ntps://evil.test/",
    "https://medplum.test\x00.evil.test/",
]


@pytest.mark.parametrize("link", FOREIGN)
def test_a_link_to_another_server_is_refused_however_it_is_spelt(link: str) -> None:
    for locate in (SERVER.locate, lambda each: SERVER.locate(each, f"{FHIR}Patient?x=1")):
        with pytest.raises(UnsafeRedirectError) as caught:
            locate(link)
        assert "passwd" not in str(caught.value)


@pytest.mark.parametrize("link", ["///evil.test/x", "https:evil.test", "https:/evil.test/x"])
def test_a_link_without_a_host_is_a_path_of_the_server(link: str) -> None:
    assert httpx.URL(SERVER.locate(link)).host == "medplum.test"


@pytest.mark.parametrize("link", FOREIGN)
def test_a_path_of_the_callers_leads_to_no_other_server(link: str) -> None:
    try:
        url = SERVER.below(link)
    except (UnsafeRedirectError, ValueError):
        return
    assert httpx.URL(url).host == "medplum.test"
    assert httpx.URL(url).scheme == "https"


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("Patient?_offset=2", f"{FHIR}Patient?_offset=2"),
        ("/fhir/R4/Patient", f"{FHIR}Patient"),
        ("https://medplum.test/fhir/R4/Patient", f"{FHIR}Patient"),
        ("HTTPS://MEDPLUM.test:443/x", None),
        ("//medplum.test/x", f"{BASE}x"),
    ],
)
def test_a_link_of_the_server_is_followed_whether_relative_or_not(
    link: str, url: str | None
) -> None:
    found = SERVER.locate(link)
    assert url is None or found == url
    assert httpx.URL(found).host == "medplum.test"


def test_a_link_is_relative_to_the_page_that_holds_it() -> None:
    assert SERVER.locate("?page=2", f"{FHIR}Patient?x=1") == f"{FHIR}Patient?page=2"


@pytest.mark.parametrize("check", CHECKS)
@given(text=st.one_of(tricky, st.text(max_size=20)))
def test_no_accepted_segment_leaves_its_place(check: object, text: str) -> None:
    try:
        segment = check(text)  # type: ignore[operator]
    except ValueError:
        return
    url = httpx.URL(SERVER.fhir("Patient", segment, "_history"))
    assert url.raw_path.decode() == f"/fhir/R4/Patient/{segment}/_history"
    assert (url.host, url.query, url.fragment) == ("medplum.test", b"", "")
    split = urlsplit(str(url))
    assert split.path.split("/")[4] == segment


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    "text", ["", " ", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "%2e%2e", "a\\b", "a b", "a\n", "\n",
             "\uff41", "é", "a\x00", "../x", "a/../b"]
)  # fmt: skip
def test_what_could_lead_elsewhere_is_no_segment(check: object, text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        check(text)  # type: ignore[operator]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("value", [None, 5, b"a", ["a"], True])
def test_a_segment_is_a_text(check: object, value: object) -> None:
    with pytest.raises(TypeError):
        check(value)  # type: ignore[operator]


def test_ids_types_and_operations_are_what_fhir_calls_so() -> None:
    assert id_segment("A-1.b") == "A-1.b"
    assert operation_segment("everything") == operation_segment("$everything") == "$everything"
    for check, text in ((id_segment, "a" * 65), (type_segment, "patient"), (type_segment, "Pa-t")):
        with pytest.raises(ValueError, match="must be"):
            check(text)


@given(st.one_of(tricky, st.text(max_size=20)))
def test_no_path_of_the_callers_leaves_the_server(text: str) -> None:
    for made in (text, f"fhir/R4/{text}", f"{BASE}{text}", f"https://{text}", f"/{text}"):
        _stays(made)


def _stays(path: str) -> None:
    try:
        url = httpx.URL(SERVER.below(path))
    except (UnsafeRedirectError, ValueError, httpx.InvalidURL):
        return
    assert (url.scheme, url.host, url.port) == ("https", "medplum.test", None)


@given(st.one_of(tricky, st.text(max_size=20)))
def test_no_link_leaves_the_server(link: str) -> None:
    for made in (link, f"//{link}", f"https://{link}", f"https://medplum.test{link}"):
        try:
            url = httpx.URL(SERVER.locate(made))
        except (UnsafeRedirectError, httpx.InvalidURL):
            continue
        assert (url.scheme, url.host, url.port) == ("https", "medplum.test", None)


@pytest.mark.parametrize("path", ["..", "a/../b", "a/%2e%2e/b", "a/.%2E/b", "../x", "/..", "a/.."])
def test_a_path_does_not_climb(path: str) -> None:
    with pytest.raises(ValueError, match=r"'\.\.'"):
        SERVER.below(path)


@pytest.mark.parametrize("path", ["", "/", "  "])
def test_a_path_is_not_empty(path: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        SERVER.below(path)


@pytest.mark.parametrize(
    "base", ["http://medplum.test", "medplum.test", "ftp://medplum.test", "", "https://", "//x",
             "https://a b", "http://127.0.0.1.evil.test", "http://localhost.evil.test", "http://0x7f.1"]
)  # fmt: skip
def test_a_base_url_that_is_not_safe_is_refused(base: str) -> None:
    with pytest.raises(InsecureTransportError):
        server(base, "fhir/R4/")


@pytest.mark.parametrize("base", ["https://u:p@h.test", "https://h.test?a=b", "https://h.test#x"])
def test_a_base_url_holds_an_address_and_nothing_else(base: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        server(base, "fhir/R4/")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]"])
def test_loopback_needs_no_encryption(host: str) -> None:
    assert server(f"http://{host}:8103", "fhir/R4").fhir_url == f"http://{host}:8103/fhir/R4/"


def test_a_server_may_live_below_a_path() -> None:
    found: Server = server("https://H.test/medplum/", "/fhir/R4")
    assert (found.base_url, found.fhir_url) == (
        "https://h.test/medplum/",
        "https://h.test/medplum/fhir/R4/",
    )


@given(st.one_of(tricky, st.text(max_size=30)))
def test_no_template_of_a_fhir_url_holds_an_id(text: str) -> None:
    url = f"{FHIR}Patient/SECRET-1/{text.replace('?', '').replace('#', '')}"
    assert "SECRET-1" not in shape_of("GET", url, FHIR).template

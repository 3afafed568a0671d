"""Codes are checked against tables: in, out, or nobody here can tell."""

import json
import threading
from pathlib import Path

import pytest
from terms import (
    BASE,
    COLOURS,
    SHAPES,
    TREE,
    WHOLE,
    Json,
    by_url,
    code_system,
    codes,
    composed,
    concept,
    where,
)

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.tables import ValueSetTable
from pymedplum_runtime.terminology import check, value_set_tables, why_unknown

SNOMED = "http://snomed.info/sct"
UNITS = "http://unitsofmeasure.org"
CHOSEN = f"{BASE}ValueSet/chosen"


def _definitions(*value_sets: Json, systems: tuple[Json, ...] = (TREE,)) -> Definitions:
    found, _ = value_set_tables(
        [each["url"] for each in value_sets], by_url(*value_sets), by_url(*systems)
    )
    definitions = Definitions()
    definitions.add((), found)
    return definitions


def test_a_listed_code_is_in_and_another_is_out() -> None:
    definitions = _definitions(composed("chosen", codes(COLOURS, "red")))

    assert check(definitions, CHOSEN, COLOURS, "red") == "in"
    assert check(definitions, CHOSEN, COLOURS, "Red") == "out"
    assert check(definitions, CHOSEN, SHAPES, "red") == "out"
    assert check(definitions, CHOSEN, "", "red") == "out"


def test_a_code_without_a_system_has_the_set_s_own() -> None:
    definitions = _definitions(composed("chosen", codes(COLOURS, "red"), codes(SHAPES, "round")))

    assert [check(definitions, CHOSEN, None, c) for c in ("red", "round", "blue")] == [
        "in",
        "in",
        "out",
    ]


def test_a_set_that_is_not_known_is_unknown() -> None:
    definitions = Definitions()

    assert check(definitions, CHOSEN, COLOURS, "red") == "unknown"
    assert why_unknown(definitions, CHOSEN, COLOURS) == (
        "the value set is not among the definitions"
    )


def test_of_an_open_system_only_what_is_listed_is_known() -> None:
    chosen = composed("chosen", codes(SNOMED), codes(SNOMED, "1"), codes(COLOURS, "red"))
    definitions = _definitions(chosen)

    assert check(definitions, CHOSEN, SNOMED, "1") == "in"
    assert check(definitions, CHOSEN, SNOMED, "2") == "unknown"
    assert check(definitions, CHOSEN, COLOURS, "blue") == "out"
    assert check(definitions, CHOSEN, None, "red") == "in"
    assert check(definitions, CHOSEN, None, "blue") == "unknown"
    expected = f"the codes of {SNOMED} are not all among the definitions"
    assert why_unknown(definitions, CHOSEN, SNOMED) == expected
    assert why_unknown(definitions, CHOSEN, None) == expected


def test_where_not_even_the_systems_are_known_nothing_is_out() -> None:
    elsewhere = {"valueSet": [f"{BASE}elsewhere"]}
    definitions = _definitions(composed("chosen", elsewhere, codes(COLOURS, "red")))

    assert check(definitions, CHOSEN, COLOURS, "red") == "in"
    assert check(definitions, CHOSEN, SHAPES, "round") == "unknown"
    assert check(definitions, CHOSEN, None, "round") == "unknown"
    assert why_unknown(definitions, CHOSEN, SHAPES) == (
        "a part of the value set is not among the definitions"
    )


def test_codes_of_a_grammar_are_in_when_they_are_well_formed() -> None:
    definitions = _definitions(composed("chosen", codes(UNITS), codes(COLOURS, "red")))

    assert check(definitions, CHOSEN, UNITS, "mg/dL") == "in"
    assert check(definitions, CHOSEN, UNITS, "mgs") == "out"
    assert [check(definitions, CHOSEN, None, c) for c in ("kg", "red", "kgs")] == [
        "in",
        "in",
        "out",
    ]


def test_units_may_have_to_measure_one_thing() -> None:
    definitions = _definitions(composed("chosen", where(UNITS, ("canonical", "=", "a"))))

    assert [check(definitions, CHOSEN, UNITS, unit) for unit in ("ms", "wk", "m", "msec")] == [
        "in",
        "in",
        "out",
        "out",
    ]


def test_case_counts_unless_the_code_system_says_otherwise() -> None:
    loose = code_system(COLOURS, concept("Red"), caseSensitive=False)
    definitions = _definitions(composed("chosen", WHOLE), systems=(loose,))

    for system in (COLOURS, None):
        assert check(definitions, CHOSEN, system, "rED") == "in"
        assert check(definitions, CHOSEN, system, "blue") == "out"


@pytest.mark.parametrize(
    ("asked", "there", "answer"),
    [
        ("4.0.1", "4.0.1", "in"),
        ("4.0.0", "4.0.1", "in"),
        ("4.3.0", "4.0.1", "unknown"),
        ("4.0.1", "2014-03-26", "in"),
        ("4.0.1", "", "in"),
        ("6.0.0-ballot", "6.0.0", "in"),
    ],
)
def test_a_version_must_be_that_of_the_set_where_both_are_numbers(
    asked: str, there: str, answer: str
) -> None:
    definitions = _definitions(composed("chosen", codes(COLOURS, "red"), version=there))

    assert check(definitions, f"{CHOSEN}|{asked}", COLOURS, "red") == answer
    if answer == "unknown":
        assert why_unknown(definitions, f"{CHOSEN}|{asked}", COLOURS) == (
            "the value set is not among the definitions in version 4.3.0"
        )


def test_a_set_that_is_added_later_counts() -> None:
    definitions = _definitions(composed("chosen", codes(COLOURS, "red")))
    assert check(definitions, CHOSEN, COLOURS, "blue") == "out"

    definitions.add((), [{"url": CHOSEN, "systems": {COLOURS: ["blue"]}}])

    assert check(definitions, CHOSEN, COLOURS, "blue") == "in"
    assert check(definitions, CHOSEN, COLOURS, "red") == "out"


def test_one_set_of_definitions_knows_nothing_of_another() -> None:
    base = _definitions(composed("chosen", codes(COLOURS, "red")))
    child = base.extended((), [{"url": CHOSEN, "systems": {COLOURS: ["blue"]}}])

    assert [check(d, CHOSEN, COLOURS, "blue") for d in (base, child)] == ["out", "in"]


def test_threads_may_check_at_once() -> None:
    value_sets = [composed(f"v{n}", codes(COLOURS, *(str(c) for c in range(50)))) for n in range(8)]
    definitions = _definitions(*value_sets)
    answers: set[str] = set()
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        answers.update(
            check(definitions, each["url"], COLOURS, str(c))
            for each in value_sets
            for c in range(50)
        )

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {"in"}


def test_many_sets_are_compiled_at_once_with_what_stays_open() -> None:
    chosen = composed("chosen", codes(COLOURS, "red"), version="1.0.0")
    open_set = composed("open", where(SNOMED, ("concept", "is-a", "1")), codes(COLOURS, "red"))
    gone = f"{BASE}gone"

    found, reasons = value_set_tables(
        [open_set["url"], f"{chosen['url']}|1.0.0", chosen["url"], gone],
        by_url(chosen, open_set),
        {},
    )

    assert found == [
        {"url": chosen["url"], "systems": {COLOURS: ["red"]}, "version": "1.0.0"},
        {"url": open_set["url"], "systems": {COLOURS: ["red"]}, "open": [SNOMED]},
    ]
    assert reasons == {
        gone: f"{gone} is not among the definitions",
        open_set["url"]: f"the code system {SNOMED} is not among the definitions",
    }


def test_a_set_that_is_a_grammar_by_its_name_needs_no_definition() -> None:
    url = "http://www.rfc-editor.org/bcp/bcp13.txt"

    found, reasons = value_set_tables([url], {}, {})

    assert found == [{"url": url, "systems": {}, "grammars": {"urn:ietf:bcp:13": []}}]
    assert reasons == {}


# US Core's own value sets, as the specs have them.

US_CORE = Path(__file__).resolve().parents[3] / "specs" / "profiles" / "us-core"
CDC = "urn:oid:2.16.840.1.113883.6.238"
NULL = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
LANGUAGES = "urn:ietf:bcp:47"
STATES = "https://www.usps.com/"


def _files(kind: str) -> list[Json]:
    return [
        json.loads(path.read_text(encoding="utf-8")) for path in (US_CORE / kind).glob("*.json")
    ]


@pytest.fixture(scope="module")
def us_core() -> Definitions:
    return _definitions(*_files("ValueSet"), systems=tuple(_files("CodeSystem")))


@pytest.mark.parametrize(
    ("name", "system", "code", "answer"),
    [
        ("omb-race-category", CDC, "2106-3", "in"),
        ("omb-race-category", CDC, "2131-1", "in"),
        ("omb-race-category", CDC, "2108-9", "out"),
        ("omb-race-category", NULL, "UNK", "in"),
        ("omb-race-category", NULL, "NI", "out"),
        ("detailed-race", CDC, "2108-9", "in"),
        ("detailed-race", CDC, "2106-3", "out"),
        ("detailed-race", CDC, "1000-9", "out"),
        ("detailed-race", CDC, "2137-8", "out"),
        ("omb-ethnicity-category", CDC, "2186-5", "in"),
        ("omb-ethnicity-category", CDC, "2137-8", "out"),
        ("detailed-ethnicity", CDC, "2137-8", "in"),
        ("detailed-ethnicity", CDC, "2135-2", "out"),
        ("birthsex", None, "F", "in"),
        ("birthsex", None, "female", "out"),
        ("simple-language", LANGUAGES, "en-US", "in"),
        ("simple-language", LANGUAGES, "zh-Hans", "out"),
        ("us-core-usps-state", None, "CA", "in"),
        ("us-core-usps-state", STATES, "XX", "out"),
        ("us-core-vital-signs", "http://loinc.org", "59408-5", "in"),
    ],
)
def test_us_core_s_own_sets_are_known(
    us_core: Definitions, name: str, system: str | None, code: str, answer: str
) -> None:
    url = f"http://hl7.org/fhir/us/core/ValueSet/{name}|5.0.1"

    assert check(us_core, url, system, code) == answer


def test_us_core_s_races_and_ethnicities_are_as_many_as_published(us_core: Definitions) -> None:
    def count(name: str) -> int:
        table = us_core.value_set(f"http://hl7.org/fhir/us/core/ValueSet/{name}")
        assert table is not None
        return len(table["systems"][CDC])

    assert (count("detailed-race"), count("detailed-ethnicity")) == (916, 41)


def _size(tables: list[ValueSetTable]) -> int:
    return sum(len(json.dumps(table, separators=(",", ":"))) for table in tables)


def test_a_table_holds_codes_and_nothing_else() -> None:
    found, _ = value_set_tables([CHOSEN], by_url(composed("chosen", WHOLE)), by_url(TREE))

    assert _size(found) < 150

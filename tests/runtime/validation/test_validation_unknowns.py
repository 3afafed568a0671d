import pytest
from made_resources import SD, found, known

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.tables import DefinitionTable, ElementTable
from pymedplum_runtime.validation import validate


def odd(part: ElementTable, base: str = "Resource") -> Definitions:
    """Definitions with a type that has one element."""
    table: DefinitionTable = {
        "url": f"{SD}Odd",
        "type": "Odd",
        "kind": "resource",
        "base": SD + base,
        "root": {"elements": {"part": {"max": "*", **part}}},
    }
    return known(table)


def with_constraint(expression: str) -> Definitions:
    definitions = odd({"types": [{"code": "string"}]})
    table = definitions.type_table("Odd")
    assert table is not None
    table["root"]["constraints"] = [["odd-1", "error", "what it says", expression]]
    return definitions


NOWHERE = "http://example.org/nowhere"


@pytest.mark.parametrize(
    ("expression", "canonical", "reason"),
    [
        (f"part.first().memberOf('{NOWHERE}')", NOWHERE, "whether a code is in the value set"),
        (f"part.all(memberOf('{NOWHERE}'))", NOWHERE, "whether a code is in the value set"),
        (f"%resource.part.first().memberOf('{NOWHERE}')", NOWHERE, "whether a code is in"),
        (f"conformsTo('{NOWHERE}')", NOWHERE, "whether a value satisfies the profile"),
        ("part.first().resolve() is Patient", f"{SD}Odd", "what a reference leads to"),
        ("part.resolve().exists()", f"{SD}Odd", "what a reference leads to"),
    ],
)
def test_a_constraint_that_needs_what_nobody_knows_is_unchecked(
    expression: str, canonical: str, reason: str
) -> None:
    resource = {"resourceType": "Odd", "part": ["Patient/secret"]}
    report = validate(resource, definitions=with_constraint(expression))
    (row,) = report.unchecked

    assert report.issues == ()
    assert (row.expression, row.canonical) == ("Odd", canonical)
    assert row.reason.startswith(f"odd-1: {reason}")


def test_what_is_not_known_for_one_value_excuses_no_other() -> None:
    constraint = ["odd-2", "error", "what it says", "resolve() is Patient"]
    part: ElementTable = {"types": [{"code": "uri"}], "constraints": [constraint]}
    basic = {"resourceType": "Basic", "id": "a", "code": {"text": "x"}}
    resource = {"resourceType": "Odd", "contained": [basic], "part": ["Patient/1", "#a"]}
    report = validate(resource, definitions=odd(part, "DomainResource"))

    assert [row.expression for row in report.unchecked] == ["Odd.part[0]"]
    assert ("Odd.part[1]", "odd-2") in found(report)


@pytest.mark.parametrize(
    "expression", [f"part.first().memberOf('{NOWHERE}') or true", "part.resolve().empty()"]
)
def test_a_constraint_that_is_true_all_the_same_is_kept(expression: str) -> None:
    resource = {"resourceType": "Odd", "part": ["Patient/1"]}
    report = validate(resource, definitions=with_constraint(expression))

    assert (report.issues, report.unchecked) == ((), ())

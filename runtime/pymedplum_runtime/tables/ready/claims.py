"""Ready views of claims: their totals, items and diagnoses."""

from pymedplum_runtime.tables.ready.parts import (
    KEY,
    codings,
    codings_of,
    key_of,
    keys_of,
    money,
    period,
    quantity,
    ready,
)
from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

_CLAIM = (
    Column("claim_id", "getResourceKey()"),
    key_of("patient_id", "patient", "Patient"),
)


def claims() -> View:
    """Build `ReadyViews.claims`."""
    return ready(
        "claims",
        "Claim",
        "Claims with their totals: a row for each",
        [
            Select(
                [
                    KEY,
                    _CLAIM[1],
                    Column("status", "status"),
                    Column("use", "use"),
                    codings_of("type_codings", "type"),
                    Column("created", "created"),
                    *period("billable", "billablePeriod"),
                    Column("provider", "provider.reference"),
                    key_of("insurer_id", "insurer", "Organization"),
                    keys_of("coverage_ids", "insurance.coverage", "Coverage"),
                    *money("total", "total"),
                ]
            )
        ],
    )


def claim_items() -> View:
    """Build `ReadyViews.claim_items`."""
    return ready(
        "claim_items",
        "Claim",
        "The items of claims: a row for each item and coding of its product or service",
        [
            Select(_CLAIM),
            Select(
                for_each="item",
                column=[
                    Column("sequence", "sequence"),
                    Column("serviced", "serviced.ofType(date)"),
                    *period("serviced", "serviced.ofType(Period)"),
                    *quantity("quantity", "quantity"),
                    *money("unit_price", "unitPrice"),
                    *money("net", "net"),
                    Column("code_text", "productOrService.text"),
                ],
                select=[codings("productOrService")],
            ),
        ],
    )


def claim_diagnoses() -> View:
    """Build `ReadyViews.claim_diagnoses`."""
    concept = "diagnosis.ofType(CodeableConcept)"
    return ready(
        "claim_diagnoses",
        "Claim",
        "The diagnoses of claims: a row for each diagnosis and coding",
        [
            Select(_CLAIM),
            Select(
                for_each="diagnosis",
                column=[
                    Column("sequence", "sequence"),
                    codings_of("type_codings", "type"),
                    key_of("condition_id", "diagnosis.ofType(Reference)", "Condition"),
                    Column("code_text", f"{concept}.text"),
                ],
                select=[codings(concept)],
            ),
        ],
    )

"""Messages of CDS Hooks that are misspelt, and what the checkers say: see diagnostics.py."""

from pymedplum.cds import Action, Card, Link, Source

card = Card(summary="Take care", indicator="warning", source=Source(label="us"))
Card(summary="Take care", indicator="loud", source=Source(label="us"))  # expect mypy: arg-type; pyright: reportArgumentType
Card(indicator="info", source=Source(label="us"))  # expect mypy: call-arg; pyright: reportCallIssue
Card(sumary="Take care", summary="a", indicator="info", source=Source(label="us"))  # expect mypy: call-arg; pyright: reportCallIssue
Link(label="More", url="https://x.example", type="relative")  # expect mypy: arg-type; pyright: reportArgumentType
Action(type="delete", description="a", resource_id=7)  # expect mypy: arg-type; pyright: reportArgumentType
card.indicator = "loud"  # expect mypy: assignment; pyright: reportAttributeAccessIssue
card.selectionBehavior = "any"  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue
print(card.sumary)  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType
print(card.detail.upper())  # expect mypy: union-attr; pyright: reportOptionalMemberAccess

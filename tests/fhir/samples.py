"""Values to break examples with: valid ones in the wrong place, and bad ones of each type."""

from typing import Any

# One valid value of the types that choices are made of.
VALUES: dict[str, Any] = {
    "boolean": True,
    "string": "text",
    "integer": 1,
    "decimal": 1.5,
    "code": "code",
    "uri": "http://example.org",
    "canonical": "http://example.org",
    "date": "2020-01-01",
    "dateTime": "2020-01-01",
    "Age": {"value": 1},
    "CodeableConcept": {"text": "text"},
    "Coding": {"code": "code"},
    "Period": {"start": "2020"},
    "Quantity": {"value": 1},
    "Range": {"low": {"value": 1}},
    "Reference": {"reference": "Patient/1"},
    "Identifier": {"value": "1"},
    "Attachment": {"title": "text"},
}

_DAYS = ["2020-13-01", "2020-00-10", "2020-02-30", "2021-02-29", "1900-02-29",
         "2020-04-31", "2020-01-00", "2020-1-1", "01/15/1990", "20200101", "0000-01-01",
         "today"]  # fmt: skip
_CLOCKS = ["25:00:00", "24:00:00", "10:60:00", "10:00", "10", "10:00:00.", "1:00:00", "10:00:61"]
_ZONES = ["", "+15:00", "+5:00", "UTC", "+01", "z", "+10:60"]
_MOMENTS = (
    [f"{day}T10:00:00Z" for day in _DAYS]
    + [f"2020-01-01T{clock}Z" for clock in _CLOCKS]
    + [f"2020-01-01T10:00:00{zone}" for zone in _ZONES]
    + ["2020-01-01 10:00:00Z", "2020-01-01T", "2020-01T10:00:00Z", "2020-01-01T10:00:00Z\n"]
)
_URIS = ["http://exa mple.org", " http://example.org", "http://example.org ", "a\tb", "http://a\n"]
BAD: dict[str, list[str]] = {
    "id": ["a b", "a_b", "a/b", "é", "a" * 65, "a\n", "#a"],
    "date": [*_DAYS, "2020-01-01T10:00:00Z", " 2020-01-01", "2020-01-01 ", "2020-01-01\n", "202"],
    "dateTime": [*_MOMENTS, *_DAYS],
    "instant": [*_MOMENTS, "2020", "2020-01", "2020-01-01"],
    "time": [*_CLOCKS, "10:00:00Z", "10:00:00+01:00", "T10:00:00", "noon", " 10:00:00", "-1:00",
             "10:00:00\n", "-1:00:00", "10.00.00", "100000"],
    "code": [" active", "active ", "two  spaces", "a\tb", "a\n", "\u00a0"],
    "base64Binary": ["a", "abc", "%%%%", "ab=c", "====", "YQ=", "YWJj!", "YWJjZ", "=YWJ", "Y===",
                     "é===", "YQ==YQ==", "YQ-_", "data:YWJj"],
    "uri": _URIS,
    "url": _URIS,
    "canonical": _URIS,
    "oid": [*_URIS, "urn:oid:3.4", "1.2.3", "urn:oid:1.02"],
    "uuid": [*_URIS, "urn:uuid:1234", "c757873d-ec9a-4326-a141-556f43239520"],
}  # fmt: skip
TOO_FAR = {
    "integer": [2**31, -(2**31) - 1, 2**63, -(2**80)],
    "unsignedInt": [-1, 2**31, -(2**31)],
    "positiveInt": [0, -1, 2**31, 2**64],
}

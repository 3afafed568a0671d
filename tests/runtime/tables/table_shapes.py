"""Definitions of views with all that a plan can say, and resources of the right shape or not."""

from typing import Any

from hypothesis import strategies as st


def column(path: str, *, collection: bool = False, **members: Any) -> dict[str, Any]:
    """Return a column that is named after its path."""
    name = "c_" + "".join(c if c.isalnum() else "_" for c in path)
    found = {"name": name, "path": path, **members}
    return {**found, "collection": True} if collection else found


def view(resource: str, *columns: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Return a definition with columns, or with the selects among its members."""
    select = [{"column": [*columns]}] if columns else []
    return {"resource": resource, "select": [*select, *members.pop("select", [])], **members}


PATIENT_VALUES = (
    "id", "birthDate", "active", "gender", "deceased.ofType(boolean)", "maritalStatus.text",
    "deceased.ofType(dateTime)", "multipleBirth.ofType(integer)", "contact.first().name.family",
    "name.exists()", "name.empty()", "name.count()", "name.given.count()", "name.given.join(', ')",
    "name[0].family", "name[1].given.first()", "name.last().family", "name.given[2]",
    "name.where(use = 'official').family.first()", "name.where(use != 'official').count()",
    "active and gender = 'male'", "active or gender = 'male'", "active xor gender = 'female'",
    "active implies deceased.ofType(boolean)", "active.not()", "(gender = 'male').not()",
    "name.where(period.start.exists()).exists()", "name.given = 'Ada'", "name.given != 'Ada'",
    "multipleBirth.ofType(integer) > 1", "multipleBirth.ofType(integer) <= 2", "%rowIndex",
    "multipleBirth.ofType(integer) = 2", "managingOrganization.getReferenceKey(Organization)",
    "managingOrganization.getReferenceKey()", "getResourceKey()", "active = false",
    "name.where(family.exists() and given.count() > 1).given.join()", "gender = %resource.gender",
    "name.family.first().upper()", "name.given.where($this = 'Ada').exists()", "birthDate > @2000",
    "iif(active, 'yes', 'no')", "(multipleBirth.ofType(integer) + 1)", "name.exists(use = 'usual')",
    "contact.name.count()", "contact.name.exists()", "contact.name.period.start.first()",
    "contact.name.empty()", "maritalStatus.count()", "contact.name[1].family",
    "contact.where(name.exists()).count()", "maritalStatus.text.exists()",
    "maritalStatus.text.join()", "photo.first().size",
    "communication.where(preferred).language.coding.code.first()",
)  # fmt: skip
PATIENT_COLLECTIONS = (
    "name.family", "name.given", "telecom.rank", "contact.telecom.value", "name.given.first()",
    "generalPractitioner.getReferenceKey(Practitioner)", "generalPractitioner.reference",
    "name.where(use = 'official').given", "name.period.start", "maritalStatus.coding.code",
    "communication.preferred", "name.given.skip(1)",
)  # fmt: skip

_NAME = [column("use"), column("family"), column("given", collection=True), column("%rowIndex")]
_SELECTS: list[dict[str, Any]] = [
    {"forEach": "name", "column": _NAME},
    {"forEachOrNull": "name", "column": _NAME},
    {"forEach": "name.given", "column": [{"name": "given", "path": "$this"}]},
    {"forEach": "name.where(use = 'official')", "column": [column("family")]},
    {"forEachOrNull": "maritalStatus", "column": [column("text")]},
    {
        "forEach": "contact",
        "column": [{"name": "outer", "path": "%rowIndex"}],
        "select": [
            {"forEachOrNull": "telecom", "column": [column("rank"), column("%rowIndex")]},
            {"column": [column("name.family")]},
        ],
    },
    {
        "unionAll": [
            {"forEach": "telecom", "column": [column("value"), column("%rowIndex")]},
            {
                "forEachOrNull": "contact.telecom.where(system = 'phone')",
                "column": [column("value"), column("%rowIndex")],
            },
        ]
    },
    {"repeat": ["contact.extension", "extension"], "column": [column("url")]},
]


@st.composite
def patient_views(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a view over patients."""
    columns = [column(p) for p in draw(st.lists(st.sampled_from(PATIENT_VALUES), unique=True))]
    lists = draw(st.lists(st.sampled_from(PATIENT_COLLECTIONS), unique=True))
    columns += [{**column(p, collection=True), "name": f"l{n}"} for n, p in enumerate(lists)]
    selects: list[dict[str, Any]] = [{"column": columns}] if columns else []
    for number, place in enumerate(draw(st.lists(st.integers(0, len(_SELECTS) - 1), max_size=2))):
        selects.append(_renamed(_SELECTS[place], f"s{number}_"))
    where = draw(st.sampled_from([[], ["active"], ["name.exists()"], ["gender = 'male'"]]))
    conditions = [{"path": path} for path in where]
    found = view("Patient", select=selects or [{"column": [column("id")]}], name="drawn")
    return {**found, "where": conditions} if conditions else found


def _renamed(part: Any, prefix: str) -> Any:
    if isinstance(part, list):
        return [_renamed(each, prefix) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: prefix + each if key == "name" else _renamed(each, prefix)
        for key, each in part.items()
    }


_TEXT = st.sampled_from(["Ada", "official", "usual", "male", "phone", "", "2001-02-03", "x"])
_REFERENCE = st.sampled_from([
    "Organization/1", "Practitioner/2/_history/3", "urn:uuid:4", "#5", "https://a.example/Patient/6",
])  # fmt: skip
_ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.decimals(0, 9, places=2) | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["family", "given", "value", "text"]), inner, max_size=2)
    ),
    max_leaves=4,
)


_ABSENT = object()
_USUAL = 6  # times as often as one of the odd shapes


def _object(is_odd: bool, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:  # noqa: FBT001 - handed down
    return st.fixed_dictionaries({k: _maybe(is_odd, v) for k, v in members.items()}).map(
        lambda found: {name: each for name, each in found.items() if each is not _ABSENT}
    )


def _maybe(is_odd: bool, usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:  # noqa: FBT001 - handed down
    often = [usual] * _USUAL
    absent = st.just(_ABSENT)
    if not is_odd:
        return st.one_of(*often, absent)
    return st.one_of(*often, absent, _ODD, st.lists(usual, max_size=2), st.lists(usual, min_size=1))


def patients(*, is_odd: bool = False, about: str = "") -> st.SearchStrategy[dict[str, Any]]:
    """Give patients; of odd ones any member may have any shape.

    Args:
        is_odd: whether shapes are drawn that FHIR does not have.
        about: a path; only the members that occur in it are given.
    """

    def of(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return _object(is_odd, **members)

    def several(item: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        if is_odd:
            item = st.one_of(*[item] * _USUAL, st.none(), _ODD)
        return st.lists(item, min_size=0 if is_odd else 1, max_size=3)

    period = of(start=st.just("2020-01-01"))
    name = of(use=_TEXT, family=_TEXT, given=several(_TEXT), period=period)
    telecom = of(system=_TEXT, value=_TEXT, rank=st.integers(1, 3))
    concept = of(text=_TEXT, coding=several(of(code=_TEXT)))
    leaf = of(url=_TEXT)
    extension = of(url=_TEXT, extension=several(leaf))
    contact = of(name=name, telecom=several(telecom), extension=several(extension))
    reference = of(reference=_REFERENCE)
    communication = of(language=concept, preferred=st.booleans())
    members: dict[str, st.SearchStrategy[Any]] = {
        "id": st.sampled_from(["1", "p-2"]),
        "birthDate": st.just("2001-02-03"),
        "active": st.booleans(),
        "gender": _TEXT,
        "deceasedBoolean": st.booleans(),
        "multipleBirthInteger": st.integers(1, 3),
        "name": several(name),
        "telecom": several(telecom),
        "contact": several(contact),
        "maritalStatus": concept,
        "managingOrganization": reference,
        "generalPractitioner": several(reference),
        "communication": several(communication),
    }
    kept = {k: each for k, each in members.items() if not about or _is_in(k, about)}
    return of(**kept).map(lambda found: {"resourceType": "Patient", **found})


def _is_in(name: str, path: str) -> bool:
    element = name.removesuffix("Boolean").removesuffix("Integer")
    return element in path or (name == "id" and "Key" in path)
